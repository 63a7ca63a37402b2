extension JSONValue {
  /// Reads a JSON text (RFC 8259).
  ///
  /// - Parameters:
  ///   - bytes: the UTF-8 text.
  ///   - file: a name for error messages.
  /// - Throws: ``TokenizerError/invalidJSON(file:byte:expected:)`` at the first byte that does not fit, for text that is
  ///   not UTF-8, and where values lie deeper than 128 levels.
  /// - Complexity: linear; about 10 ns a byte.
  public init(parsing bytes: [UInt8], file: String = "JSON text") throws {
    try self.init(parsing: bytes, file: file, roundsAsSerde: false)
  }

  /// - Parameter roundsAsSerde: whether numbers come out as Rust's serde_json reads them by default, which is not always
  ///   the nearest double. Scores of a Unigram vocabulary tie or not depending on their last bit.
  init(parsing bytes: [UInt8], file: String, roundsAsSerde: Bool) throws {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TokenizerError.invalidJSON(file: file, byte: 0, expected: "UTF-8 text")
    }
    self = try bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer, file: file, roundsAsSerde: roundsAsSerde)
      return try parser.document()
    }
  }
}

/// A recursive-descent reader over bytes that are known to be UTF-8.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let file: String
  let roundsAsSerde: Bool
  var at = 0
  /// The same depth as Rust's serde, which reads these files for Hugging Face.
  var depthLeft = 128

  init(bytes: UnsafeBufferPointer<UInt8>, file: String, roundsAsSerde: Bool) {
    self.bytes = bytes
    self.file = file
    self.roundsAsSerde = roundsAsSerde
  }

  func failure(_ expected: String) -> TokenizerError { .invalidJSON(file: file, byte: at, expected: expected) }

  mutating func document() throws -> JSONValue {
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw failure("the end of the text") }
    return value
  }

  mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  mutating func value() throws -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw failure("a value") }
    switch bytes[at] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func nested(_ body: (inout JSONParser) throws -> JSONValue) throws -> JSONValue {
    depthLeft -= 1
    guard depthLeft > 0 else { throw failure("at most 128 levels") }
    defer { depthLeft += 1 }
    at += 1
    return try body(&self)
  }

  mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    for i in 0..<word.utf8CodeUnitCount {
      guard take(word.utf8Start[i]) else { throw failure("\(word)") }
    }
    return value
  }

  mutating func object() throws -> JSONValue {
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure("a key") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("\":\"") }
      members.append(JSONValue.Member(key, try value()))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw failure("\",\" or \"}\"") }
    }
  }

  mutating func array() throws -> JSONValue {
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value())
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw failure("\",\" or \"]\"") }
    }
  }

  mutating func string() throws -> String {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") {
      guard bytes[at] >= 0x20 else { throw failure("no control character in a string") }
      at += 1
    }
    guard at < bytes.count else { throw failure("the end of the string") }
    if bytes[at] == UInt8(ascii: "\"") {
      defer { at += 1 }
      return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    }
    var text = Array(bytes[start..<at])
    while true {
      guard at < bytes.count else { throw failure("the end of the string") }
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 0x20 else { throw failure("no control character in a string") }
      at += 1
      if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
    }
    at += 1
    return String(decoding: text, as: UTF8.self)
  }

  mutating func escape(into text: inout [UInt8]) throws {
    guard at < bytes.count else { throw failure("an escape") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
          throw failure("the second half of a surrogate pair")
        }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("the second half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("a Unicode scalar") }
      text.append(contentsOf: UTF8.encode(scalar)!)
    default:
      at -= 1
      throw failure("an escape of JSON")
    }
  }

  mutating func hexadecimal() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard at < bytes.count, let digit = bytes[at].hexadecimalValue else { throw failure("four hexadecimal digits") }
      code = code << 4 | UInt32(digit)
      at += 1
    }
    return code
  }

  mutating func number() throws -> JSONValue {
    let start = at
    func isDigit(_ i: Int) -> Bool { i < bytes.count && (0x30...0x39).contains(bytes[i]) }
    _ = take(UInt8(ascii: "-"))
    guard isDigit(at) else { throw failure("a value") }
    if !take(UInt8(ascii: "0")) { while isDigit(at) { at += 1 } }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard isDigit(at) else { throw failure("a digit") }
      while isDigit(at) { at += 1 }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      at += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard isDigit(at) else { throw failure("a digit") }
      while isDigit(at) { at += 1 }
    }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    let number = roundsAsSerde ? serdeDouble(text) : Double(text)
    guard let number, number.isFinite else { throw failure("a number that fits 64 bits") }
    return .number(number)
  }
}

/// A decimal number as serde_json makes a double of it: the digits as an integer, scaled by one power of ten.
private func serdeDouble(_ text: String) -> Double? {
  var digits: UInt64 = 0
  var exponent = 0
  var isFraction = false
  var isFull = false
  var rest = text.utf8[...]
  let isNegative = rest.first == UInt8(ascii: "-")
  if isNegative { rest.removeFirst() }
  while let byte = rest.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
    rest.removeFirst()
    if byte == UInt8(ascii: ".") {
      isFraction = true
      continue
    }
    let (high, overflowsHigh) = digits.multipliedReportingOverflow(by: 10)
    let (sum, overflows) = high.addingReportingOverflow(UInt64(byte - 0x30))
    if isFull || overflowsHigh || overflows {
      // Digits that no longer fit are dropped.
      isFull = true
      if !isFraction { exponent += 1 }
    } else {
      digits = sum
      if isFraction { exponent -= 1 }
    }
  }
  if !rest.isEmpty {
    rest.removeFirst()
    if rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    exponent += max(
      -100_000, min(100_000, Int(String(rest) ?? "") ?? (rest.first == UInt8(ascii: "-") ? -100_000 : 100_000)))
  }
  var value = Double(digits)
  while exponent < -308, value != 0 {
    value /= 1e308
    exponent += 308
  }
  if value != 0, exponent > 308 { return nil }
  if value != 0, exponent != 0, let power = Double("1e\(abs(exponent))") {
    value = exponent > 0 ? value * power : value / power
  }
  return isNegative ? -value : value
}

extension UInt8 {
  /// The value of an ASCII hexadecimal digit; nil for other bytes.
  var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
