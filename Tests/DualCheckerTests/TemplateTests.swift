import DualChecker
import TeacherProtocol
import Testing

@Suite struct TemplateTests {
  let demonstration = Demonstration(item: "p1", text: "a heat\npump", label: "green", reason: "It saves.")

  @Test func `every change gives another version and the opposite change the old one`() throws {
    let template = LabellingTemplate(instructions: ["Is it green?"])
    let edits: [(TemplateEdit, TemplateEdit)] = [
      (.addInstruction("Mind."), .dropInstruction("Mind.")),
      (.replaceInstruction("Is it green?", with: "Green?"), .replaceInstruction("Green?", with: "Is it green?")),
      (.addDemonstration(demonstration), .dropDemonstration(item: "p1")),
    ]
    for (edit, back) in edits {
      let changed = try template.applying([edit])
      #expect(changed.version != template.version)
      #expect(try changed.applying([back]) == template)
      #expect(!changed.difference(from: template).isEmpty)
      #expect(template.difference(from: template).isEmpty)
    }
    let changed = try template.applying([.addDemonstration(demonstration)])
    #expect(changed.difference(from: template) == ["+ demonstration p1: a heat pump -> green because It saves."])
    var other = demonstration
    other.label = "other"
    #expect(try changed.applying([.replaceDemonstration(item: "p1", with: other)]).demonstrations == [other])
    #expect(throws: TemplateError.notThere("x")) { try template.applying([.dropInstruction("x")]) }
    #expect(throws: TemplateError.notThere("x")) { try template.applying([.dropDemonstration(item: "x")]) }
    #expect(throws: TemplateError.alreadyThere("p1")) { try changed.applying([.addDemonstration(demonstration)]) }
    #expect(throws: TemplateError.alreadyThere("Is it green?")) {
      try template.applying([.addInstruction("Is it green?")])
    }
  }

  @Test func `a change that hurts is rolled back and stays in the history`() throws {
    var history = TemplateHistory(LabellingTemplate(instructions: ["a"]), score: 0.6)
    #expect(try history.refine([.addInstruction("b")], score: 0.6, round: 4))
    #expect(try !history.refine([.addInstruction("c")], score: 0.59, round: 8))
    #expect(try history.refine([.addInstruction("d")], score: 0.7, round: 12))
    #expect(history.template.instructions == ["a", "b", "d"])
    #expect(history.entries.map(\.parent) == [nil, 0, 1, 1])
    #expect(history.entries.map(\.isKept) == [true, true, false, true])
    #expect(history.rollBacks == 1 && history.score == 0.7)
    #expect(throws: TemplateError.self) { try history.refine([.addInstruction("a")], score: 1, round: 1) }
    #expect(history.entries.count == 4)
  }

  @Test func `a prompt holds what the detail asks for`() async throws {
    let task = try Fixture.green()
    var prompts = PromptBuilder(
      task: task, template: LabellingTemplate(instructions: ["Is it green?"], demonstrations: [demonstration]),
      aligner: try await Fixture.aligner().explained(by: ["p2": "Fuel is saved."]))
    prompts.shots = 1
    let item = Fixture.item("x", "a motor\nthat saves power", detail: "long text")
    let plain = try await prompts.request(for: item)
    #expect(
      plain.prompt == """
        Is it green?
        Answers: Yes / No

        Text: a heat pump
        Answer: Yes. It saves.

        Text: a motor that saves fuel
        Answer: Yes. Fuel is saved.

        Text: a motor that saves power
        Answer:
        """)
    #expect(plain.promptVersion == prompts.template.version)
    var detail = PromptDetail()
    (detail.longerText, detail.definitions, detail.shots) = (true, true, 2)
    let full = try await prompts.request(for: item, detail: detail)
    #expect(full.prompt.contains("Yes: it lowers emissions"))
    #expect(full.prompt.hasSuffix("Detail: long text\nAnswer:"))
    #expect(full.prompt.split(separator: "\n").count { $0.hasPrefix("Text:") } == 4)
    #expect(full.promptVersion == prompts.template.version + "+longer_text+shots2+definitions")
    prompts.contextCharacters = 130
    let trimmed = try await prompts.request(for: item, detail: detail).prompt
    #expect(!trimmed.contains("saves fuel") && !trimmed.contains("a heat pump"), "demonstrations go first")
    prompts.template.layout = "{text} {nothing}"
    await #expect(throws: TeacherProtocolError.self) { try await prompts.request(for: item) }
  }
}
