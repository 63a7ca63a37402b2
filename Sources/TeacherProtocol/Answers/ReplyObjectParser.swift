internal import JSON

/// Reads one JSON object as models write them; ``ReplyObject/all(in:)`` says what that is.
struct ReplyObjectParser {
  private let bytes: [UInt8]
  /// The next byte to read.
  private(set) var at: Int
  /// Whether a member was begun.
  private(set) var hasName = false
  /// What was read of the value that the end of the text cut: a text's beginning, or the whole members of an object and the
  /// beginning of its last one. Of a list, a name and a value without quotes nothing is known before they end.
  private(set) var cut: ReplyValue?

  init(_ bytes: [UInt8], at: Int) {
    self.bytes = bytes
    self.at = at
  }

  /// The bytes that a brace takes at a place, which may be a full-width one; nil where none stands.
  static func brace(in bytes: [UInt8], at place: Int) -> Int? {
    if bytes[place] == UInt8(ascii: "{") { return 1 }
    return bytes[place] == 0xEF && bytes[place...].starts(with: Array("｛".utf8)) ? 3 : nil
  }

  /// The members of an object whose brace was read; nil where it is none, `at` then being the place of the fault.
  mutating func object(depth: Int) -> [ReplyValue.Member]? {
    guard depth < JSONParser.Options().levels else { return nil }
    var members: [ReplyValue.Member] = []
    let start = at
    if object(depth: depth, into: &members) { return members }
    cut = at < bytes.count ? nil : ReplyValue(content: .object(members), offset: start)
    return nil
  }

  /// False where the object does not end; its members are then those that were read, the last one as far as it goes.
  private mutating func object(depth: Int, into members: inout [ReplyValue.Member]) -> Bool {
    while true {
      _ = skipSpace()
      if take("}", "｝") { return true }
      guard let name = name() else { return false }
      _ = skipSpace()
      guard take(":", "：") else { return false }
      hasName = true
      cut = nil
      guard let value = value(depth: depth + 1) else {
        if let cut { members.append(.init(name: name, value: cut)) }
        return false
      }
      members.append(.init(name: name, value: value))
      let isNewLine = skipSpace()
      if take("}", "｝") { return true }
      guard take(",", "，") || isNewLine && quote() != nil else { return false }
    }
  }

  private mutating func value(depth: Int) -> ReplyValue? {
    _ = skipSpace()
    let start = at
    if take("{", "｛") { return object(depth: depth).map { ReplyValue(content: .object($0), offset: start) } }
    if take("[", "［") { return array(depth: depth).map { ReplyValue(content: .array($0), offset: start) } }
    if let quote = quote() {
      let read = text(quote)
      let value = ReplyValue(content: read.isWhole ? .text(read.text) : .cut(read.text), offset: start + quote.width)
      if !read.isWhole { cut = value }
      return read.isWhole ? value : nil
    }
    return bareWord().map { word in
      let isNull = ["null", "none", "nil"].contains(word.lowercased())
      return ReplyValue(content: isNull ? .null : .bare(word), offset: start)
    }
  }

  private mutating func array(depth: Int) -> [ReplyValue]? {
    guard depth < JSONParser.Options().levels else { return nil }
    var elements: [ReplyValue] = []
    while true {
      _ = skipSpace()
      if take("]", "］") { return elements }
      guard let element = value(depth: depth + 1) else {
        cut = nil
        return nil
      }
      elements.append(element)
      _ = skipSpace()
      if take("]", "］") { return elements }
      guard take(",", "，") else { return nil }
    }
  }

