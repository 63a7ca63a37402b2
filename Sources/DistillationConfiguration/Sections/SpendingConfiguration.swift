package import ConfigurationFiles

/// Limits of spending on teachers behind services. Replies that are in the store are free.
package struct SpendingConfiguration: DefaultedSection {
  package var requests: Int?
  package var tokens: Int?
  package var cost: Double?

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
  ]
}
