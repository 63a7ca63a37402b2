import Foundation
import TeacherProtocol
import Testing

@Suite struct JSONParserTests {
  @Test func numbersKeepTheirSpellingAndObjectsTheirOrder() throws {
    let value = try JSONParser.value(of: #"{"z": 12345678901234567890, "a": 1.0, "b": [true, null]}"#)
    #expect(value["z"] == .number("12345678901234567890"))
    #expect(value["a"]?.cell == "1.0")
    #expect(value.text == #"{"z": 12345678901234567890, "a": 1.0, "b": [true, null]}"#)
  }

  @Test(arguments: [
    #""a\"b\\c\/d\n\t\r\b\f""#, #""\u0041\u00e9\u20ac""#, #""\ud83d\ude00""#, "\"\u{1F600} é\"", #""""#,
  ])
  func textsReadAsFoundationReadsThem(_ text: String) throws {
    let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? String
    let ours = try JSONParser.value(of: text)
    #expect(ours.string == theirs)
    #expect(try JSONParser.value(of: ours.text) == ours)
  }

  @Test(arguments: ["0", "-0", "10", "1.5", "1e3", "-2.5E-7", "1E+2"])
  func numbersReadAsFoundationReadsThem(_ text: String) throws {
    let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? NSNumber
    #expect(try JSONParser.value(of: text).double == theirs?.doubleValue)
  }

  @Test(arguments: [
    "", "{", "[1,", #"{"a" 1}"#, #"{"a": 1,}"#, "01", "-", "1.", "1e", "tru", "nulL", "\"a", #""\x""#, #""\u12g4""#,
    #""\u+123""#, #"{"a": 1} x"#, "\"a\nb\"", "'a'", "{a: 1}", #""\ud800\u0041""#, "[1 2]",
  ])
  func brokenTextsAreRefused(_ text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: text) }
  }

  @Test func aFaultNamesItsPlace() {
    #expect(throws: JSONSyntaxError(offset: 6, expected: "a value", found: "'x}'")) {
      try JSONParser.value(of: #"{"a": x}"#)
    }
  }

  @Test func deepNestingIsRefusedAndDoesNotCrash() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONSyntaxError.self) { try JSONParser.value(of: deep) }
    let allowed = String(repeating: "[", count: 127) + String(repeating: "]", count: 127)
    #expect(throws: Never.self) { try JSONParser.value(of: allowed) }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    let bytes: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
    bytes.withUnsafeBufferPointer { buffer -> Void in
      #expect(throws: JSONSyntaxError(offset: 1, expected: "a text in UTF-8", found: "bytes that are not UTF-8")) {
        try JSONParser.value(of: buffer)
      }
    }
  }

  @Test func aLoneSurrogateBecomesTheReplacementCharacter() throws {
    #expect(try JSONParser.value(of: #""a\ud800b""#).string == "a\u{FFFD}b")
  }

  @Test func controlCharactersAreWrittenAsEscapes() throws {
    #expect(JSONValue.string("\u{01}\u{1F}\n").text == #""\u0001\u001f\n""#)
    #expect(JSONValue.number(Double.nan).text == "null")
    #expect(JSONValue.number(0.1).text == "0.1")
  }

  @Test func damagedTextsNeverCrash() throws {
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
