extension Tensor.GGUFFile {
  /// The types of a metadata value, by the numbers that stand in files.
  enum ValueType: UInt32, Sendable {
    case uint8 = 0, int8 = 1, uint16 = 2, int16 = 3, uint32 = 4, int32 = 5, float32 = 6, bool = 7, string = 8, array = 9
    case uint64 = 10, int64 = 11, float64 = 12

    /// Bytes of a value; of texts and arrays the fewest.
    var size: Int {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64, .string: 8
      case .array: 12
      }
    }
  }

  /// Where a value stands: it is read when it is asked for.
  struct Value: Sendable {
    /// The type, of an array that of its elements.
    let type: ValueType
    /// Elements of an array; nil for one value.
    let count: Int?
    /// Where the value, or an array's first element, begins in the file.
    let offset: Int
  }

  /// The longest text that is read, and the longest name.
  static var textLimit: Int { 1 << 24 }
  static var nameLimit: Int { 1 << 10 }

  /// Goes over a value, to know where it ends.
  static func value(_ reader: inout GGUFReader, _ key: String, file: String) throws -> Value {
    func type(_ field: String) throws -> ValueType {
      let number = try reader.number(UInt32.self, field)
      guard let type = ValueType(rawValue: number) else {
        throw Tensor.GGUFError.invalid(file: file, field: field, expected: "a type from 0 to 12", found: "\(number)")
      }
      return type
    }
    let own = try type("the type of \(key)")
    guard own == .array else {
      let value = Value(type: own, count: nil, offset: reader.offset)
      if own == .string { try skipText(&reader, key) } else { try reader.skip(own.size, key) }
      return value
    }
    let element = try type("the element type of \(key)")
    guard element != .array else {
      throw Tensor.GGUFError.unsupported(
        file: file, field: key, expected: "an array of values", found: "an array of arrays")
    }
    let count = try reader.count(ofBytes: element.size, "the length of \(key)")
    let value = Value(type: element, count: count, offset: reader.offset)
    if element == .string {
      for _ in 0..<count { try skipText(&reader, key) }
    } else {
      try reader.skip(count * element.size, key)
    }
    return value
  }

  private static func skipText(_ reader: inout GGUFReader, _ key: String) throws {
    let length = try reader.count(ofBytes: 1, atMost: textLimit, key)
    try reader.skip(length, key)
  }

  /// The keys of the metadata, in the order of their UTF-8 bytes.
  package var keys: [String] { values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// A text of the metadata; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func string(_ key: String) throws -> String? {
    try one(key, "a text", [.string]) { try $0.text(atMost: Self.textLimit, key) }
  }

  /// A whole number of the metadata; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type or beyond `Int`.
  package func integer(_ key: String) throws -> Int? {
    try one(key, "a whole number", Self.integerTypes) { reader in
      try integer(&reader, values[key]?.type ?? .int64, key)
    }
  }

  /// A number of the metadata, rounded to Float32 where it has more bits; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func float(_ key: String) throws -> Float? {
    try one(key, "a number", [.float32, .float64]) { try float(&$0, values[key]?.type ?? .float32, key) }
  }

  /// A truth value of the metadata; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func bool(_ key: String) throws -> Bool? {
    try one(key, "true or false", [.bool]) { try $0.number(UInt8.self, key) != 0 }
  }

  /// The texts of an array; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func strings(_ key: String) throws -> [String]? {
    try many(key, "texts", [.string]) { reader, _ in try reader.text(atMost: Self.textLimit, key) }
  }

  /// The whole numbers of an array; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func integers(_ key: String) throws -> [Int]? {
    try many(key, "whole numbers", Self.integerTypes) { try integer(&$0, $1, key) }
  }

  /// The truth values of an array; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func bools(_ key: String) throws -> [Bool]? {
    try many(key, "truth values", [.bool]) { reader, _ in try reader.number(UInt8.self, key) != 0 }
  }

  /// The numbers of an array; nil where the file has no such key.
  ///
  /// - Throws: `GGUFError` where the value is of another type.
  package func floats(_ key: String) throws -> [Float]? {
    try many(key, "numbers", [.float32, .float64]) { try float(&$0, $1, key) }
  }

  /// Whether a value is an array; false where the file has no such key.
  package func isArray(_ key: String) -> Bool { values[key]?.count != nil }

  private static var integerTypes: Set<ValueType> {
    [.uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64]
  }

  private func integer(_ reader: inout GGUFReader, _ type: ValueType, _ key: String) throws -> Int {
    switch type {
    case .uint8: return try Int(reader.number(UInt8.self, key))
    case .int8: return try Int(reader.number(Int8.self, key))
    case .uint16: return try Int(reader.number(UInt16.self, key))
    case .int16: return try Int(reader.number(Int16.self, key))
    case .uint32: return try Int(reader.number(UInt32.self, key))
    case .int32: return try Int(reader.number(Int32.self, key))
    case .int64: return try Int(reader.number(Int64.self, key))
    default:
      let wide = try reader.number(UInt64.self, key)
      guard let exact = Int(exactly: wide) else {
        throw Tensor.GGUFError.invalid(file: path, field: key, expected: "at most \(Int.max)", found: "\(wide)")
      }
      return exact
    }
  }

  private func float(_ reader: inout GGUFReader, _ type: ValueType, _ key: String) throws -> Float {
    type == .float32
      ? try Float(bitPattern: reader.number(UInt32.self, key))
      : try Float(Double(bitPattern: reader.number(UInt64.self, key)))
  }

  private func one<Result>(
    _ key: String, _ expected: String, _ types: Set<ValueType>, _ body: (inout GGUFReader) throws -> Result
  ) throws -> Result? {
    guard let value = values[key] else { return nil }
    guard value.count == nil, types.contains(value.type) else { throw mistyped(key, value, expected) }
    return try withReader(at: value.offset, body)
  }

  private func many<Element>(
    _ key: String, _ expected: String, _ types: Set<ValueType>,
    _ body: (inout GGUFReader, ValueType) throws -> Element
  ) throws -> [Element]? {
    guard let value = values[key] else { return nil }
    guard let count = value.count, types.contains(value.type) else {
      throw mistyped(key, value, "an array of \(expected)")
    }
    return try withReader(at: value.offset) { reader in
      var result: [Element] = []
      result.reserveCapacity(count)
      for _ in 0..<count { result.append(try body(&reader, value.type)) }
      return result
    }
  }

  private func mistyped(_ key: String, _ value: Value, _ expected: String) -> Tensor.GGUFError {
    .invalid(
      file: path, field: key, expected: expected,
      found: value.count == nil ? "a value of type \(value.type)" : "an array of type \(value.type)")
  }
}
