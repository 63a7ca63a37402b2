/// The description of one key: the row from which the reference, the template of `distill init` and the decoder are made.
package struct ConfigurationOutline: Sendable, Equatable {
  package var name: String
  /// What it does, in one line.
  package var meaning: String
  /// What may be written, range included: `a whole number, at least 1`.
  package var form: String
  /// The value that an absent key has; nil where it has none.
  package var defaultValue: ConfigurationNode?
  /// Why the key must be given and what the choices are; nil where it may be left out.
  package var requirement: String?
  /// The setting of a neighbouring key under which this one exists, such as `kind: openai`.
  package var condition: String?
  /// A value to show for a key that has no default, as it is written in YAML.
  package var sample: String?
  /// Whether the value is a path, or a map with paths.
  package var isPath = false
  /// Whether the value is a list of sections.
  package var isList: Bool
  /// The keys inside, where the value is a section or a list of them.
  package var keys: [ConfigurationOutline]
}
