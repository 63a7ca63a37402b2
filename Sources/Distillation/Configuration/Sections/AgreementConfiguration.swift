/// When the teachers' votes on an item count as agreed.
public struct AgreementConfiguration: ConfigurationSection {
  /// The rule. The default is `unanimous`.
  public var rule = Rule.unanimous
  /// For `majority`: by how many votes the first label must lead the second. The default is 1.
  public var margin = 1
  /// How many teachers must have voted for the item to be agreed. The default is 2.
  public var minimumVotes = 2

  /// How votes become a label.
  public enum Rule: String, ConfigurationChoice {
    /// All votes are for one label.
    case unanimous
    /// One label leads by at least the margin.
    case majority
  }

  /// The unanimous rule.
  public init() {}

  /// The rule of ``init()``.
  public static let blank = AgreementConfiguration()

  /// The keys under `agreement`.
  public static let keys: [ConfigurationKey<AgreementConfiguration>] = [
    ConfigurationKey("rule", \.rule, "When votes count as agreed; everything else is a conflict."),
    ConfigurationKey("margin", \.margin, "Votes by which majority needs the first label to lead.", range: .atLeast(1)),
    ConfigurationKey(
      "minimum_votes", \.minimumVotes, "Votes an item needs to be agreed; abstentions are none.", range: .atLeast(1)),
  ]
}
