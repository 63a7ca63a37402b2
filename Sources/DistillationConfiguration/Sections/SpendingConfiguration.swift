package import ConfigurationFiles

/// Limits of spending on teachers behind services. Replies that are in the store are free.
package struct SpendingConfiguration: DefaultedSection {
  package var requests: Int?
  package var tokens: Int?
  package var cost: Double?
  package var unreadable: Unreadable?

  /// What is done where none of a teacher's first ten replies has a label.
  package enum Unreadable: String, ConfigurationChoice {
    /// It is said, with one of the replies.
    case warn
    /// The teacher is asked no more, and the run stops.
    case stop
  }

  /// No limit.
  package init() {}

  /// The keys under `spending`.
  package static let keys: [ConfigurationKey<SpendingConfiguration>] = [
    ConfigurationKey(
      "max_requests", \.requests, "The most requests, those tried again included; without it no limit.",
      range: .ifGiven(.atLeast(0)), sample: "20000"),
    ConfigurationKey(
      "max_tokens", \.tokens, "The most tokens of questions and replies; without it no limit.",
      range: .ifGiven(.atLeast(0)), sample: "50000000"),
    ConfigurationKey(
      "max_cost", \.cost, "The most money, by the teachers' prices; without it no limit.",
      range: .ifGiven(.atLeast(0)), sample: "25"),
    ConfigurationKey(
      "unreadable", \.unreadable,
      "Warn or stop where none of a teacher's first 10 replies has a label; without it warn.",
      sample: "stop"),
  ]
}
