/// Cuts a template into segments, with the white-space rules that transformers sets: the line break after a tag goes
/// (`trim_blocks`), and so does white space between the start of a line and a tag (`lstrip_blocks`).
struct TemplateLexer {
  private let bytes: [UInt8]
  private var at = 0
  private var line = 1
  private var segments: [TemplateSegment] = []

  private init(_ source: String) {
    // As Jinja: all line breaks become \n, and one at the very end is dropped.
    var text: [UInt8] = []
    text.reserveCapacity(source.utf8.count)
    var wasReturn = false
    for byte in source.utf8 {
      if byte == 0x0D {
        text.append(0x0A)
      } else if !(byte == 0x0A && wasReturn) {
        text.append(byte)
      }
      wasReturn = byte == 0x0D
    }
    if text.last == 0x0A { text.removeLast() }
    bytes = text
  }

  static func segments(of source: String) throws -> [TemplateSegment] {
    var lexer = TemplateLexer(source)
    try lexer.run()
    return lexer.segments
  }

  private func starts(_ text: StaticString, _ position: Int) -> Bool {
    guard position + text.utf8CodeUnitCount <= bytes.count else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
  }

  private mutating func run() throws {
    var startsLine = true
    var textStart = 0
    while true {
      var open = at
      while open < bytes.count, !(starts("{{", open) || starts("{%", open) || starts("{#", open)) { open += 1 }
      guard open < bytes.count else {
        add(text: textStart..<bytes.count)
        return
      }
      let kind = bytes[open + 1]
      let sign = open + 2 < bytes.count ? bytes[open + 2] : 0
      var textEnd = open
      if sign == UInt8(ascii: "-") {
        while textEnd > textStart, isSpace(bytes[textEnd - 1]) { textEnd -= 1 }
      } else if kind != UInt8(ascii: "{"), sign != UInt8(ascii: "+") {
        var lineStart = open
        while lineStart > textStart, bytes[lineStart - 1] == 0x20 || bytes[lineStart - 1] == 0x09 { lineStart -= 1 }
        if lineStart > textStart ? bytes[lineStart - 1] == 0x0A : startsLine { textEnd = lineStart }
      }
      add(text: textStart..<textEnd)
      count(textStart..<open)
      at = open + 2
      if sign == UInt8(ascii: "-") || (sign == UInt8(ascii: "+") && kind != UInt8(ascii: "{")) { at += 1 }
      let tagLine = line
      let isEndOfTag: Bool
      if kind == UInt8(ascii: "#") {
        try skipComment()
        isEndOfTag = true
      } else if kind == UInt8(ascii: "%") {
        segments.append(.tag(try tokens(until: "%}"), line: tagLine))
        isEndOfTag = true
      } else {
        segments.append(.output(try tokens(until: "}}"), line: tagLine))
        isEndOfTag = false
      }
      let end = at
      closeTag(trimsBreak: isEndOfTag)
      startsLine = at > end && bytes[at - 1] == 0x0A
      count(end..<at)
      textStart = at
    }
  }

  private var stripsAfter = false
  private var keepsBreak = false

  /// Takes the white space behind a tag that goes with it.
  private mutating func closeTag(trimsBreak: Bool) {
    if stripsAfter {
      while at < bytes.count, isSpace(bytes[at]) { at += 1 }
    } else if trimsBreak, !keepsBreak, at < bytes.count, bytes[at] == 0x0A {
      at += 1
    }
    stripsAfter = false
    keepsBreak = false
  }

  private mutating func add(text range: Range<Int>) {
    guard !range.isEmpty else { return }
    segments.append(.text(String(decoding: bytes[range], as: UTF8.self)))
  }

  private mutating func count(_ range: Range<Int>) { line += bytes[range].count { $0 == 0x0A } }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private mutating func skipComment() throws {
    let start = at
    while at < bytes.count, !starts("#}", at) { at += 1 }
    guard at < bytes.count else { throw TokenizerError.invalidTemplate(line: line, expected: "#}", found: "the end") }
    stripsAfter = at > start && bytes[at - 1] == UInt8(ascii: "-")
    keepsBreak = at > start && bytes[at - 1] == UInt8(ascii: "+")
    count(start..<at)
    at += 2
  }

  private mutating func tokens(until end: StaticString) throws -> [PlacedToken] {
    var tokens: [PlacedToken] = []
    var open: [UInt8] = []
    while true {
      while at < bytes.count, isSpace(bytes[at]) {
        if bytes[at] == 0x0A { line += 1 }
        at += 1
      }
      guard at < bytes.count else {
        throw TokenizerError.invalidTemplate(line: line, expected: "\(end)", found: "the end of the template")
      }
      if open.isEmpty {
        if starts(end, at) {
          at += 2
          return tokens
        }
        let isMinus = bytes[at] == UInt8(ascii: "-")
        if starts(end, at + 1), isMinus || (bytes[at] == UInt8(ascii: "+") && bytes[at + 1] == UInt8(ascii: "%")) {
          stripsAfter = isMinus
          keepsBreak = !isMinus
          at += 3
          return tokens
        }
      }
      let tokenLine = line
      let token = try token()
      if case .symbol(let symbol) = token { try balance(symbol, &open) }
      tokens.append(PlacedToken(token: token, line: tokenLine))
    }
  }

