package import ConfigurationFiles

/// Limits of spending on teachers behind services. Replies that are in the store are free.
package struct SpendingConfiguration: ConfigurationSection {
  /// The most requests, those that are tried again included. The default is none.
  package var requests: Int?
  /// The most tokens of questions and replies. The default is none.
  package var tokens: Int?
  /// The most money, by the teachers' prices. The default is none.
  package var cost: Double?

  /// No limit.
  package init() {}

  /// The limits of ``init()``.
  package static let blank = SpendingConfiguration()

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