  /// A member's name, in quotes or bare.
  private mutating func name() -> String? {
    if let quote = quote() {
      let name = text(quote)
      return name.isWhole ? name.text : nil
    }
    let start = at
    while at < bytes.count, at - start < 60 {
      switch bytes[at] {
      case UInt8(ascii: ":"), 0xEF:
        let name = String(decoding: bytes[start..<at], as: UTF8.self)
        return name.contains { $0.isLetter } ? name : nil
      case 0x0A, 0x0D, UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "["):
        return nil
      default: at += 1
      }
    }
    return nil
  }

  /// A value without quotes: a number, a constant, or words up to the next mark.
  private mutating func bareWord() -> String? {
    let start = at
    while at < bytes.count {
      if hasOne(of: [",", "}", "]", "，", "｝", "］"]) || bytes[at] == 0x0A || bytes[at] == 0x0D { break }
      if hasOne(of: ["{", "\"", ":", "“"]) { return nil }
      at += 1
    }
    guard at < bytes.count else { return nil }
    let word = AnswerWords.trimmed(Substring(String(decoding: bytes[start..<at], as: UTF8.self)))
    return word.isEmpty ? nil : String(word)
  }

  // MARK: - Texts

  private struct Quote {
    let width: Int
    let closing: [String]
  }

  /// The quote that stands here; nil for none.
  private func quote() -> Quote? {
    guard at < bytes.count else { return nil }
    switch bytes[at] {
    case UInt8(ascii: "\""): return Quote(width: 1, closing: ["\""])
    case UInt8(ascii: "'"): return Quote(width: 1, closing: ["'"])
    case 0xE2 where has("“") || has("”") || has("„"): return Quote(width: 3, closing: ["”", "“", "\""])
    case 0xE2 where has("‘") || has("’"): return Quote(width: 3, closing: ["’", "‘", "'"])
    case 0xC2 where has("«"): return Quote(width: 2, closing: ["»"])
    case 0xEF where has("＂"): return Quote(width: 3, closing: ["＂", "\""])
    case 0xE3 where has("「"): return Quote(width: 3, closing: ["」"])
    default: return nil
    }
  }

  /// The text up to the quote that ends it, which is one that the object can go on behind, or up to the end of all.
  private mutating func text(_ quote: Quote) -> (text: String, isWhole: Bool) {
    at += quote.width
    var text: [UInt8] = []
    while at < bytes.count {
      // No quote begins with another byte.
      if bytes[at] == 0x22 || bytes[at] == 0x27 || bytes[at] >= 0xC2, let closing = quote.closing.first(where: has) {
        let end = at + closing.utf8.count
        if canEnd(behind: end) {
          at = end
          return (String(decoding: text, as: UTF8.self), true)
        }
      }
      if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
        at += 1
        text += escape()
      } else {
        text.append(bytes[at])
        at += 1
      }
    }
    return (String(decoding: text, as: UTF8.self), false)
  }

  /// Whether a text may end before this place: what follows must be a mark of the object, or another value behind a comma.
  private func canEnd(behind end: Int) -> Bool {
    var ahead = self
    ahead.at = end
    let isNewLine = ahead.skipSpace(andComments: false)
    guard ahead.at < bytes.count else { return true }
    if ahead.hasOne(of: [":", "：", "}", "]", "｝", "］"]) || isNewLine && ahead.quote() != nil { return true }
    if ahead.hasOne(of: ["//", "/*"]) { return true }
    guard ahead.take(",", "，") else { return false }
    _ = ahead.skipSpace(andComments: false)
    guard ahead.at < bytes.count else { return true }
    if ahead.quote() != nil || ahead.hasOne(of: ["}", "]", "{", "[", "-"]) { return true }
    let next = bytes[ahead.at]
    if (0x30...0x39).contains(next) { return true }
    // A bare name or constant: a word that a colon or a mark of the object follows.
    var word = ahead
    while word.at < bytes.count, word.at - ahead.at < 30, bytes[word.at] > 0x7F || Self.isWord(bytes[word.at]) {
      word.at += 1
    }
    guard word.at > ahead.at else { return false }
    _ = word.skipSpace(andComments: false)
    return word.at < bytes.count && word.hasOne(of: [":", "：", ",", "}", "]"])
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
  }

  /// What a backslash stands for; one that stands for nothing is left out.
  private mutating func escape() -> [UInt8] {
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "u"):
      guard var value = hexadecimal(at) else { return [byte] }
      at += 4
      if (0xD800..<0xDC00).contains(value), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u"), let low = hexadecimal(at + 2), (0xDC00..<0xE000).contains(low)
      {
        at += 6
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      return Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
    default: return [byte]
    }
  }

  private func hexadecimal(_ start: Int) -> UInt32? {
    guard start + 4 <= bytes.count else { return nil }
    return UInt32(String(decoding: bytes[start..<start + 4], as: UTF8.self), radix: 16)
  }

  // MARK: - Marks

  private func has(_ mark: String) -> Bool {
    let mark = mark.utf8
    guard let first = mark.first, at < bytes.count, bytes[at] == first else { return false }
    return mark.count == 1 || bytes[at...].starts(with: mark)
  }

  private func hasOne(of marks: [String]) -> Bool { marks.contains(where: has) }

  /// Whether one of the spaces of Unicode's general punctuation stands here.
  private var hasSpace: Bool {
    guard at + 2 < bytes.count, bytes[at + 1] == 0x80 || bytes[at + 1] == 0x81 else { return false }
    return bytes[at + 1] == 0x81
      ? bytes[at + 2] == 0x9F : bytes[at + 2] <= 0x8B || [0xA8, 0xA9, 0xAF].contains(bytes[at + 2])
  }

  private mutating func take(_ mark: String, _ wide: String) -> Bool {
    for mark in [mark, wide] where has(mark) {
      at += mark.utf8.count
      return true
    }
    return false
  }

  /// Moves past white space of any kind and comments; true where a line ended.
  private mutating func skipSpace(andComments: Bool = true) -> Bool {
    var isNewLine = false
    while at < bytes.count {
      switch bytes[at] {
      case 0x0A, 0x0D:
        isNewLine = true
        at += 1
      case 0x20, 0x09, 0x0B, 0x0C: at += 1
      case 0xC2 where has("\u{A0}"): at += 2
      case 0xE2 where hasSpace: at += 3
      case 0xE3 where has("\u{3000}"): at += 3
      case 0xEF where has("\u{FEFF}"): at += 3
      case UInt8(ascii: "/") where andComments && has("//"):
        while at < bytes.count, bytes[at] != 0x0A { at += 1 }
      case UInt8(ascii: "/") where andComments && has("/*"):
        while at < bytes.count, !has("*/") { at += 1 }
        at = min(bytes.count, at + 2)
      default: return isNewLine
      }
    }
    return isNewLine
  }
}
