import ConfigurationFiles
import DistillationConfiguration
import Foundation
import Testing

@Suite struct ConfigurationTemplateTests {
  private let text = ConfigurationTemplate.text(for: .multiTeacher)

  #if Run
    @Test func `the configuration in the README is complete, in fifteen lines at most`() throws {
      let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
      let readme = try String(contentsOf: page, encoding: .utf8)
      let text = try #require(
        readme.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
      #expect(text.split(separator: "\n").count <= 15)
      let run = try RunConfiguration(text: text, format: .yaml)
      try run.validate()
      #expect(run.teachers.map(\.name) == ["qwen", "gemma"])
      #expect(run.data.fields.image == nil)
    }

    @Test func `the template reads back with every default`() throws {
      let run = try RunConfiguration(text: text, format: .yaml)
      // The keys without a default; every other one is compared with the default of its property.
      let expected = RunConfiguration(
        data: DataConfiguration(file: "items.jsonl"), teachers: run.teachers,
        student: StudentConfiguration(model: "models/student"), stage2: Stage2Configuration(reference: .stage1Adapter))
      #expect(run == expected)
      #expect(run.teachers == RunConfiguration.example.teachers)
      #expect(run.teachers.map(\.name) == ["first", "second"])
    }

    @Test(arguments: [ConfigurationTemplate.Beginning.texts, .images])
    func `fifteen lines are enough to begin with`(beginning: ConfigurationTemplate.Beginning) throws {
      let text = ConfigurationTemplate.text(for: .multiTeacher, beginning)
      #expect(text.split(separator: "\n").count <= 15)
      let run = try RunConfiguration(text: text, format: .yaml)
      #expect((run.data.fields.image == nil) == (beginning == .texts))
      #expect(run.data.fields.split == nil && run.review.source == .page && run.positive == nil)
      #expect(throws: Never.self) { try run.labelSet() }
    }

    @Test func `DualChecker begins with fifteen lines too`() throws {
      let text = ConfigurationTemplate.text(for: .dualChecker, .texts)
      #expect(text.split(separator: "\n").count <= 15)
      #expect(try DualCheckerConfiguration(text: text, format: .yaml).task.positive == "spam")
    }

    @Test func `the template says which words and numbers a key takes`() {
      for words in [
        "(one of unanimous, majority, confidence_weighted, dawid_skene)",
        "(one of disagreement, random, vote_patterns, expected_error, student_uncertainty)",
        "(one of openai, anthropic)", "(one of cosine, linear, constant", "(one of none, ",
        "(a whole number, from 1 to 100000)",
      ] {
        #expect(text.contains(words), "\(words)")
      }
    }

    /// The template with the comment of one line, and of the lines under it that belong to it, taken away.
    private func uncommenting(_ key: String, within start: String) throws -> String {
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let begin = try #require(lines.firstIndex { $0.hasPrefix(start) })
      let first = try #require(lines[begin...].firstIndex { $0.contains("# \(key)") }, "\(key) is not in the template")
      let indent = lines[first].prefix { $0 == " " }
      var line = first
      repeat {
        lines[line] = String(indent + lines[line].dropFirst(indent.count + 2))
        line += 1
      } while line < lines.count && lines[line].hasPrefix(indent + "#   ")
      return lines.joined(separator: "\n")
    }

    @Test(arguments: [
      ("threads:", "seed"), ("out:", "seed"), ("images:", "data"), ("group:", "data"), ("train:", "  limit"),
      ("recorded_name:", "teachers"), ("- name: local", "teachers"), ("- name: service", "teachers"),
    ])
    func `what is commented out can be taken in`(key: String, start: String) throws {
      let run = try RunConfiguration(text: uncommenting(key, within: start), format: .yaml)
      #expect(run != RunConfiguration.example)
    }

    @Test func `the alternatives of the template exclude what they replace`() throws {
      func problems(_ key: String, _ start: String) throws -> [String] {
        ConfigurationFixture.problems(try uncommenting(key, within: start), .yaml)
      }
      #expect(try problems("files:", "data").count == 1)
      #expect(
        try problems("fresh:", "student").map { $0.hasSuffix("expected either model or fresh, found both") } == [true])
      #expect(try problems("pretrain:", "student").map { $0.hasPrefix("pretrain (line ") } == [true])
      #expect(try problems("file: review.csv", "review").map { $0.hasPrefix("review.file (line ") } == [true])
    }

    @Test func `a section whose keys are all comments is a section with defaults`() throws {
      #expect(try Stage1Configuration(text: "# all: gone\n", format: .yaml) == Stage1Configuration())
      #expect(
        try DataConfiguration(text: "file: f\nfields: {split: s}\nlimit:\n  # train: 1\n", format: .yaml).limit
          == LimitConfiguration())
    }
  #endif

  @Test(arguments: DistillationMethod.allCases) func `every key is in the template with its meaning`(
    method: DistillationMethod
  ) {
    let text = ConfigurationTemplate.text(for: method)
    for (path, key) in ConfigurationReference.entries(for: method) {
      #expect(text.contains("\(key.name):"), "\(path) is missing")
      #expect(text.contains("# \(key.meaning)"), "the meaning of \(path) is missing")
    }
  }

  @Test func `every key has a row in the reference with its default`() {
    let markdown = ConfigurationReference.markdown(for: .multiTeacher)
    #expect(
      markdown.contains(
        "| `seed` | a whole number, from 0 to 9223372036854775807 | `1` | Seed of everything random: same seed, same bytes. |"
      ))
    #expect(markdown.contains("### `stage2`"))
    #expect(markdown.contains("| `learning_rate` | a number, above 0 and at most 100 | `1.0e-05` | Peak step size. |"))
    #expect(markdown.contains("| `reference` | stage1_adapter, base, none or {adapter: FOLDER} | none |"))
    #expect(markdown.contains("| `base_url` (with `kind: openai`) |"))
    #expect(markdown.contains("| `file` | text, not empty | none | All items in one file."))
  }

  @Test(arguments: DistillationMethod.allCases) func `every key is in the reference in one line`(
    method: DistillationMethod
  ) {
    let markdown = ConfigurationReference.markdown(for: method)
    for (path, key) in ConfigurationReference.entries(for: method) {
      #expect(markdown.contains("| `\(key.name)`"), "\(path) is missing")
      #expect(key.meaning.hasSuffix(".") && !key.meaning.contains("\n"), "\(path) is not one sentence in one line")
    }
    for line in markdown.split(separator: "\n") where line.hasPrefix("|") {
      #expect(line.replacing("\\|", with: "").count { $0 == "|" } == 5, "\(line)")
    }
  }

  @Test func `sections with the same keys share a table`() {
    let markdown = ConfigurationReference.markdown(for: .dualChecker)
    #expect(markdown.contains("### `teacher`, `second`\n"))
    #expect(!markdown.contains("### `second`"))
  }

  @Test(arguments: DistillationMethod.allCases)
  func `the configuration page shows the keys of the code`(method: DistillationMethod) throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Documentation/Configuration.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- \(method.rawValue): begin -->\n"))
    let end = try #require(text.range(of: "<!-- \(method.rawValue): end -->"))
    // Compared apart, since the failure would print both pages.
    let isCurrent = text[begin.upperBound..<end.lowerBound] == ConfigurationReference.markdown(for: method)
    #expect(isCurrent, "Documentation/Configuration.md shows other keys than the code reads: run 'make configuration'")
  }
}
