package import ConfigurationFiles

/// When the teachers' votes on an item count as agreed.
package struct AgreementConfiguration: DefaultedSection {
  package var rule = Rule.unanimous
  package var margin = 1
  package var lead = 0.5
  package var probability = 0.9
  /// How many teachers must have voted for the item to be agreed. The default is 2.
  package var minimumVotes = 2
  /// The largest distance between two votes on an agreed item, in levels. The default is none: equal votes agree.
  package var distance: Int?

  /// How votes become a label.
  package enum Rule: String, ConfigurationChoice {
    /// All votes are for one label, or lie within a distance.
    case unanimous
    /// One label leads by at least the margin.
    case majority
    /// The votes for one label are surer than those for any other.
    case confidenceWeighted = "confidence_weighted"
    /// The votes make one label probable, by what all votes say of each teacher's reliability.
    case dawidSkene = "dawid_skene"
  }

  /// The unanimous rule.
  package init() {}

  /// The keys under `agreement`.
  package static let keys: [ConfigurationKey<AgreementConfiguration>] = [
    ConfigurationKey("rule", \.rule, "When votes count as agreed; everything else is a conflict.", decides: true),
    ConfigurationKey(
      "margin", \.margin, "Votes by which majority needs the first label to lead.", range: .from(1, through: 1000)),
    ConfigurationKey(
      "lead", \.lead, "Share of all confidence by which the first label must lead.", range: .from(0.001, through: 1),
      when: .init("rule: confidence_weighted") { $0.rule == .confidenceWeighted }),
    ConfigurationKey(
      "probability", \.probability, "Least probability of the label, by the teachers' estimated reliability.",
      range: .from(0.001, through: 1), when: .init("rule: dawid_skene") { $0.rule == .dawidSkene }),
    ConfigurationKey(
      "minimum_votes", \.minimumVotes, "Votes an item needs to be agreed; abstentions are none.",
      range: .from(1, through: 1000)),
    ConfigurationKey(
      "distance", \.distance,
      "Levels by which the votes on an agreed item may differ, of ordered labels; the agreed label is their median.",
      range: .ifGiven(.from(0, through: 1000)), when: .init("rule: unanimous") { $0.rule == .unanimous }, sample: "1"),
  ]
}
