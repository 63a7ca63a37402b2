import Foundation
import Testing
import Tokenization

@Suite struct TokenLinesTests {
  private let tokenizer = { () throws -> Tokenizer in
    try Tokenizer(
      json: Data(
        #"""
        {"added_tokens": [{"id": 12, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
          "normalized": false, "special": true}],
         "pre_tokenizer": {"type": "Whitespace"},
         "post_processor": {"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
          "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
          "special_tokens": {"<s>": {"id": "<s>", "ids": [12], "tokens": ["<s>"]}}},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 107, "é": 2, "<s>": 12}, "merges": []}}
        """#.utf8))
  }

  private func line(_ text: String, _ options: Tokenizer.TokenLineOptions = .init()) throws -> String {
    String(decoding: try tokenizer().tokenLine(for: text, options), as: UTF8.self)
  }

  @Test func `a line of ids is a JSON array`() throws {
    #expect(try line("a b") == "[12,0,107]")
    #expect(try line("") == "[12]")
    #expect(try line("", .init(specialTokens: false)) == "[]")
    #expect(try line("b", .init(specialTokens: false)) == "[107]")
  }

  @Test func `with offsets each token says where it stands`() throws {
    #expect(try line("é ab", .init(offsets: true)) == "[[12,0,0],[2,0,1],[0,2,3],[107,3,4]]")
  }

  @Test func `a line of ids becomes its text`() throws {
    #expect(try tokenizer().textLine(for: "[12, 0, 107]", line: 1) == "<s> a b")
    #expect(try tokenizer().textLine(for: "[12,0]", line: 1, .init(specialTokens: false)) == "a")
    #expect(try tokenizer().textLine(for: "[]", line: 1) == "")
  }

  @Test(arguments: ["{}", "[1, -2]", "[\"a\"]", "[1.5]", "[1", "", "[[1,0,1]]"])
  func `a line that is no array of ids is refused with its number`(line: String) throws {
    let tokenizer = try tokenizer()
    let error = #expect(throws: TokenizerError.self) { try tokenizer.textLine(for: line, line: 41) }
    #expect("\(error as Any)".contains("line 41"))
  }

  @Test(arguments: [1, 2, 3, 5, 100])
  func `lines come out the same however the bytes come in`(size: Int) {
    let bytes = Array("one\r\n\nzwölf\u{0B}\u{2028}\nlast".utf8) + [0xFF]
    var splitter = LineSplitter()
    var lines: [String] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      lines += splitter.lines(in: bytes[start..<min(bytes.count, start + size)])
    }
    if let last = splitter.last() { lines.append(last) }
    #expect(
      lines.map { Array($0.utf8) } == ["one\r", "", "zwölf\u{0B}\u{2028}", "last\u{FFFD}"].map { Array($0.utf8) })
    #expect(splitter.last() == nil)
    #expect(splitter.lines(in: Array("a\n".utf8)) == ["a"])
    #expect(splitter.last() == nil)
  }
}
