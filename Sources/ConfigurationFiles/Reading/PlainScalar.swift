/// What an unquoted YAML word means: the core schema of YAML 1.2, decimal numbers alone.
///
/// YAML 1.1, which most parsers still follow, takes `no`, `on` and `y` for booleans, `1e-4` for a text and `1:30` for
/// a number in base 60. A label `no` must not become false, so reading follows 1.2, and writing puts everything
/// in quotes that either version could misread.
/// Source: https://yaml.org/spec/1.2.2/#103-core-schema
enum PlainScalar {
  static func content(of text: String) -> ConfigurationNode.Content {
    switch text {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE": .boolean(true)
    case "false", "False", "FALSE": .boolean(false)
    default: isNumber(text) ? .number(text) : .text(text)
    }
  }

  /// Whether `text` is a decimal number: sign, digits with or without a point, exponent.
  static func isNumber(_ text: String) -> Bool {
    var rest = text.utf8[...]
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    let whole = dropDigits(&rest)
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = dropDigits(&rest)
    }
    guard whole + fraction > 0 else { return false }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      guard dropDigits(&rest) > 0 else { return false }
    }
    return rest.isEmpty
  }

  /// Whether `text` may stand unquoted and reads back as the same text in every version of YAML: it begins with a
  /// letter, `_`, `/` or `.`, holds only characters that mean nothing to YAML, and is no word of YAML 1.1.
  static func isSafe(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
    guard isLetter(first) || "_/.".unicodeScalars.contains(first), last != " " else { return false }
    guard text.unicodeScalars.allSatisfy({ isLetter($0) || "0123456789_/.()+- ".unicodeScalars.contains($0) }) else {
      return false
    }
    let words: Set<String> = [
      "y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan",
    ]
    return !words.contains(text.lowercased()) && !isNumber(text) && !text.hasPrefix("...")
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }

  private static func dropDigits(_ rest: inout Substring.UTF8View) -> Int {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
    rest.removeFirst(digits)
    return digits
  }
}
