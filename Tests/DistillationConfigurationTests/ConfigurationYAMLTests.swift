#if Run
  import ConfigurationFiles
  import DistillationConfiguration
  import Testing

  @Suite struct ConfigurationYAMLTests {
    private func node(_ text: String) throws -> ConfigurationNode { try ConfigurationNode(text: text, format: .yaml) }

    @Test(arguments: [
      "no", "No", "NO", "yes", "on", "off", "y", "n", "Yes, it is", "1:30", "0x1f", "1_000", ".inf", "=",
    ])
    func `words of YAML 1.1 stay texts`(word: String) throws {
      #expect(try node("label: \(word)")["label"]?.content == .text(word))
    }

    @Test(arguments: ["1", "-1", "+1", "007", "1.5", ".5", "5.", "1e-4", "1E+4", "-1.5e10"])
    func `decimal numbers are numbers`(word: String) throws {
      #expect(try node("value: \(word)")["value"]?.content == .number(word))
    }

    @Test(arguments: ["1", "true", "null", "~", "no"])
    func `quoted words are texts`(word: String) throws {
      #expect(try node("value: '\(word)'")["value"]?.content == .text(word))
      #expect(try node("value: \"\(word)\"")["value"]?.content == .text(word))
      #expect(try node("value: !!str \(word)")["value"]?.content == .text(word))
    }

    @Test func `empty values and tildes are nothing`() throws {
      for text in ["value:", "value: ~", "value: null"] { #expect(try node(text)["value"]?.content == .null) }
      #expect(try node("").content == .map([]))
      #expect(try node("# nothing but a comment").content == .map([]))
    }

    @Test func `every node knows its line`() throws {
      let root = try node("a: 1\nb:\n  - x\n  - y: 2\n")
      #expect(root["a"]?.position == ConfigurationNode.Position(line: 1, column: 4))
      guard case .list(let elements)? = root["b"]?.content else {
        Issue.record("b is no list")
        return
      }
      #expect(elements[1]["y"]?.position == ConfigurationNode.Position(line: 4, column: 8))
    }

    @Test func `keys given twice are kept for the report`() throws {
      guard case .map(let entries) = try node("a: 1\n\"b\": {c: 1, c: 2}\na: 2\na: 3\n").content else {
        Issue.record("the root is no map")
        return
      }
      #expect(entries.map(\.key) == ["a", "b", "a", "a"])
      #expect(entries.map { $0.position?.line } == [1, 2, 3, 4])
      guard case .map(let inner) = entries[1].value.content else { return }
      #expect(inner.map(\.key) == ["c", "c"])
    }

    @Test func `a repeated key that is spelled otherwise is kept for the report too`() throws {
      guard case .map(let entries) = try node("\"\\x61\": 1\n\"a\": 2\n").content else {
        Issue.record("the root is no map")
        return
      }
      #expect(entries.map(\.key) == ["a", "a"])
    }

    /// A key that unfolds into a million values.
    private static let bombInKey: String = {
      var text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
      for i in 1...6 {
        let tens = Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ",")
        text += "a\(i): &a\(i) [\(tens)]\n"
      }
      return text + "? *a6\n: 1\n"
    }()
    private static let directives = (0..<20_000).map { "%TAG !e\($0)! x\n" }.joined()
    private static let longList = Array(repeating: "1", count: 100_001).joined(separator: ",")

    /// Each took 10 seconds and more, or never ended.
    @Test(arguments: [
      bombInKey, directives + "---\na: 1\n", "a: [" + longList + "]",
      // Brackets that a comment or a text seems to close.
      String(repeating: "[ #]\n", count: 100_000), String(repeating: "[ \"]\", ", count: 100_000),
      "&a [*a]", "? {a: 1}\n: 2", String(repeating: "? ", count: 100_000),
    ])
    func `what unfolds or costs too much is refused`(text: String) {
      #expect(throws: ConfigurationProblem.self) { try node(text) }
    }

    @Test func `a thousand repeated keys are read as fast as others`() throws {
      guard case .map(let entries) = try node(String(repeating: "seed: 1\n", count: 10_000)).content else {
        Issue.record("the root is no map")
        return
      }
      #expect(entries.count == 10_000)
    }

    @Test func `anchors are followed and bombs are not`() throws {
      let root = try node("a: &x [1, 2]\nb: *x\n")
      #expect(root["a"]?.content == root["b"]?.content)
      let bomb =
        "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + (1...12).map {
          "a\($0): &a\($0) [" + Array(repeating: "*a\($0 - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        .joined()
      let problem = try #require(throws: ConfigurationProblem.self) { try node(bomb) }
      #expect(problem.description.contains("unfolds into more than 100000 values"))
    }

    @Test(arguments: ["[", "{a: ", "- "])
    func `nesting is limited so that the stack is not`(opening: String) throws {
      try expectTooDeep(String(repeating: opening, count: 100_000))
    }

    @Test func `nesting by indentation is limited too`() throws {
      try expectTooDeep((0..<1_000).map { String(repeating: " ", count: $0) + "a:\n" }.joined())
    }

    @Test func `nesting through aliases is limited too, and what they repeat side by side is not`() throws {
      func nested(_ text: String) -> String {
        String(repeating: "[", count: 40) + text + String(repeating: "]", count: 40)
      }
      let two = "a: &a \(nested("1"))\nb: &b \(nested("*a"))\n"
      _ = try node(two + "c: [[[*b]], *a, *b, {d: *b}]\n")
      try expectTooDeep(two + "c: \(nested("*b"))\n")
    }

    private func expectTooDeep(_ text: String) throws {
      let problem = try #require(throws: ConfigurationProblem.self) { try node(text) }
      #expect(problem.description.hasSuffix("this line is nested deeper than 100 levels"))
    }

    @Test(arguments: [
      ("a: [1, 2\nb: 3", 2), ("a: 'open", 1), ("a: 1\n\tb: 2", 2), ("a: *nowhere", 1), ("a: 1\n---\nb: 2", 2),
      ("? [a, b]\n: 1", 1), ("a: !odd 1", 1),
    ])
    func `what is not YAML is refused with its line`(text: String, line: Int) throws {
      let problem = try #require(throws: ConfigurationProblem.self) { try node(text) }
      #expect(problem.position?.line == line)
      #expect(problem.description.hasPrefix("line \(line), column "))
    }
  }
#endif
