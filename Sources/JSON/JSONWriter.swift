/// How JSON is laid out.
package struct JSONLayout: Sendable {
  /// Which characters of a text are written as escapes.
  package enum Escapes: Sendable {
    /// Quotes, backslashes and control characters: `\n`, `\r` and `\t` by their letters, the others by their numbers.
    case least
    /// The same with `\b` and `\f` by their letters: Python's `ensure_ascii=False`, and serde_json.
    case python
    /// All that is not printable ASCII besides: Python's `ensure_ascii=True`.
    case ascii
    /// Those of `least` and what YAML forbids, or counts among line ends and byte order marks, inside a quoted text.
    case yaml
  }

  package var itemSeparator = ", "
  package var nameSeparator = ": "
  /// Spaces a level; nil writes one line.
  package var indent: Int?
  /// Whether members are sorted by the bytes of their names, which is the order of Unicode scalars, instead of kept in order.
  package var sortsNames = false
  package var escapes = Escapes.least
  /// Whether numbers are spelled as Python's `json` spells them once it has read them; otherwise as they stand in the tree.
  package var respellsNumbers = false

  package init() {}

  /// One line with spaces after commas and colons.
  package static let line = JSONLayout()

  /// One line without spaces, members sorted, so that equal objects give equal bytes.
  package static let canonical: JSONLayout = {
    var layout = JSONLayout()
    layout.itemSeparator = ","
    layout.nameSeparator = ":"
    layout.sortsNames = true
    return layout
  }()

  /// The layout of Python's `json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=sortsNames)`.
  package static func python(indent: Int? = nil, sortsNames: Bool = false) -> JSONLayout {
    var layout = JSONLayout()
    layout.indent = indent
    if indent != nil { layout.itemSeparator = "," }
    layout.sortsNames = sortsNames
    layout.escapes = .python
    layout.respellsNumbers = true
    return layout
  }
}

extension JSONValue {
  /// The value as JSON on one line, members in their order. Equal values give equal bytes.
  package var text: String { text(.line) }

  /// The value as JSON in a layout.
  package func text(_ layout: JSONLayout) -> String {
    var writer = JSONWriter(layout: layout)
    writer.write(self, level: 0)
    return writer.text
  }

  /// The value as JSON in a layout; nil if that has more bytes than the limit, of which little more is made.
  package func text(_ layout: JSONLayout, limit: Int) -> String? {
    var writer = JSONWriter(layout: layout, limit: limit)
    writer.write(self, level: 0)
    return writer.isFull ? nil : writer.text
  }
}

private struct JSONWriter {
  let layout: JSONLayout
  /// Nothing is written any more once the text has more bytes.
  var limit = Int.max
  var text = ""
  var isFull: Bool { text.utf8.count > limit }

  mutating func write(_ value: JSONValue, level: Int) {
    if isFull { return }
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let spelling): text += layout.respellsNumbers ? pythonSpelling(of: spelling) : spelling
    case .string(let string): string.writeJSON(layout.escapes, to: &text)
    case .array(let elements):
      text += "["
      for (i, element) in elements.enumerated() {
        separate(i, level: level)
        write(element, level: level + 1)
      }
      close("]", isEmpty: elements.isEmpty, level: level)
    case .object(var members):
      if layout.sortsNames { members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } }
      text += "{"
      for (i, member) in members.enumerated() {
        separate(i, level: level)
        member.name.writeJSON(layout.escapes, to: &text)
        if !isFull { text += layout.nameSeparator }
        write(member.value, level: level + 1)
      }
      close("}", isEmpty: members.isEmpty, level: level)
    }
  }

  private mutating func separate(_ index: Int, level: Int) {
    if isFull { return }
    if index > 0 { text += layout.itemSeparator }
    newLine(level + 1)
  }

  private mutating func close(_ bracket: String, isEmpty: Bool, level: Int) {
    if !isEmpty { newLine(level) }
    text += bracket
  }

  private mutating func newLine(_ level: Int) {
    guard let indent = layout.indent else { return }
    text += "\n" + String(repeating: " ", count: indent * level)
  }
}

extension String {
  /// The text as JSON writes it, in quotes.
  package func quotedAsJSON(_ escapes: JSONLayout.Escapes = .least) -> String {
    var out = ""
    writeJSON(escapes, to: &out)
    return out
  }

  fileprivate func writeJSON(_ escapes: JSONLayout.Escapes, to out: inout String) {
    out += "\""
    defer { out += "\"" }
    let limit: UInt8 = escapes == .ascii || escapes == .yaml ? 0x7F : 0xFF
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 >= limit }) else {
      // Nearly every text, and above all the encoded images of a question.
      out += self
      return
    }
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}" where escapes == .python || escapes == .ascii: out += "\\b"
      case "\u{C}" where escapes == .python || escapes == .ascii: out += "\\f"
      case _ where scalar.value < 0x20 || escapes.includes(scalar):
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: out.unicodeScalars.append(scalar)
      }
    }
  }
}

extension JSONLayout.Escapes {
  /// Whether a scalar from U+0020 on is escaped.
  fileprivate func includes(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .least, .python: false
    case .ascii: scalar.value >= 0x7F
    case .yaml:
      (0x7F...0xA0).contains(scalar.value) || [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(scalar.value)
    }
  }
}

/// A number's spelling as Python's `json` writes it once it has read it.
private func pythonSpelling(of spelling: String) -> String {
  // Integers of any size are kept, but for the sign of zero, which they lack.
  if spelling.utf8.allSatisfy({ $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") }) {
    return spelling == "-0" ? "0" : spelling
  }
  return Double(spelling).map(pythonDescription) ?? spelling
}

/// A number as Python's `repr` writes it: the shortest digits that read back, exponent form outside 1e-4 ..< 1e16.
package func pythonDescription(of value: Double) -> String {
  if value.isNaN { return "NaN" }
  if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
  let text = "\(value)"
  guard let e = text.firstIndex(of: "e") else { return text }
  var mantissa = String(text[..<e])
  if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
  let exponent = Int(text[text.index(after: e)...]) ?? 0
  if exponent >= 16 || exponent < -4 {
    let digits = "\(abs(exponent))"
    return mantissa + "e" + (exponent < 0 ? "-" : "+") + (digits.count < 2 ? "0" + digits : digits)
  }
  if exponent > 0 {
    // Swift begins the exponent form earlier than Python.
    let whole = mantissa.filter { $0 != "." }
    let places = exponent + (mantissa.hasPrefix("-") ? 2 : 1)
    return whole + String(repeating: "0", count: max(0, places - whole.count)) + ".0"
  }
  return text
}
