/// The description of one key: the row from which the reference, the template of `distill init` and the decoder are made.
public struct ConfigurationOutline: Sendable, Equatable {
  /// The key.
  public var name: String
  /// What it does, in one line.
  public var meaning: String
  /// What may be written, range included: `a whole number, at least 1`.
  public var form: String
  /// The value that an absent key has; nil where it has none.
  public var defaultValue: ConfigurationNode?
  /// Why the key must be given and what the choices are; nil where it may be left out.
  public var requirement: String?
  /// The setting of a neighbouring key under which this one exists, such as `kind: openai`.
  public var condition: String?
  /// A value to show for a key that has no default, as it is written in YAML.
  public var sample: String?
  /// Whether the value is a list of sections.
  public var isList: Bool
  /// The keys inside, where the value is a section or a list of them.
  public var keys: [ConfigurationOutline]
}
