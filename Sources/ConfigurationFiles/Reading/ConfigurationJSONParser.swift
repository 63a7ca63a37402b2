/// Reads JSON with the place of every value, and keeps keys that are given twice, so that both can be reported; the
/// parsers of the standard libraries do neither.
///
/// Strict RFC 8259: no comments, no trailing commas. Nesting is limited to 100 levels.
struct ConfigurationJSONParser {
  private var scalars: [Unicode.Scalar]
  private var next = 0
  private var position = ConfigurationNode.Position(line: 1, column: 1)
  private var depth = 0

  static let depthLimit = 100

  static func parse(_ text: String) throws(ConfigurationProblem) -> ConfigurationNode {
    var parser = ConfigurationJSONParser(scalars: Array(text.unicodeScalars))
    parser.skipSpace()
    if parser.next == parser.scalars.count { return ConfigurationNode(.map([]), at: parser.position) }
    let node = try parser.value()
    parser.skipSpace()
    guard parser.next == parser.scalars.count else { throw parser.problem("expected the end of the file") }
    return node
  }

  private init(scalars: [Unicode.Scalar]) {
    self.scalars = scalars
  }

  private var peek: Unicode.Scalar? { next < scalars.count ? scalars[next] : nil }

  private mutating func advance() {
    if scalars[next] == "\n" {
      position.line += 1
      position.column = 1
    } else {
      position.column += 1
    }
    next += 1
  }

  private mutating func skipSpace() {
    while let scalar = peek, " \t\r\n".unicodeScalars.contains(scalar) { advance() }
  }

  private func problem(_ expectation: String) -> ConfigurationProblem {
    let found = peek.map { "'\($0)'" } ?? "the end of the file"
    return ConfigurationProblem(
      position: position, reason: .unreadable("this is not JSON: \(expectation), found \(found)"))
  }

  private mutating func expect(_ scalar: Unicode.Scalar, _ expectation: String) throws(ConfigurationProblem) {
    guard peek == scalar else { throw problem(expectation) }
    advance()
  }

  private mutating func value() throws(ConfigurationProblem) -> ConfigurationNode {
    let start = position
    switch peek {
    case "{":
      return ConfigurationNode(try map(), at: start)
    case "[":
      return ConfigurationNode(try list(), at: start)
    case "\"":
      return ConfigurationNode(.text(try string()), at: start)
    default:
      let first = next
      while let scalar = peek, scalar.isASCII,
        scalar.properties.isAlphabetic || "+-.0123456789".unicodeScalars.contains(scalar)
      {
        advance()
      }
      let word = String(String.UnicodeScalarView(scalars[first..<next]))
      switch word {
      case "null": return ConfigurationNode(.null, at: start)
      case "true": return ConfigurationNode(.boolean(true), at: start)
      case "false": return ConfigurationNode(.boolean(false), at: start)
      case _ where Self.isNumber(word): return ConfigurationNode(.number(word), at: start)
      default:
        (next, position) = (first, start)
        throw problem("expected a value (a text stands in double quotes)")
      }
    }
  }

  /// JSON's numbers are YAML's without a leading plus, a leading zero or a bare point.
  private static func isNumber(_ word: String) -> Bool {
    let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
    let whole = digits.prefix { $0.isNumber }
    guard PlainScalar.isNumber(word), !word.hasPrefix("+"), !whole.isEmpty, whole == "0" || whole.first != "0" else {
      return false
    }
    let rest = digits.dropFirst(whole.count)
    return rest.first != "." || rest.dropFirst().first?.isNumber == true
  }

  private mutating func open() throws(ConfigurationProblem) {
    depth += 1
    guard depth <= Self.depthLimit else { throw problem("expected at most \(Self.depthLimit) levels") }
    advance()
    skipSpace()
  }

  private mutating func map() throws(ConfigurationProblem) -> ConfigurationNode.Content {
    try open()
    var entries: [ConfigurationNode.Entry] = []
    while peek != "}" {
      if !entries.isEmpty {
        try expect(",", "expected ',' or '}'")
        skipSpace()
      }
      let start = position
      guard peek == "\"" else { throw problem("expected a key in double quotes") }
      let key = try string()
      skipSpace()
      try expect(":", "expected ':' after the key '\(key)'")
      skipSpace()
      entries.append(ConfigurationNode.Entry(key, try value(), at: start))
      skipSpace()
    }
    advance()
    depth -= 1
    return .map(entries)
  }

  private mutating func list() throws(ConfigurationProblem) -> ConfigurationNode.Content {
    try open()
    var elements: [ConfigurationNode] = []
    while peek != "]" {
      if !elements.isEmpty {
        try expect(",", "expected ',' or ']'")
        skipSpace()
      }
      elements.append(try value())
      skipSpace()
    }
    advance()
    depth -= 1
    return .list(elements)
  }

  private mutating func string() throws(ConfigurationProblem) -> String {
    advance()
    var text = String.UnicodeScalarView()
    while let scalar = peek, scalar != "\"" {
      guard scalar.value >= 0x20 else { throw problem("expected the closing quote of the text") }
      advance()
      text.append(scalar == "\\" ? try escape() : scalar)
    }
    try expect("\"", "expected the closing quote of the text")
    return String(text)
  }

  private mutating func escape() throws(ConfigurationProblem) -> Unicode.Scalar {
    let plain: [Unicode.Scalar: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
    ]
    guard let letter = peek else { throw problem("expected an escape") }
    if let scalar = plain[letter] {
      advance()
      return scalar
    }
    guard letter == "u" else { throw problem("expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u") }
    let unit = try hexadecimal()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    // Characters above U+FFFF come as two surrogates.
    guard unit < 0xDC00, peek == "\\" else { throw problem("expected the second half of a surrogate pair") }
    advance()
    guard peek == "u" else { throw problem("expected the second half of a surrogate pair") }
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
    else { throw problem("expected the second half of a surrogate pair") }
    return scalar
  }

  /// Reads `uXXXX`.
  private mutating func hexadecimal() throws(ConfigurationProblem) -> UInt32 {
    advance()
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = peek.flatMap({ Character($0).hexDigitValue }) else {
        throw problem("expected four hexadecimal digits after \\u")
      }
      unit = unit << 4 | UInt32(digit)
      advance()
    }
    return unit
  }
}
