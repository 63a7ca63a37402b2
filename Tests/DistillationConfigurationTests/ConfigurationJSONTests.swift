import ConfigurationFiles
import DistillationConfiguration
import Foundation
import Testing

@Suite struct ConfigurationJSONTests {
  private func node(_ text: String) throws -> ConfigurationNode { try ConfigurationNode(text: text, format: .json) }

  @Test func `every kind of value keeps its place`() throws {
    let root = try node("{\n  \"a\": [1, -2.5e3, true],\n  \"b\": {\"c\": null}\n}")
    #expect(root.position == ConfigurationNode.Position(line: 1, column: 1))
    #expect(root["a"]?.position == ConfigurationNode.Position(line: 2, column: 8))
    guard case .list(let elements)? = root["a"]?.content else {
      Issue.record("a is no list")
      return
    }
    #expect(elements.map(\.content) == [.number("1"), .number("-2.5e3"), .boolean(true)])
    #expect(elements.map { $0.position?.column } == [9, 12, 20])
    #expect(root["b"]?["c"]?.content == .null)
    #expect(root["none"] == nil)
  }

  @Test(arguments: [
    (#""a\"b\\c\/\b\f\n\r\t""#, "a\"b\\c/\u{8}\u{C}\n\r\t"), (#""\u00e9""#, "é"), (#""\ud83d\ude00""#, "😀"),
    (#""é😀""#, "é😀"), (#""""#, ""),
  ])
  func `texts are unescaped`(text: String, meaning: String) throws {
    #expect(try node(text).content == .text(meaning))
  }

  @Test(arguments: [
    ("{\"a\": 1,}", 1, 9), ("[1 2]", 1, 4), ("{\"a\" 1}", 1, 6), ("{a: 1}", 1, 2), ("[01]", 1, 2), ("[+1]", 1, 2),
    ("[.5]", 1, 2), ("[1.]", 1, 2), ("[1e]", 1, 2), ("[tru]", 1, 2), ("\"abc", 1, 5), ("[1]\n x", 2, 2),
    ("\"a\nb\"", 1, 3), (#""\x""#, 1, 2), (#""\u12g4""#, 1, 6), (#""\ud83d""#, 1, 2), (#""\ude00""#, 1, 2),
    (#""\ud83dA""#, 1, 2), ("[", 1, 2), ("{", 1, 2), ("[nan]", 1, 2),
  ])
  func `what is not JSON is refused with its place`(text: String, line: Int, column: Int) throws {
    let problem = try #require(throws: ConfigurationProblem.self) { try node(text) }
    #expect(problem.position == ConfigurationNode.Position(line: line, column: column))
    #expect(problem.description.hasPrefix("line \(line), column \(column): this is not JSON: expected "))
  }

  @Test func `nesting is limited so that the stack is not`() throws {
    #expect(throws: ConfigurationProblem.self) { try node(String(repeating: "[", count: 100_000)) }
    _ = try node(String(repeating: "[", count: 100) + String(repeating: "]", count: 100))
  }

  @Test func `an empty text is a map without keys`() throws {
    #expect(try node(" \n").content == .map([]))
  }

  @Test func `the parser agrees with Foundation on ordinary text`() throws {
    let text = #"{"a": [1, 2.5, -3e-2, "x\u0041é", {"b": [], "c": {}}], "d": false, "e": null, "f": [[1], [2, 3]]}"#
    let theirs = try JSONDecoder().decode(ConfigurationNode.self, from: Data(text.utf8))
    let ours = try node(text)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try encoder.encode(ours) == encoder.encode(theirs))
  }
}
