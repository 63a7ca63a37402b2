import Foundation

/// The two languages in which a configuration may be written.
package enum ConfigurationFormat: String, Sendable, CaseIterable {
  /// YAML; reading it needs the package trait `Run`.
  case yaml
  /// JSON; always readable.
  case json

  /// The language of a file: by its ending `.json`, `.yaml` or `.yml`, else by whether its text opens with `{`.
  package init(of file: String, text: String) {
    switch URL(fileURLWithPath: file).pathExtension.lowercased() {
    case "json": self = .json
    case "yaml", "yml": self = .yaml
    default: self = text.first { !$0.isWhitespace } == "{" ? .json : .yaml
    }
  }
}

extension ConfigurationNode {
  /// Reads configuration text into a tree; keys are not looked at yet.
  ///
  /// - Parameters:
  ///   - text: The whole text of the file. An empty text is an empty map.
  ///   - format: Its language.
  /// - Throws: One ``ConfigurationProblem`` of the kind `unreadable`, with the place where the text goes wrong.
  package init(text: String, format: ConfigurationFormat) throws(ConfigurationProblem) {
    switch format {
    case .json:
      self = try ConfigurationJSONParser.parse(text)
    case .yaml:
      #if Run
        self = try ConfigurationYAMLParser.parse(text)
      #else
        throw ConfigurationProblem(
          reason: .unreadable(
            "this build reads JSON alone; write the configuration as JSON, or build with the package trait Run"))
      #endif
    }
  }
}
