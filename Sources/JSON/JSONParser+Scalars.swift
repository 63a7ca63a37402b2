extension JSONParser {
  // MARK: Numbers

  func spelling(of range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  /// Moves past a number and returns where it stands.
  mutating func number() throws(JSONSyntaxError) -> Range<Int> {
    let start = at
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") {
      at += 1
      guard isDigit(at) else { throw fault("a digit") }
    }
    guard isDigit(at) else { throw fault("a value") }
    if bytes[at] == UInt8(ascii: "0"), isDigit(at + 1) {
      throw JSONSyntaxError(offset: start, expected: "a number without a leading zero", found: found(at: start))
    }
    skipDigits()
    var mayBeHuge = at - start > 300
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard isDigit(at) else { throw fault("a digit after the point") }
      skipDigits()
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      guard isDigit(at) else { throw fault("a digit of the exponent") }
      skipDigits()
      mayBeHuge = true
    }
    if mayBeHuge, options.refusesNumbersBeyondDouble, Double(spelling(of: start..<at))?.isFinite != true {
      throw JSONSyntaxError(offset: start, expected: "a number that fits 64 bits", found: found(at: start))
    }
    return start..<at
  }

  private func isDigit(_ i: Int) -> Bool { i < bytes.count && bytes[i] &- 0x30 < 10 }

  private mutating func skipDigits() {
    var i = at
    while isDigit(i) { i += 1 }
    at = i
  }

  // MARK: Strings

  /// Reads a string whose opening quote is behind.
  mutating func restOfString() throws(JSONSyntaxError) -> String {
    let start = at
    var isASCII = skipPlain()
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
      let plain = UnsafeBufferPointer(rebasing: bytes[start..<at])
      defer { at += 1 }
      return isASCII ? String(decoding: plain, as: UTF8.self) : try validated(plain, from: start)
    }
    var text: [UInt8] = []
    var run = start
    while true {
      guard at < bytes.count else { throw fault("'\"' at the end of a text") }
      text += bytes[run..<at]
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return try text.withUnsafeBufferPointer { buffer in
          Result { () throws(JSONSyntaxError) in
            isASCII ? String(decoding: buffer, as: UTF8.self) : try validated(buffer, from: start)
          }
        }.get()
      case UInt8(ascii: "\\"): try escape(into: &text)
      default: throw fault("no control character inside a text")
      }
      run = at
      isASCII = skipPlain() && isASCII
    }
  }

  /// Moves past bytes of a string that stand for themselves, eight at a time, and says whether all were ASCII.
  private mutating func skipPlain() -> Bool {
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    var (high, i): (UInt64, Int) = (0, at)
    defer { at = i }
    while i + 8 <= bytes.count {
      let word = UInt64(
        littleEndian: UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(fromByteOffset: i, as: UInt64.self))
      // A top bit is set where a byte is below 0x20, a quote or a backslash; the lowest that is set is right, others
      // may come from a borrow.
      let (quote, slash) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
      let special =
        ((word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (slash &- ones) & ~slash) & tops
      guard special == 0 else {
        let bits = special.trailingZeroBitCount & ~7
        i += bits >> 3
        return (high | word & (1 << UInt64(bits) - 1)) & tops == 0
      }
      high |= word
      i += 8
    }
    while i < bytes.count, bytes[i] >= 0x20, bytes[i] != UInt8(ascii: "\""), bytes[i] != UInt8(ascii: "\\") {
      high |= UInt64(bytes[i])
      i += 1
    }
    return high & tops == 0
  }

  private func validated(_ text: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONSyntaxError) -> String {
    // Decoding mends what is not UTF-8. Looking afterwards whether it did costs half of what `String(validating:)` does.
    let string = String(decoding: text, as: UTF8.self)
    let isUnchanged =
      string.utf8.count == text.count
      && (string.utf8.withContiguousStorageIfAvailable { own in text.indices.allSatisfy { own[$0] == text[$0] } }
        ?? string.utf8.elementsEqual(text))
    guard isUnchanged else {
      throw JSONSyntaxError(offset: start, expected: "a text in UTF-8", found: "bytes that are not UTF-8")
    }
    return string
  }

  /// Reads an escape from its backslash on.
  private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
    let start = at
    at += 1
    guard at < bytes.count else { throw fault("a character after '\\'") }
    let letter = bytes[at]
    at += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u")
      {
        let second = at
        at += 2
        let low = try hexadecimal()
        if (0xDC00..<0xE000).contains(low) {
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        } else {
          // No pair: the second escape is a character, or half of one, of its own.
          at = second
        }
      }
      if let scalar = Unicode.Scalar(code) {
        text.append(contentsOf: UTF8.encode(scalar)!)
      } else if options.loneSurrogates == .replaced {
        text.append(contentsOf: [0xEF, 0xBF, 0xBD])
      } else {
        throw JSONSyntaxError(offset: start, expected: "both halves of a surrogate pair", found: found(at: start))
      }
    default:
      throw JSONSyntaxError(
        offset: start, expected: "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", found: found(at: start))
    }
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard at < bytes.count, let digit = hexadecimalValue(of: bytes[at]) else {
        throw fault("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  private func hexadecimalValue(of byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
