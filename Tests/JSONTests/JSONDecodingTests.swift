import Foundation
import JSON
import Testing

@Suite struct JSONDecodingTests {
  private struct Sizes: Codable, Equatable {
    var count: Int
    var share: Double?
    var flag = false
    var names: [String] = []
    var parts: [Part] = []
    var table: [String: Float] = [:]
    var byte: UInt8?

    struct Part: Codable, Equatable {
      var window: Int?
      var kind: Kind
    }

    enum Kind: String, Codable { case plain, other }
  }

  private let text = #"""
    {"count": 3, "share": 0.25, "flag": true, "names": ["a", "b"], "byte": 255,
     "parts": [{"window": null, "kind": "plain"}, {"window": 4.0, "kind": "other"}], "table": {"x": 1, "y": -2.5}}
    """#

  private func decoded(_ text: String) throws -> Sizes { try JSONParser.value(of: text).decoded(as: Sizes.self) }

  @Test func `a value is read as JSONDecoder reads it, and what was written is read back`() throws {
    let sizes = try decoded(text)
    #expect(try sizes == JSONDecoder().decode(Sizes.self, from: Data(text.utf8)))
    #expect(sizes.parts.map(\.window) == [nil, 4] && sizes.table == ["x": 1, "y": -2.5])
    #expect(try decoded(String(decoding: JSONEncoder().encode(sizes), as: UTF8.self)) == sizes)
    // Of a name that comes twice the last counts.
    #expect(try decoded(text.replacing(#""count": 3"#, with: #""count": 3, "count": 4"#)).count == 4)
  }

  @Test(arguments: [
    (#""count": 3"#, #""count": 9.5"#, "count", "a whole number that fits in 64 bits", "9.5"),
    (#""count": 3"#, #""count": 1e308"#, "count", "a whole number that fits in 64 bits", "1e308"),
    (#""count": 3"#, #""count": "three""#, "count", "a whole number", "\"three\""),
    (#""count": 3"#, #""count": null"#, "count", "a whole number", "null"),
    (#""count": 3"#, #""other": 3"#, "count", "a value", "nothing"),
    (#""share": 0.25"#, #""share": 1e400"#, "share", "a number of at most 1.8e308", "1e400"),
    (#""y": -2.5"#, #""y": 1e39"#, "table.y", "a number of at most 3.4e38", "1e39"),
    (#""byte": 255"#, #""byte": 256"#, "byte", "a whole number, 0 or more, that fits in 8 bits", "256"),
    (#""flag": true"#, #""flag": 1"#, "flag", "true or false", "1"),
    (#""names": ["a", "b"]"#, #""names": ["a", 2]"#, "names[1]", "a text", "2"),
    (#""names": ["a", "b"]"#, #""names": "a""#, "names", "a list", "\"a\""),
    (#""window": 4.0"#, #""window": 4.5"#, "parts[1].window", "a whole number that fits in 64 bits", "4.5"),
    (#"{"x": 1, "y": -2.5}"#, "7", "table", "an object", "7"),
  ])
  func `what does not fit is named by its path, with what is expected and what is there`(
    _ old: String, _ new: String, _ place: String, _ expected: String, _ found: String
  ) throws {
    let file = try JSONParser.value(of: text.replacing(old, with: new))
    let error = try #require(throws: DecodingError.self) { try file.decoded(as: Sizes.self) }
    let fault = JSONMismatch(error, in: file)
    #expect(fault.place == place && fault.expected == expected && fault.found == found && fault.reason == nil)
  }

  @Test func `what a type says in words of its own is the reason`() throws {
    let file = try JSONParser.value(of: text.replacing("plain", with: "odd"))
    let error = try #require(throws: DecodingError.self) { try file.decoded(as: Sizes.self) }
    let fault = JSONMismatch(error, in: file)
    #expect(fault.place == "parts[0].kind" && fault.reason?.contains("odd") == true)
  }
}
