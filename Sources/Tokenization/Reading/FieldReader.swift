internal import JSON

/// Reads fields of a JSON object and names file and path in every error.
struct FieldReader {
  let file: String
  /// Where the object stands in the file, such as `model.` or the empty text for the top.
  let path: String
  let json: JSONValue

  init(_ json: JSONValue, file: String, path: String) throws {
    guard json.members != nil else {
      throw TokenizerError.invalidField(
        file: file, field: path.isEmpty ? "(all)" : path, expected: "an object", found: json.summary)
    }
    self.json = json
    self.file = file
    self.path = path
  }

  /// An error about a field.
  func failure(_ field: String, _ expected: String) -> TokenizerError {
    .invalidField(file: file, field: path(of: field), expected: expected, found: json[field]?.summary ?? "nothing")
  }

  func path(of field: String) -> String { path.isEmpty ? field : "\(path).\(field)" }

  /// The value of a field, nil when it is absent or null.
  func value(_ field: String) -> JSONValue? {
    guard let value = json[field], !value.isNull else { return nil }
    return value
  }

  func string(_ field: String) throws -> String {
    guard let value = value(field)?.string else { throw failure(field, "a string") }
    return value
  }

  func bytes(_ field: String) throws -> [UInt8] { Array(try string(field).utf8) }

  func bool(_ field: String, default standard: Bool? = nil) throws -> Bool {
    guard let value = value(field) else {
      if let standard { return standard }
      throw failure(field, "true or false")
    }
    guard let value = value.bool else { throw failure(field, "true or false") }
    return value
  }

  /// A whole number in a range: ids, lengths and counts of a file bound what is reserved and computed with.
  func integer(_ field: String, in range: ClosedRange<Int>, default standard: Int? = nil) throws -> Int {
    if let standard, value(field) == nil { return standard }
    guard let value = value(field)?.spelledInteger, range.contains(value) else {
      throw failure(field, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// No vocabulary in use comes near this; a larger id in a file would make us reserve memory for nothing.
  static let ids = 0...(1 << 24 - 1)

  /// A text that is put before, behind or between others again and again.
  func affix(_ field: String) throws -> [UInt8] {
    let bytes = try bytes(field)
    guard bytes.count <= 100 else { throw failure(field, "up to 100 bytes") }
    return bytes
  }

  func array(_ field: String) throws -> [JSONValue] {
    guard let value = value(field)?.elements else { throw failure(field, "an array") }
    return value
  }

  /// The components of an array, each with a reader of its own.
  func readers(_ field: String) throws -> [FieldReader] {
    try array(field).enumerated().map { try FieldReader($1, file: file, path: "\(path(of: field))[\($0)]") }
  }

  /// The component under a field, nil when it is absent or null.
  func reader(_ field: String) throws -> FieldReader? {
    try value(field).map { try FieldReader($0, file: file, path: path(of: field)) }
  }

  /// An error about the type of a component.
  func unknown(_ kind: String) -> TokenizerError {
    .unknownComponent(file: file, kind: kind, name: json["type"]?.string ?? "(without a type)")
  }
}
