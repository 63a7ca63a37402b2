internal import JSON

extension RowFile.Row {
  /// The values of a cell that may hold a list: those of an array, those of a text that spells a list, or the cell itself.
  ///
  /// A text spells a list as JSON does, `["a.jpg", "b.jpg"]`, or as pandas writes lists into CSV, `['a.jpg', 'b.jpg']`; a
  /// text that is no whole list of quoted texts stands for itself.
  func list(_ column: String) -> [JSONValue] {
    guard let value = value(column) else { return [] }
    if let elements = value.elements { return elements }
    return value.string.flatMap(spelledList) ?? [value]
  }
}

extension JSONValue {
  /// A path as a cell of a list holds it, or the object that Hugging Face's datasets write in its place, `{"path": "a.png",
  /// "bytes": null}`; nil for what is blank, null, true, false, a list, or an object with bytes.
  package var path: String? {
    switch self {
    case .string(let text): text.contains { !$0.isWhitespace } ? text : nil
    case .number(let text): text
    case .object: hasBytes ? nil : self["path"]?.string.flatMap { JSONValue.string($0).path }
    case .null, .bool, .array: nil
    }
  }

  private var hasBytes: Bool { self["bytes"].map { $0 != .null } ?? false }

  /// What stands where a path should.
  package var found: String {
    if hasBytes { return "an object with bytes (save them as a file, and give its path)" }
    return string.map { _ in "a blank text" } ?? kind
  }
}

/// The values of a list that a text spells; nil where the text is anything else.
private func spelledList(_ text: String) -> [JSONValue]? {
  guard text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "[" else { return nil }
  var copy = text
  let json = copy.withUTF8 { try? JSONParser.value(of: $0) }
  if let elements = json?.elements {
    return elements.allSatisfy { $0.string != nil || $0 == .null } ? elements : nil
  }
  return pythonList(text)
}

/// The texts of a list as Python writes it; nil where an escape other than that of a quote or backslash occurs.
private func pythonList(_ text: String) -> [JSONValue]? {
  var rest = text.unicodeScalars[...]
  func take(_ scalar: Unicode.Scalar) -> Bool {
    rest = rest.drop { $0.properties.isWhitespace }
    guard rest.first == scalar else { return false }
    rest = rest.dropFirst()
    return true
  }
  var texts: [JSONValue] = []
  guard take("[") else { return nil }
  repeat {
    guard let quote: Unicode.Scalar = take("'") ? "'" : take("\"") ? "\"" : nil else { return nil }
    var own = String.UnicodeScalarView()
    while let scalar = rest.popFirst(), scalar != quote {
      guard scalar == "\\" else {
        own.append(scalar)
        continue
      }
      guard let escaped = rest.popFirst(), ["'", "\"", "\\"].contains(escaped) else { return nil }
      own.append(escaped)
    }
    texts.append(.string(String(own)))
  } while take(",")
  guard take("]") else { return nil }
  return rest.allSatisfy(\.properties.isWhitespace) ? texts : nil
}
