/// A strict reader of JSON that follows a known layout instead of building a tree.
///
/// Headers come from strangers. Foundation's parser keeps the last of duplicate keys without a word, which lets one file
/// mean two things to two readers; and a tree of a hostile header takes many times its bytes. Here keys are unique or
/// refused, and memory is what the caller keeps.
struct SafetensorsJSON {
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  /// Where the JSON starts in the file, for messages.
  private let origin: Int
  private(set) var position = 0

  /// Nesting beyond this is refused where a value is skipped; the layouts themselves go three deep.
  private static let depthLimit = 16

  init(_ bytes: UnsafeRawBufferPointer, file: String, origin: Int = 0) {
    self.bytes = bytes
    self.file = file
    self.origin = origin
  }

  /// Reads an object; `member` is called with each key and must read its value.
  mutating func object(_ what: String, member: (inout Self, String) throws -> Void) throws {
    try open("{", what)
    var seen: Set<String> = []
    if take("}") { return }
    repeat {
      skipSpace()
      let start = position
      let key = try string("a key of \(what)")
      guard seen.insert(key).inserted else {
        throw malformed("each key of \(what) once", at: start, found: "\"\(key)\" a second time")
      }
      guard take(":") else { throw malformed("\":\" after the key \"\(key)\"") }
      try member(&self, key)
    } while take(",")
    guard take("}") else { throw malformed("\",\" or \"}\" in \(what)") }
  }

  /// Reads an array of integers that are not negative.
  mutating func sizes(_ what: String, atMost limit: Int) throws -> [Int] {
    try open("[", what)
    var result: [Int] = []
    if take("]") { return result }
    repeat {
      guard result.count < limit else { throw malformed("at most \(limit) numbers in \(what)") }
      result.append(try size("a number of \(what)"))
    } while take(",")
    guard take("]") else { throw malformed("\",\" or \"]\" in \(what)") }
    return result
  }

  /// Reads a string.
  mutating func string(_ what: String) throws -> String {
    try open("\"", what)
    let start = position
    while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    var text = Array(bytes[start..<position])
    while true {
      guard let byte = peek(), byte >= 0x20 else { throw malformed("the end of \(what), \"\\\"\"") }
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
    }
    guard let result = String(validating: text, as: UTF8.self) else {
      throw malformed("UTF-8 in \(what)", at: start, found: "other bytes")
    }
    return result
  }

  /// Passes over the word null where it stands next.
  mutating func takeNull() throws -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: "n") else { return false }
    try word("null")
    return true
  }

  /// Passes over any value.
  mutating func skipValue(depth: Int = 0) throws {
    guard depth < Self.depthLimit else { throw malformed("at most \(Self.depthLimit) levels of nesting") }
    skipSpace()
    switch peek() {
    case UInt8(ascii: "{"): try object("an object") { reader, _ in try reader.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      position += 1
      if take("]") { return }
      repeat { try skipValue(depth: depth + 1) } while take(",")
      guard take("]") else { throw malformed("\",\" or \"]\" in an array") }
    case UInt8(ascii: "\""): _ = try string("a string")
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try skipNumber()
    }
  }

  /// Checks that nothing but white space is left.
  mutating func end() throws {
    skipSpace()
    guard position == bytes.count else { throw malformed("nothing but spaces after the JSON") }
  }

  private mutating func size(_ what: String) throws -> Int {
    skipSpace()
    let start = position
    try skipNumber()
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Int(text), value >= 0, text.first != "-" else {
      throw malformed("\(what) that is whole and from 0 to \(Int.max)", at: start, found: text)
    }
    return value
  }

  private mutating func skipNumber() throws {
    let start = position
    if peek() == UInt8(ascii: "-") { position += 1 }
    let whole = try digits()
    if whole > 1, bytes[position - whole] == UInt8(ascii: "0") {
      throw malformed("a number without leading zeros", at: start, found: "a leading 0")
    }
    if peek() == UInt8(ascii: ".") {
      position += 1
      _ = try digits()
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      _ = try digits()
    }
  }

  private mutating func digits() throws -> Int {
    let start = position
    while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    guard position > start else { throw malformed("a digit") }
    return position - start
  }

  private mutating func word(_ word: String) throws {
    for byte in word.utf8 {
      guard peek() == byte else { throw malformed("\(word)") }
      position += 1
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws {
    let start = position - 1
    guard let byte = peek() else { throw malformed("a character after \"\\\"") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code >= 0xd800, code < 0xdc00, peek() == UInt8(ascii: "\\") {
        position += 1
        guard peek() == UInt8(ascii: "u") else { throw malformed("the second half of a surrogate pair") }
        position += 1
        let low = try hexadecimal()
        guard low >= 0xdc00, low < 0xe000 else {
          throw malformed("a surrogate pair", at: start, found: "two halves that do not fit")
        }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else {
        throw malformed("a Unicode scalar", at: start, found: "half a surrogate pair")
      }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw malformed("a JSON escape", at: start, found: "\"\\\(Character(Unicode.Scalar(byte)))\"")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw malformed("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func open(_ character: Unicode.Scalar, _ what: String) throws {
    guard take(character) else { throw malformed("\(what), which starts with \(character)") }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private func malformed(
    _ expected: String, at place: Int? = nil, found: String? = nil
  ) -> Tensor.SafetensorsError {
    let here =
      peek().map { byte in
        byte > 0x20 && byte < 0x7f ? "\"\(Character(Unicode.Scalar(byte)))\"" : "the byte \(byte)"
      } ?? "the end"
    return .malformed(file: file, byte: origin + (place ?? position), expected: expected, found: found ?? here)
  }
}