  /// Keeps track of brackets, inside which `}}` doesn't end a tag.
  private func balance(_ symbol: String, _ open: inout [UInt8]) throws {
    let pairs: [String: UInt8] = ["(": 0x29, "[": 0x5D, "{": 0x7D]
    if let closing = pairs[symbol] {
      open.append(closing)
    } else if let byte = symbol.utf8.first, [0x29, 0x5D, 0x7D].contains(byte), open.popLast() != byte {
      throw TokenizerError.invalidTemplate(line: line, expected: "balanced brackets", found: "\"\(symbol)\"")
    }
  }

  private mutating func token() throws -> TemplateToken {
    let byte = bytes[at]
    if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return .string(try string(quote: byte)) }
    if (0x30...0x39).contains(byte) { return try number() }
    if isName(byte) {
      let start = at
      while at < bytes.count, isName(bytes[at]) || (0x30...0x39).contains(bytes[at]) { at += 1 }
      return .name(String(decoding: bytes[start..<at], as: UTF8.self))
    }
    for symbol in ["//", "**", "==", "!=", ">=", "<="] where bytes[at...].starts(with: symbol.utf8) {
      at += 2
      return .symbol(symbol)
    }
    guard "+-/*%~[](){}<>=.:|,".utf8.contains(byte) else {
      let found = String(decoding: bytes[at..<min(bytes.count, at + utf8Length(byte))], as: UTF8.self)
      throw TokenizerError.unsupportedTemplate(line: line, construct: "the character \(found.debugDescription)")
    }
    at += 1
    return .symbol(String(UnicodeScalar(byte)))
  }

  private func isName(_ byte: UInt8) -> Bool {
    byte == 0x5F || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private mutating func number() throws -> TemplateToken {
    let start = at
    func digits(_ at: inout Int) {
      while at < bytes.count, (0x30...0x39).contains(bytes[at]) || bytes[at] == 0x5F { at += 1 }
    }
    digits(&at)
    var isWhole = true
    if at + 1 < bytes.count, bytes[at] == 0x2E, (0x30...0x39).contains(bytes[at + 1]) {
      isWhole = false
      at += 1
      digits(&at)
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      var end = at + 1
      if end < bytes.count, bytes[end] == 0x2B || bytes[end] == 0x2D { end += 1 }
      if end < bytes.count, (0x30...0x39).contains(bytes[end]) {
        isWhole = false
        digits(&end)
        at = end
      }
    }
    let text = String(decoding: bytes[start..<at].filter { $0 != 0x5F }, as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard !isWhole, let number = Double(text) else {
      throw TokenizerError.unsupportedTemplate(line: line, construct: "the number \(text)")
    }
    return .number(number)
  }

  private mutating func string(quote: UInt8) throws -> String {
    at += 1
    var text: [UInt8] = []
    while at < bytes.count, bytes[at] != quote {
      if bytes[at] == 0x0A { line += 1 }
      if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
        try escape(into: &text)
      } else {
        text.append(bytes[at])
        at += 1
      }
    }
    guard at < bytes.count else {
      throw TokenizerError.invalidTemplate(
        line: line, expected: "the end of a string", found: "the end of the template")
    }
    at += 1
    return String(decoding: text, as: UTF8.self)
  }

  /// Python's escapes; an unknown one stands for itself.
  private mutating func escape(into text: inout [UInt8]) throws {
    let plain: [UInt8: UInt8] = [
      0x5C: 0x5C, 0x27: 0x27, 0x22: 0x22, 0x61: 0x07, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
      0x76: 0x0B,
    ]
    let lengths: [UInt8: Int] = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]
    let kind = bytes[at + 1]
    if let byte = plain[kind] {
      text.append(byte)
      at += 2
    } else if let length = lengths[kind] {
      let digits = bytes[min(at + 2, bytes.count)..<min(at + 2 + length, bytes.count)]
      guard digits.count == length, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(code)
      else {
        throw TokenizerError.unsupportedTemplate(line: line, construct: "an escape that is no character")
      }
      text.append(scalar: scalar.value)
      at += 2 + length
    } else if (0x30...0x37).contains(kind) {
      var code: UInt32 = 0
      var end = at + 1
      while end < min(at + 4, bytes.count), (0x30...0x37).contains(bytes[end]) {
        code = code * 8 + UInt32(bytes[end] - 0x30)
        end += 1
      }
      text.append(scalar: code)
      at = end
    } else if kind == 0x0A {
      line += 1
      at += 2
    } else if kind == UInt8(ascii: "N") {
      throw TokenizerError.unsupportedTemplate(line: line, construct: "a character by its name")
    } else {
      text.append(bytes[at])
      at += 1
    }
  }
}
