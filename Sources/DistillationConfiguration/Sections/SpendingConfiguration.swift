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

  /// Over what spending is summed. The default is none: over this run, all its starts together.
  package var over: SpendingScope?

  /// No limit.
  package init() {}

  /// The keys under `spending`.
  package static let keys: [ConfigurationKey<SpendingConfiguration>] = [
    ConfigurationKey(
      "max_requests", \.requests, "The most requests, those tried again included; without it no limit.",
      range: .ifGiven(.from(0, through: 1_000_000_000_000)), sample: "20000"),
    ConfigurationKey(
      "max_tokens", \.tokens, "The most tokens of questions and replies; without it no limit.",
      range: .ifGiven(.from(0, through: 1_000_000_000_000_000)), sample: "50000000"),
    ConfigurationKey(
      "max_cost", \.cost, "The most money, by the teachers' prices; without it no limit.",
      range: .ifGiven(.from(0, through: 1e12)), sample: "25"),
    ConfigurationKey(
      "unreadable", \.unreadable,
      "Warn or stop where none of a teacher's first 10 replies has a label; without it warn.",
      sample: "stop"),
    ConfigurationKey(
      "over", \.over,
      "What the limits count: this run, all starts together, or these teachers in all runs of the store.",
      sample: "store"),
  ]
}

/// Over what spending is summed.
package enum SpendingScope: String, ConfigurationChoice {
  /// One run, in all its starts.
  case run
  /// All runs that share the store, as far as they ask teachers of the same names.
  case store
}
