extension JSONValue {
  /// The value as JSON text in the layout of Python's `json.dumps(value, ensure_ascii=False, indent=indent)`.
  ///
  /// - Parameters:
  ///   - indent: spaces per level; nil writes one line with ", " and ": " between the parts. The default is nil.
  ///   - sortsKeys: whether members are sorted by key instead of kept in order. The default is false.
  public func text(indent: Int? = nil, sortsKeys: Bool = false) -> String {
    var writer = JSONWriter(
      indent: indent, itemSeparator: indent == nil ? ", " : ",", keySeparator: ": ", sortsKeys: sortsKeys)
    writer.write(self, level: 0)
    return writer.text
  }
}

/// Writes JSON as Python's `json` module lays it out; separators can be set for the template filter `tojson`.
struct JSONWriter {
  var indent: Int?
  var itemSeparator: String
  var keySeparator: String
  var sortsKeys = false
  /// Whether characters beyond ASCII are written as escapes.
  var escapesNonASCII = false
  private(set) var text = ""

  init(
    indent: Int?, itemSeparator: String, keySeparator: String, sortsKeys: Bool = false, escapesNonASCII: Bool = false
  ) {
    self.indent = indent
    self.itemSeparator = itemSeparator
    self.keySeparator = keySeparator
    self.sortsKeys = sortsKeys
    self.escapesNonASCII = escapesNonASCII
  }

  mutating func write(_ value: JSONValue, level: Int) {
    switch value {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += pythonDescription(of: value)
    case .string(let value): write(string: value)
    case .array(let elements):
      list("[", "]", count: elements.count, level: level) { $0.write(elements[$1], level: level + 1) }
    case .object(var members):
      if sortsKeys { members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) } }
      list("{", "}", count: members.count, level: level) {
        $0.write(string: members[$1].key)
        $0.text += $0.keySeparator
        $0.write(members[$1].value, level: level + 1)
      }
    }
  }

  private mutating func list(
    _ open: String, _ close: String, count: Int, level: Int, _ body: (inout JSONWriter, Int) -> Void
  ) {
    text += open
    for i in 0..<count {
      if i > 0 { text += itemSeparator }
      newLine(level + 1)
      body(&self, i)
    }
    if count > 0 { newLine(level) }
    text += close
  }

  private mutating func newLine(_ level: Int) {
    guard let indent else { return }
    text += "\n" + String(repeating: " ", count: indent * level)
  }

  private mutating func write(string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case _ where scalar.value < 0x20 || (escapesNonASCII && scalar.value >= 0x7F && scalar.value != 0x7F):
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// A number as Python's `repr` writes it: the shortest digits that read back, exponent form outside 1e-4 ..< 1e16.
func pythonDescription(of value: Double) -> String {
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
