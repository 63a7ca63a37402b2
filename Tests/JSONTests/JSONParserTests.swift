import Foundation
import JSON
import Testing

@Suite struct JSONParserTests {
  @Test func `numbers keep their spelling and objects their order`() throws {
    let value = try JSONParser.value(of: #"{"z": 12345678901234567890, "a": 1.0, "b": [true, null]}"#)
    #expect(value["z"] == .number("12345678901234567890"))
    #expect(value["a"] == .number("1.0"))
    #expect(value.text == #"{"z": 12345678901234567890, "a": 1.0, "b": [true, null]}"#)
  }

  @Test(arguments: [
    #""a\"b\\c\/d\n\t\r\b\f""#, #""\u0041\u00e9\u20ac""#, #""\ud83d\ude00""#, "\"\u{1F600} é\"", #""""#,
  ])
  func `texts read as Foundation reads them`(_ text: String) throws {
    let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? String
    let ours = try JSONParser.value(of: text)
    #expect(ours.string == theirs)
    #expect(try JSONParser.value(of: ours.text) == ours)
  }

  @Test(arguments: ["0", "-0", "10", "1.5", "1e3", "-2.5E-7", "1E+2"])
  func `numbers read as Foundation reads them`(_ text: String) throws {
    let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? NSNumber
    #expect(try JSONParser.value(of: text).double == theirs?.doubleValue)
  }

  @Test(arguments: [
    "", "{", "[1,", #"{"a" 1}"#, #"{"a": 1,}"#, "01", "-", "1.", "1e", "tru", "nulL", "\"a", #""\x""#, #""\u12g4""#,
    #""\u+123""#, #"{"a": 1} x"#, "\"a\nb\"", "'a'", "{a: 1}", "[1 2]", "\u{B}1", "\u{C}1",
    "\u{FEFF}1", "+1", ".5", "1.e3", "0x10", "-01", "[,1]", "[1,,2]", "{,}", "NaN", "Infinity", "true false",
    "\"\u{0}\"",
    "/* 1 */ 1", #""\U0041""#, #""\u00""#, "\"\\", "]", "}", ":", ",", "[}", "{]", #"{"a"}"#, #"{"a":}"#, #"{1: 2}"#,
    "\u{A0}1",
  ])
  func `broken texts are refused`(_ text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: text) }
  }

  @Test func `a fault names its place`() {
    #expect(throws: JSONSyntaxError(offset: 6, expected: "a value", found: "'x}'")) {
      try JSONParser.value(of: #"{"a": x}"#)
    }
  }

  @Test func `deep nesting is refused and does not crash`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: deep) }
    let allowed = String(repeating: "[", count: 127) + String(repeating: "]", count: 127)
    #expect(throws: Never.self) { try JSONParser.value(of: allowed) }
  }

  @Test(
    arguments: [
      [0xC3, 0x28], [0xFF], [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x9F, 0x98],
      [0xE2, 0x82],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are refused`(bad: [UInt8]) {
    for (before, after) in [("", ""), ("é", "é"), ("\\n", ""), ("abcdefgh", "\\u0041")] {
      let bytes = Array("\"\(before)".utf8) + bad + Array("\(after)\"".utf8)
      bytes.withUnsafeBufferPointer { buffer -> Void in
        #expect(throws: JSONSyntaxError(offset: 1, expected: "a text in UTF-8", found: "bytes that are not UTF-8")) {
          try JSONParser.value(of: buffer)
        }
      }
    }
  }

  @Test(arguments: [
    (#""a\ud800b""#, "a\u{FFFD}b"), (#""\ude00""#, "\u{FFFD}"), (#""\ud83d\u00e9""#, "\u{FFFD}é"),
    (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
  ])
  func `half a surrogate pair becomes the replacement character or is refused`(text: String, meaning: String) throws {
    #expect(try JSONParser.value(of: text).string == meaning)
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: text, .modelFile) }
    #expect(error?.expected == "both halves of a surrogate pair")
  }

  @Test func `control characters are written as escapes`() throws {
    #expect(JSONValue.string("\u{01}\u{1F}\n").text == #""\u0001\u001f\n""#)
    #expect(JSONValue.number(Double.nan).text == "null")
    #expect(JSONValue.number(0.1).text == "0.1")
  }

  @Test func `damaged texts never crash`() throws {
    let good = Array(#"{"a": [1, 2.5e3, "x\u00e9\n"], "b": {"c": null, "d": true}}"#.utf8)
    for i in good.indices {
      for byte: UInt8 in [0x00, 0x22, 0x5C, 0x7B, 0x7D, 0xFF, 0x30] {
        var bad = good
        bad[i] = byte
        bad.withUnsafeBufferPointer { _ = try? JSONParser.value(of: $0) }
      }
      good[..<i].withUnsafeBufferPointer { buffer -> Void in
        #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: buffer) }
      }
    }
  }
}
