/// Something that a key of a configuration can be set to.
///
/// Conformers of the package: `Bool`, `Int`, `Double`, `String`, arrays and optionals of values, maps from text to a
/// value, ``ConfigurationChoice`` and ``ConfigurationSection``. A type with a syntax of its own conforms in
/// three members:
///
/// ```swift
/// struct Hours: ConfigurationValue {
///   var count: Int
///   static var configurationForm: String { "a number of hours, such as 6h" }
///   static func fromConfiguration(
///     _ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader
///   ) -> Self? {
///     if case .text(let text) = node.content, text.hasSuffix("h"), let count = Int(text.dropLast()) {
///       return Hours(count: count)
///     }
///     reader.reject(node, expected: configurationForm)
///     return nil
///   }
///   var configurationNode: ConfigurationNode? { .text("\(count)h") }
/// }
/// ```
package protocol ConfigurationValue: Sendable, Equatable {
  /// What may be written, as the end of "expected ...": `a whole number`.
  static var configurationForm: String { get }

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - node: What the file has; nil where the key is absent and the value has keys of its own.
  ///   - current: What the key is set to so far; a section keeps it for the keys that are absent.
  ///   - reader: Takes the problems.
  /// - Returns: nil after a problem was reported.
  static func fromConfiguration(_ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader)
    -> Self?

  /// The value as it is written; nil where nothing is written.
  var configurationNode: ConfigurationNode? { get }

  /// Reports values out of range in the parts of this value. The default has no parts.
  func checkConfiguration(with reader: inout ConfigurationReader)

  /// The value with every file path in it replaced. The default has none.
  ///
  /// - Parameters:
  ///   - root: What the key says its text is relative to; nil where the text is not a path.
  ///   - replace: Gives the new path.
  func mappingConfigurationPaths(_ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String)
    -> Self

  /// The keys inside this value; empty for scalars. The default is empty.
  static func configurationOutline(of value: Self?) -> [ConfigurationOutline]
}

/// The folder to which a relative path of a configuration is relative.
package enum ConfigurationPathRoot: Sendable, Equatable {
  /// The folder of the configuration file.
  case configuration
  /// The folder given by `--data`, or else the folder of the configuration file.
  case data
}

extension ConfigurationValue {
  /// Nothing to check.
  package func checkConfiguration(with reader: inout ConfigurationReader) {}

  /// No paths.
  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> Self {
    self
  }

  /// No keys.
  package static func configurationOutline(of value: Self?) -> [ConfigurationOutline] { [] }
}
