extension ConfigurationSection {
  /// Reads a section from text, with every check.
  ///
  /// - Parameters:
  ///   - text: The whole text of a file.
  ///   - format: Its language.
  ///   - file: The name that errors give; nil for none.
  /// - Throws: All problems of the text together, in its order.
  package init(text: String, format: ConfigurationFormat, file: String? = nil) throws(ConfigurationError) {
    let node: ConfigurationNode
    do throws(ConfigurationProblem) {
      node = try ConfigurationNode(text: text, format: format)
    } catch {
      throw ConfigurationError(file: file, problems: [error])
    }
    try self.init(node: node, file: file)
  }

  /// Reads a section from a tree, with every check.
  ///
  /// - Throws: All problems together.
  package init(node: ConfigurationNode, file: String?) throws(ConfigurationError) {
    var reader = ConfigurationReader()
    let section = Self.fromConfiguration(node, over: nil, with: &reader)
    section?.checkConfiguration(with: &reader)
    try reader.finish(file: file)
    // A section that could not be read has left a problem behind, so that `finish` has thrown.
    self = section ?? Self.blank
  }

  /// Checks a section that was put together in code, as reading it from a file would.
  ///
  /// - Throws: All problems together.
  package func validate() throws(ConfigurationError) {
    var reader = ConfigurationReader()
    checkConfiguration(with: &reader)
    try reader.finish(file: nil)
  }

  /// The section in canonical YAML: every key that has a value, in the order of the reference.
  package var yaml: String {
    ConfigurationYAMLWriter.text(of: configurationNode ?? .map([]))
  }

  /// The section as JSON in one line, keys in alphabetical order: equal sections give equal bytes, to be hashed.
  package var json: String {
    ConfigurationJSONWriter.text(of: configurationNode ?? .map([]))
  }

  /// Reads a section from any decoder as strictly as from a file.
  ///
  /// - Throws: ``ConfigurationError``.
  public init(from decoder: any Decoder) throws {
    try self.init(node: ConfigurationNode(from: decoder), file: nil)
  }

  /// Writes the keys that have a value.
  public func encode(to encoder: any Encoder) throws {
    try (configurationNode ?? .map([])).encode(to: encoder)
  }
}
