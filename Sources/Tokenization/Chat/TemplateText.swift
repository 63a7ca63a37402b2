internal import JSON

/// Values as text and as JSON. Everything read and written is charged.
extension TemplateRenderer {
  /// Python's `str()`.
  func text(of value: TemplateValue) throws -> String {
    switch value {
    case .undefined: return ""
    case .string(let text): return text
    default:
      var text = ""
      try writeRepresentation(of: value, to: &text)
      return text
    }
  }

  /// Writes Python's `repr()`.
  private func writeRepresentation(of value: TemplateValue, to text: inout String) throws {
    try charge(1)
    func write(_ elements: [TemplateValue]) throws {
      for (i, element) in elements.enumerated() {
        if i > 0 { text += ", " }
        try writeRepresentation(of: element, to: &text)
      }
    }
    switch value {
    case .undefined: text += "Undefined"
    case .none: text += "None"
    case .bool(let value): text += value ? "True" : "False"
    case .integer(let value): text += "\(value)"
    case .number(let value):
      text += value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : pythonDescription(of: value)
    case .string(let string):
      try charge(string.utf8.count / 4)
      text += pythonQuoted(string)
    case .list(let elements, _):
      text += "["
      try write(elements)
      text += "]"
    case .tuple(let elements, _):
      text += "("
      try write(elements)
      text += elements.count == 1 ? ",)" : ")"
    case .dictionary(let entries, _):
      text += "{"
      for (i, entry) in entries.enumerated() {
        if i > 0 { text += ", " }
        try writeRepresentation(of: entry.key, to: &text)
        text += ": "
        try writeRepresentation(of: entry.value, to: &text)
      }
      text += "}"
    case .namespace: text += "<Namespace>"
    case .macro(let macro): text += "<Macro '\(macro.name)'>"
    case .loop: text += "<LoopContext>"
    case .function(let name), .method(_, let name): text += "<function \(name)>"
    }
    try checkLength(text.utf8.count)
  }

  /// The texts one after the other; nothing is made that would be too long.
  func joined(_ parts: [String], separator: String) throws -> TemplateValue {
    let (gaps, overflows) = separator.utf8.count.multipliedReportingOverflow(by: max(0, parts.count - 1))
    try checkLength(overflows ? .max : parts.reduce(gaps) { $0.addingReportingOverflow($1.utf8.count).partialValue })
    return try limited(parts.joined(separator: separator))
  }

  /// A string that isn't longer than a whole output may be.
  func limited(_ text: String) throws -> TemplateValue {
    try charge(text.utf8.count / 16)
    try checkLength(text.utf8.count)
    return .string(text)
  }

  /// Refuses a text, or its parts together, of more bytes than a whole output may have.
  func checkLength(_ bytes: Int) throws {
    guard bytes >= 0, bytes <= limits.outputBytes else {
      throw TokenizerError.templateLimit(line: line, limit: "\(limits.outputBytes) bytes of text")
    }
  }

  func json(of value: TemplateValue) throws -> JSONValue {
    try charge(1)
    switch value {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .number(value)
    // Python writes NaN and infinities, too, which JSON lacks.
    case .number(let value): return .number(pythonDescription(of: value))
    case .string(let text):
      try charge(text.utf8.count / 16)
      return .string(text)
    case .list(let elements, _), .tuple(let elements, _): return .array(try elements.map(json(of:)))
    case .dictionary(let entries, _): return .object(try entries.map(member))
    default: throw failure("\(value.kind) can't be written as JSON")
    }
  }

  private func member(_ entry: TemplateValue.Entry) throws -> JSONValue.Member {
    let value = try json(of: entry.value)
    switch entry.key {
    case .string(let key):
      try charge(key.utf8.count / 16)
      return JSONValue.Member(key, value)
    case .none: return JSONValue.Member("null", value)
    case .bool(let key): return JSONValue.Member(key ? "true" : "false", value)
    case .integer, .number: return JSONValue.Member(try text(of: entry.key), value)
    default: throw failure("\(entry.key.kind) can't be the name of a member in JSON")
    }
  }
}

/// Python's `repr()` of a string.
func pythonQuoted(_ text: some StringProtocol) -> String {
  let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
  var out = String(quote)
  for scalar in text.unicodeScalars {
    switch scalar {
    case quote, "\\": out += "\\\(scalar)"
    case "\n": out += "\\n"
    case "\r": out += "\\r"
    case "\t": out += "\\t"
    default:
      if isPrintable(scalar) {
        out.unicodeScalars.append(scalar)
      } else {
        let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(scalar.value, radix: 16)
        out += "\\" + mark + String(repeating: "0", count: width - digits.count) + digits
      }
    }
  }
  return out + String(quote)
}

/// Whether Python shows a scalar as it is.
private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  switch CharacterClass(scalar.value).category {
  case .control, .format, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
  case .spaceSeparator: scalar == " "
  default: true
  }
}
