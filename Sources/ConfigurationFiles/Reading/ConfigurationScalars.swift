internal import Wording

extension Bool: ConfigurationValue {
  package static var configurationForm: String { "true or false" }

  /// Takes `true` and `false` alone.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Bool?, with reader: inout ConfigurationReader
  ) -> Bool? {
    if case .boolean(let value) = node.content { return value }
    reader.reject(node, expected: configurationForm)
    return nil
  }

  /// `true` or `false`.
  package var configurationNode: ConfigurationNode? { ConfigurationNode(.boolean(self)) }
}

extension Int: ConfigurationValue {
  package static var configurationForm: String { "a whole number" }

  /// Takes digits with an optional sign; `1.0` and `1e3` are no whole numbers.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Int?, with reader: inout ConfigurationReader
  ) -> Int? {
    if case .number(let text) = node.content, let value = Int(text) { return value }
    reader.reject(node, expected: configurationForm)
    return nil
  }

  /// The decimal digits.
  package var configurationNode: ConfigurationNode? { ConfigurationNode(.number("\(self)")) }
}

extension Double: ConfigurationValue {
  package static var configurationForm: String { "a number" }

  /// Takes any decimal number that a `Double` can hold.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Double?, with reader: inout ConfigurationReader
  ) -> Double? {
    if case .number(let text) = node.content, let value = Double(text), value.isFinite { return value }
    reader.reject(node, expected: configurationForm)
    return nil
  }

  /// The shortest decimal number that reads back as this one.
  package var configurationNode: ConfigurationNode? { .number(self) }
}

extension String: ConfigurationValue {
  package static var configurationForm: String { "text" }

  /// Takes quoted text and plain words; numbers and booleans must be put in quotes, so that nothing is guessed.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: String?, with reader: inout ConfigurationReader
  ) -> String? {
    switch node.content {
    case .text(let text): return text
    case .number(let text): reader.reject(node, expected: "text (put it in quotes: \"\(text)\")")
    case .boolean(let value): reader.reject(node, expected: "text (put it in quotes: \"\(value)\")")
    case .null, .list, .map: reader.reject(node, expected: configurationForm)
    }
    return nil
  }

  package var configurationNode: ConfigurationNode? { .text(self) }

  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> String {
    root.map { replace(self, $0) } ?? self
  }
}

/// Numbers, alone or several: what a key takes only within a range.
package protocol ConfigurationNumbers: ConfigurationValue {}
extension Int: ConfigurationNumbers {}
extension Double: ConfigurationNumbers {}
extension Optional: ConfigurationNumbers where Wrapped: ConfigurationNumbers {}
extension Array: ConfigurationNumbers where Element: ConfigurationNumbers {}
extension Dictionary: ConfigurationNumbers where Key == String, Value: ConfigurationNumbers {}

/// A word out of a fixed set, written as its raw value.
///
/// ```swift
/// enum Schedule: String, ConfigurationChoice { case cosine, linear, constant }
/// ```
package protocol ConfigurationChoice: ConfigurationValue, Codable, CaseIterable, RawRepresentable<String> {}

extension ConfigurationChoice {
  /// `one of cosine, linear, constant`
  package static var configurationForm: String {
    let words = allCases.map(\.rawValue)
    return words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
  }

  /// Takes one of the words; a misspelt one is answered with the nearest.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: Self?, with reader: inout ConfigurationReader
  ) -> Self? {
    if case .text(let word) = node.content {
      if let value = Self(rawValue: word) { return value }
      reader.reject(
        node, expected: configurationForm, nearest: NearestName.nearest(to: word, among: allCases.map(\.rawValue)))
    } else {
      reader.reject(node, expected: configurationForm)
    }
    return nil
  }

  package var configurationNode: ConfigurationNode? { .text(rawValue) }
}
