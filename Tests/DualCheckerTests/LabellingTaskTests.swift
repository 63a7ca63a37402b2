import DualChecker
import Foundation
import TeacherProtocol
import Testing

@Suite struct LabellingTaskTests {
  @Test func `a binary task has two labels and one of them is looked for`() throws {
    let task = try Fixture.green()
    #expect(task.kind == .binary)
    #expect(try task.answer(in: "Yes. It saves power.", about: "") == .label("green"))
    #expect(throws: UnreadableAnswer.self) { try task.answer(in: "Perhaps.", about: "") }
    #expect(try LabellingTask(binary: LabelSet([.init(name: "a"), .init(name: "b")])).kind == .binary)
    #expect(throws: TeacherProtocolError.self) {
      try LabellingTask(binary: LabelSet([.init(name: "a"), .init(name: "b"), .init(name: "c")], positive: "a"))
    }
    #expect(task.tags == [])
  }

  @Test func `spans are read from JSON and found in the text`() throws {
    let task = try Fixture.causes()
    let text = "Rain made the road wet, and the road shone."
    func read(_ reply: String) throws -> [String] {
      guard case .spans(let spans) = try task.answer(in: reply, about: text) else { return [] }
      return spans.map { "\($0.label)=\($0.text(in: text))" }
    }
    #expect(try read(#"{"cause": "Rain", "effect": "the road wet"}"#) == ["cause=Rain", "effect=the road wet"])
    #expect(
      try read(#"Here: {"effect": ["the road shone", "the road wet"], "cause": null} and so on"#)
        == ["effect=the road wet", "effect=the road shone"])
    #expect(try read(#"{"cause": "RAIN", "effect": "The road: wet"}"#) == ["cause=Rain", "effect=the road wet"])
    #expect(try read(#"{"cause": "", "effect": []}"#) == [])
    for bad in [#"{"cause": "Snow"}"#, "cause: Rain", #"{"reason": "Rain"}"#, #"{"cause": 3}"#] {
      #expect(throws: UnreadableAnswer.self) { try read(bad) }
    }
  }

  @Test func `words named twice are two places`() throws {
    let text = "the road and the road"
    let answer = try Fixture.causes().answer(in: #"{"cause": ["the road", "the road"]}"#, about: text)
    #expect(answer.key == "cause:0-8 cause:13-21")
  }

  @Test func `the nearest whole tokens count where the substring is not there`() {
    let locator = SpanLocator("A porous felt, which lines the inside of the duct, lets the fan run slowly.")
    #expect(locator.ranges(of: "porous felt which lines the inside of the duct lets").first == 2..<55)
    #expect(
      locator.ranges(of: "a porous felt which lines the inside of that duct").first == 0..<49,
      "one of nine words differs")
    #expect(locator.ranges(of: "porous wool") == [], "one of two words differs")
    #expect(locator.ranges(of: "") == [])
    #expect(SpanLocator("本発明は、透明で包装用").ranges(of: "透明") == [5..<7])
    #expect(SpanLocator("ＣＨ３の割合").ranges(of: "CH3の割合") == [0..<6], "full width is folded")
  }

  @Test(
    arguments: [
      ("A party of four carries the art home.", "art", 28..<31), ("Spinning needs a pin.", "pin", 17..<20),
      ("The caravan passed the van.", "van", 23..<26), ("A CARAVAN, then a Van", "van", 18..<21),
      ("Über über Ubersetzung", "über", 5..<9), ("0.25 mg and 25 mg", "25", 12..<14), ("it's its", "its", 5..<8),
      // Only within a word: better there than nowhere.
      ("The caravan passed.", "van", 8..<11),
      // Scripts without spaces have no word ends.
      ("出租车停在车站", "车", 2..<3), ("ประตูเปิดอยู่", "เปิด", 5..<9), ("これは猫です", "猫", 3..<4), ("水CO2水", "CO2", 1..<4),
    ])
  func `words are placed where they stand as whole words first`(_ text: String, quote: String, place: Range<Int>) {
    #expect(SpanLocator(text).ranges(of: quote).first == place)
  }

  @Test func `gold columns of words are placed at whole words too`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "gold.jsonl")
    let row = #"{"id": 7.0, "summary": "A party of four carries the art home.", "cause": "art", "effect": null}"#
    try Data(row.utf8).write(to: file)
    let gold = try GoldAnswers(contentsOf: file, task: try Fixture.causes())
    #expect(gold.answer(of: "7")?.key == "cause:28-31")
  }

  /// Gold answers of a file with these rows.
  private func gold(
    _ rows: String, named name: String, _ types: [LabelSet.Label], mayLackTypes: Bool = false
  ) throws -> GoldAnswers<TaskAnswer> {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(rows.utf8).write(to: file)
    let mapping = FieldMapping(text: "text")
    let task = try LabellingTask(spanTypes: types)
    guard mayLackTypes else { return try GoldAnswers(contentsOf: file, task: task, mapping: mapping) }
    return try GoldAnswers(RowFile(contentsOf: file), task: task, mapping: mapping, mayLackTypes: true)
  }

  @Test func `a gold column may be spelt as labels may`() throws {
    let table = "id,text,Thing,deed\n1,the lamp glows,lamp,glows\n"
    let types: [LabelSet.Label] = [.init(name: "thing"), .init(name: "Deed")]
    #expect(try gold(table, named: "a.csv", types).answer(of: "1")?.key == "thing:4-8 Deed:9-14")
    // By an alias too, and in each row as the row spells it.
    let rows = #"{"id": 1, "text": "a lamp", "OBJECT": "lamp"} {"id": 2, "text": "a lamp", "thing": "lamp"}"#
      .replacing("} {", with: "}\n{")
    let mixed = try gold(rows, named: "a.jsonl", [.init(name: "thing", aliases: ["object"])])
    #expect(["1", "2"].map { mixed.answer(of: $0)?.key } == ["thing:2-6", "thing:2-6"])
    // The exact one before another.
    let both = try gold("id,text,Thing,thing\n1,a lamp,a,lamp\n", named: "a.csv", [.init(name: "thing")])
    #expect(both.answer(of: "1")?.key == "thing:2-6")
  }

  @Test func `a span type that no row has a column for is an error and no type that never occurs`() throws {
    let table = "id,text,Thing,Deed\n1,the lamp glows,lamp,glows\n"
    let misspelt = try #require(throws: TeacherProtocolError.self) {
      try gold(table, named: "a.csv", [.init(name: "Deed"), .init(name: "Thnig")])
    }
    let said = "\(misspelt)"
    #expect(
      said.contains("no column for the span type 'Thnig'") && said.contains("'id', 'text', 'Thing', 'Deed'")
        && said.contains("Did you mean 'Thing'?"), "\(said)")
    // Two columns spelt alike, and none exactly, by the name or by an alias.
    for type in [LabelSet.Label(name: "thing"), .init(name: "object", aliases: ["thing"])] {
      let two = try #require(throws: TeacherProtocolError.self) {
        try gold("id,text,Thing,THING\n1,a lamp,a,lamp\n", named: "a.csv", [type])
      }
      let words = "each of the columns 'Thing', 'THING' may be that of the span type '\(type.name)'"
      #expect("\(two)".contains(words) && !"\(two)".contains("Did you mean"), "\(two)")
    }
    // Single rows may lack a column, and a column may be empty.
    let rows = #"{"id": 1, "text": "a lamp", "thing": "lamp"}"# + "\n" + #"{"id": 2, "text": "glow", "deed": null}"#
    let sparse = try gold(rows, named: "a.jsonl", [.init(name: "thing"), .init(name: "deed")])
    #expect(sparse.answer(of: "1")?.key == "thing:2-6" && sparse.answer(of: "2") == .spans([]))
    // Beside a column with the type's name one that is spelt alike is something else, and its row has no gold answer.
    let beside =
      #"{"id": 1, "text": "yes, it is", "deed": "yes"}"# + "\n" + #"{"id": 2, "text": "it glows", "Deed": "glows"}"#
    let own = try gold(beside, named: "b.jsonl", [.init(name: "Deed")])
    #expect(own.answer(of: "1") == nil && own.answer(of: "2")?.key == "Deed:3-8")
  }

  @Test func `a small file that is scored may lack a rare type, and not misspell it`() throws {
    let types: [LabelSet.Label] = [.init(name: "thing"), .init(name: "deed")]
    func scored(_ rows: String) throws -> GoldAnswers<TaskAnswer> {
      try gold(rows, named: "a.jsonl", types, mayLackTypes: true)
    }
    #expect(try scored(#"{"id": 1, "text": "a lamp", "thing": "lamp"}"#).answer(of: "1")?.key == "thing:2-6")
    #expect(throws: TeacherProtocolError.self) {
      try scored(#"{"id": 1, "text": "a lamp", "thing": "lamp", "dead": "lamp"}"#)
    }
  }

  @Test func `spans are read behind thoughts, deeper in, and with names in any case`() throws {
    let task = try Fixture.causes()
    let text = "Rain made the road wet."
    for reply in [
      #"<think>{"cause": "road", "effect": "wet"} is a draft</think>{"cause": "Rain", "effect": null}"#,
      #"{a} {b} {c} {d} {e}</think>{"cause": "Rain"}"#, #"{"result": {"cause": "Rain"}}"#, #"[{"Cause": "Rain"}]"#,
      #"{"CAUSE": "Rain", "effect": null,}"#,
      "{\"cause\": \"Rain\"}\n\nAgain:\n{\"cause\": [\"Rain\"], \"effect\": []}",
      "{'cause': 'Rain'}",
    ] { #expect(try task.answer(in: reply, about: text).key == "cause:0-4", "\(reply)") }
    for reply in [
      #"{"cause": "Rain"} On reflection: {"cause": "road"}"#, #"<think>{"cause": "Rain"}"#,
      #"[{"cause": "Rain"}, {"cause": "road"}]"#,
    ] { #expect(throws: UnreadableAnswer.self, "\(reply)") { try task.answer(in: reply, about: text) } }
  }

  @Test func `overlapping spans are settled by the rule`() throws {
    let (short, long) = (LabelledSpan(label: "cause", range: 2..<5), LabelledSpan(label: "effect", range: 4..<9))
    let types = ["cause", "effect"]
    #expect(SpanOverlap.longest.settled([short, long], types: types) == [long])
    #expect(SpanOverlap.typeOrder.settled([long, short], types: types) == [short])
    #expect(SpanOverlap.refuse.settled([short, long], types: types) == nil)
    for rule in SpanOverlap.allCases {
      let apart = [LabelledSpan(label: "effect", range: 7..<9), short, short]
      #expect(rule.settled(apart, types: types) == [short, apart[0]], "equal spans are one")
    }
  }

  @Test func `an answer is written as it is read and its key is the same`() throws {
    let text = "\"Rain\" made\nthe road wet."
    for task in [try Fixture.causes(), try LabellingTask(spanTypes: [.init(name: "only")])] {
      let spans = LabelledSpan(label: task.names[0], range: 1..<5)
      for answer in [TaskAnswer.spans([]), .spans([spans])] {
        #expect(try task.answer(in: task.written(answer, about: text), about: text) == answer)
        #expect(task.answer(key: answer.key) == answer)
      }
    }
    let green = try Fixture.green()
    #expect(try green.written(.label("green"), about: "", reason: "It saves.") == "Yes. It saves.")
    #expect(green.answer(key: "green") == .label("green"))
    #expect(green.answer(key: "blue") == nil)
    #expect(try Fixture.causes().answer(key: "reason:0-4") == nil)
    #expect(try Fixture.causes().answer(key: "cause:4-4") == nil)
    #expect(try Fixture.causes().tags == ["O", "B-cause", "I-cause", "B-effect", "I-effect"])
    #expect(throws: TeacherProtocolError.self) { try LabellingTask(spanTypes: []) }
    #expect(throws: TeacherProtocolError.self) { try LabellingTask(spanTypes: [.init(name: "two words")]) }
  }

  @Test func `a teacher's spans become its label`() async throws {
    let task = try Fixture.causes()
    let scripted = ScriptedTeacher("t") { request in
      TeacherReply(
        reading: request.prompt, with: AnswerReader(labels: request.labels),
        confidence: nil)
    }
    func ask(_ reply: String) async throws -> TeacherReply {
      try await TaskTeacher(scripted, task: task).reply(
        to: TeacherRequest(
          item: Fixture.item("1", "Rain made the road wet."), prompt: reply, promptVersion: "v", labels: task.labels))
    }
    let good = try await ask(#"{"cause": "Rain", "confidence": "80 %"}"#)
    #expect(good.label == "cause:0-4")
    #expect(good.confidence == Confidence(0.8, source: .verbalised))
    #expect(task.answer(of: good) == .spans([LabelledSpan(label: "cause", range: 0..<4)]))
    let bad = try await ask(#"{"cause": "Snow"}"#)
    #expect(bad.label == nil)
    #expect(bad.outcome == .unreadable("the cause 'Snow' does not stand in the text"))
    // What came in place of words is read for no spans, whatever it has inside.
    for outcome in [
      TeacherReply.Outcome.unreadable(TeacherReply.Outcome.toolCall), .unreadable(AnswerReader.thoughtsAlone),
    ] {
      let wordless = ScriptedTeacher("t") { _ in TeacherReply(outcome: outcome, raw: #"{"cause": "Rain"}"#) }
      let reply = try await TaskTeacher(wordless, task: task).reply(
        to: TeacherRequest(
          item: Fixture.item("1", "Rain made the road wet."), prompt: "p", promptVersion: "v", labels: task.labels))
      #expect(reply.outcome == outcome)
    }
  }
}

@Suite struct RecordTests {
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "records-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func `records with spans are read and their gold is counted`() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "ce.json")
    try Data(
      #"""
      [{"id": 7, "summary": "水で冷やすと熱が減る。", "detail": "詳細", "cause": "水で冷やす", "effect": "熱が減る"},
       {"id": 8, "summary": "Rain.", "detail": "d", "cause": "Snow", "effect": ""}]
      """#.utf8
    ).write(to: file)
    let data = try Dataset(contentsOf: file, mapping: .dualChecker)
    let gold = try GoldAnswers(contentsOf: file, task: try Fixture.causes())
    #expect(data.items.map(\.id) == ["7", "8"])
    #expect(data.items[0].fields["detail"] == "詳細")
    #expect(gold.setAside.map(\.found) == ["the cause 'Snow' does not stand in the text"])
    #expect(gold.has("7") && !gold.has("8"))
    #expect(gold.asked == [])
    #expect(gold.answer(of: "7")?.key == "cause:0-5 effect:6-10")
    #expect(gold.asked == ["7"])
  }

  /// A folder with the files of DualChecker's authors, which are not part of the package.
  static let original = ProcessInfo.processInfo.environment["DUALCHECKER_FILES"].map { URL(filePath: $0) }

  @Test(.enabled(if: Self.original != nil, "set DUALCHECKER_FILES to the folder of cls_train.json and its siblings"))
  func `the files of the original are read unchanged`() throws {
    let folder = try #require(Self.original)
    let green = try LabellingTask(
      binary: LabelSet([.init(name: "green", aliases: ["1"]), .init(name: "other", aliases: ["0"])], positive: "green"))
    let paths = LabellingTask(classes: try LabelSet((0..<4).map { .init(name: "path \($0)", aliases: ["\($0)"]) }))
    for (name, task) in [("cls", green), ("path", paths), ("ce", try Fixture.causes())] {
      let file = folder.appending(path: "\(name)_train.json")
      let data = try Dataset(contentsOf: file, mapping: .dualChecker)
      let gold = try GoldAnswers(contentsOf: file, task: task)
      #expect(data.items.count == 3 && data.setAside.isEmpty)
      #expect(gold.count == 3 && gold.setAside.isEmpty)
      for item in data.items {
        #expect(!item.text.isEmpty && item.fields["detail"]?.isEmpty == false)
        if case .spans(let spans)? = gold.answer(of: item.id) { #expect(spans.count == 2) }
      }
    }
  }
}

@Suite struct SpanPlaceTests {
  @Test func `spans are read by their places too`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "places-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    let rows = [
      #"{"id": "a", "summary": "a film on a film", "spans": [{"label": "cause", "start": 12, "end": 16}]}"#,
      #"{"id": "b", "summary": "short", "spans": [{"label": "cause", "start": 2, "end": 9}]}"#,
      #"{"id": "c", "summary": "short", "spans": []}"#,
    ]
    try Data(rows.joined(separator: "\n").utf8).write(to: file)
    let mapping = FieldMapping(text: "summary", spans: "spans")
    let gold = try GoldAnswers(contentsOf: file, task: try Fixture.causes(), mapping: mapping)
    #expect(gold.answer(of: "a")?.key == "cause:12-16", "the second of two equal words")
    #expect(gold.answer(of: "c") == .spans([]))
    #expect(gold.setAside.count == 1 && !gold.has("b"))
  }
}
