/// Which values of its kind a key takes, with the words that say so.
///
/// ```swift
/// ConfigurationRange<Int>.from(1, through: 9).form  // "from 1 to 9"
/// ```
package struct ConfigurationRange<Value: Sendable>: Sendable {
  /// The range in words, as the end of "a number, ...".
  package var form: String
  /// Whether a value lies in it.
  package var contains: @Sendable (Value) -> Bool

  /// A range with its words.
  package init(_ form: String, contains: @escaping @Sendable (Value) -> Bool) {
    (self.form, self.contains) = (form, contains)
  }

  /// The range of a value that may be absent: nothing, or what `range` has.
  package static func ifGiven<Wrapped>(_ range: ConfigurationRange<Wrapped>) -> ConfigurationRange
  where Value == Wrapped? {
    ConfigurationRange(range.form) { $0.map(range.contains) ?? true }
  }

  /// The range of a list whose every element lies in `range`.
  package static func each<Element>(_ range: ConfigurationRange<Element>) -> ConfigurationRange
  where Value == [Element] {
    ConfigurationRange(range.form) { $0.allSatisfy(range.contains) }
  }

  /// The range of a map whose every value lies in `range`.
  package static func eachValue<Element>(_ range: ConfigurationRange<Element>) -> ConfigurationRange
  where Value == [String: Element] {
    ConfigurationRange(range.form) { $0.values.allSatisfy(range.contains) }
  }

  /// Lists with at least one element.
  package static func nonEmpty<Element>() -> ConfigurationRange where Value == [Element] {
    ConfigurationRange("not empty") { !$0.isEmpty }
  }
}

extension ConfigurationRange where Value: Comparable {
  /// Values greater than `low`, up to `high`, which is included.
  package static func above(_ low: Value, through high: Value) -> ConfigurationRange {
    ConfigurationRange("above \(plain(low)) and at most \(plain(high))") { $0 > low && $0 <= high }
  }

  /// Values from `low` to `high`, both included.
  package static func from(_ low: Value, through high: Value) -> ConfigurationRange {
    ConfigurationRange("from \(plain(low)) to \(plain(high))") { $0 >= low && $0 <= high }
  }

  /// Whole bounds read better without their decimal point.
  private static func plain(_ bound: Value) -> String {
    if let number = bound as? Double, abs(number) < 1e15, number == number.rounded() { return "\(Int(number))" }
    return "\(bound)"
  }

  /// Values from `low` up to, but without, `high`.
  package static func from(_ low: Value, below high: Value) -> ConfigurationRange {
    ConfigurationRange("at least \(plain(low)) and below \(plain(high))") { $0 >= low && $0 < high }
  }
}

extension ConfigurationRange<String> {
  /// Text with something in it.
  package static var nonBlank: ConfigurationRange {
    ConfigurationRange("not empty") { !$0.allSatisfy(\.isWhitespace) }
  }
}
