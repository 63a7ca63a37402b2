import Foundation

/// Where and why a text is not JSON.
package struct JSONSyntaxError: Error, Equatable {
  /// Bytes before the fault.
  package let offset: Int
  package let expected: String
  package let found: String

  package init(offset: Int, expected: String, found: String) {
    self.offset = offset
    self.expected = expected
    self.found = found
  }
}

/// A JSON reader (RFC 8259) over bytes, with a limit on nesting and exact places in its errors.
///
/// It accepts more than the grammar in one point: an escaped surrogate that no other escape follows becomes U+FFFD. Repeated members are kept; ``JSONValue/subscript(_:)`` returns the last.
package struct JSONParser {
  /// Deeper nesting than this is refused before the call stack is at risk.
  package static let maximumDepth = 128

  private let bytes: UnsafeBufferPointer<UInt8>
  /// The next byte to read.
  package private(set) var at: Int

  /// A reader of these bytes, which must outlive it, from an offset on.
  package init(_ bytes: UnsafeBufferPointer<UInt8>, at: Int = 0) {
    self.bytes = bytes
    self.at = at
  }

  /// The one value that the bytes hold.
  package static func value(of bytes: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.fault("the end of the value") }
    return value
  }

  /// The one value that a text holds.
  package static func value(of text: String) throws(JSONSyntaxError) -> JSONValue {
    let bytes = Array(text.utf8)
    // A typed throw does not pass through `withUnsafeBufferPointer`, hence the Result.
    return try bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONSyntaxError) in try value(of: buffer) }
    }.get()
  }

  /// Reads the next value.
  package mutating func value(depth: Int = 0) throws(JSONSyntaxError) -> JSONValue {
    skipSpace()
    guard depth < Self.maximumDepth else { throw fault("nesting of at most \(Self.maximumDepth) levels") }
    guard at < bytes.count else { throw fault("a value") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw fault("a value")
    }
  }

  /// Moves past white space.
  package mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
  }

  /// Moves past this byte if it is the next one.
  package mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
    at += 1
    return true
  }

  /// The fault that something else was expected here.
  package func fault(_ expected: String) -> JSONSyntaxError {
    let end = min(at + 20, bytes.count)
    let found = at >= bytes.count ? "the end of the text" : "'\(String(decoding: bytes[at..<end], as: UTF8.self))'"
    return JSONSyntaxError(offset: at, expected: expected, found: found)
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    at += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fault("a member's name in quotes") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw fault("':' after the name '\(name)'") }
      members.append(.init(name, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw fault("',' or '}' after the value of '\(name)'") }
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    at += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw fault("',' or ']' in an array") }
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] }) else {
      throw fault("a value")
    }
    at += count
    return value
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = at
    func isDigit(_ i: Int) -> Bool { i < bytes.count && bytes[i] >= 0x30 && bytes[i] <= 0x39 }
    _ = take("-")
    guard isDigit(at) else { throw fault("a digit") }
    if bytes[at] == 0x30 {
      at += 1
      guard !isDigit(at) else { throw fault("no digit after a leading zero") }
    }
    while isDigit(at) { at += 1 }
    if take(".") {
      guard isDigit(at) else { throw fault("a digit after the point") }
      while isDigit(at) { at += 1 }
    }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard isDigit(at) else { throw fault("a digit of the exponent") }
      while isDigit(at) { at += 1 }
    }
    return .number(String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    at += 1
    let start = at
    var isASCII = true
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 0x20 {
      isASCII = isASCII && bytes[at] < 0x80
      at += 1
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
      defer { at += 1 }
      return isASCII ? String(decoding: bytes[start..<at], as: UTF8.self) : try utf8(bytes[start..<at], from: start)
    }
    var unescaped = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        return try utf8(unescaped[...], from: start)
      }
      guard byte >= 0x20 else { throw fault("no control character inside a text") }
      at += 1
      if byte != UInt8(ascii: "\\") {
        unescaped.append(byte)
      } else {
        unescaped += try escape()
      }
    }
    throw fault("'\"' at the end of a text")
  }

  private func utf8(_ slice: some Sequence<UInt8>, from start: Int) throws(JSONSyntaxError) -> String {
    guard let text = String(bytes: slice, encoding: .utf8) else {
      throw JSONSyntaxError(offset: start, expected: "a text in UTF-8", found: "bytes that are not UTF-8")
    }
    return text
  }

  private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
    guard at < bytes.count else { throw fault("a character after '\\'") }
    defer { at += 1 }
    switch bytes[at] {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [bytes[at]]
    case UInt8(ascii: "u"):
      at += 1
      var value = try hexadecimal()
      if (0xD800..<0xDC00).contains(value), at + 2 < bytes.count, bytes[at + 1] == UInt8(ascii: "\\"),
        bytes[at + 2] == UInt8(ascii: "u")
      {
        at += 3
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw fault("the second half of a surrogate pair") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      // A lone surrogate names no character; the replacement character keeps the row readable, as browsers do.
      return Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
    default: throw fault("one of \" \\ / b f n r t u after '\\'")
    }
  }

  /// Reads four hexadecimal digits and stops on the last of them.
  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    guard at + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
      bytes[at] != UInt8(ascii: "+"), bytes[at] != UInt8(ascii: "-")
    else { throw fault("four hexadecimal digits") }
    at += 3
    return value
  }
}
