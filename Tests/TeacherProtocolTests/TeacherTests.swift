import Foundation
import TeacherProtocol
import Testing

@Suite struct TeacherTests {
  func requests(_ ids: [String]) throws -> [TeacherRequest] {
    let template = try PromptTemplate("{text}")
    return try ids.map {
      try TeacherRequest(item: Item(id: $0, fields: ["text": $0]), template: template, labels: .outOfContext)
    }
  }

  let wide = """
    {"nr": 1, "w": "a", "gold": 1, "teachers": {"t": {"label": 1, "rationale": "r", "raw_prediction": "Yes"}, "s": {"label": null, "raw_prediction": "I don't know"}}}
    {"nr": 1, "w": "b", "gold": 0, "teachers": {"t": {"label": 0, "confidence": 0.75}, "s": {"label": 7}}}
    """

  @Test
  func `the probabilities of all labels are kept with a recorded reply, and other things of that name passed over`()
    throws
  {
    let scratch = try Scratch()
    let rows = [
      #"{"item": "1", "teacher": "t", "label": 1, "probabilities": {"fake": 0.75, "pristine": 0.25}}"#,
      #"{"item": "2", "teacher": "t", "label": 1, "probabilities": [0.75, 0.25]}"#,
      #"{"item": "3", "teacher": "t", "label": 1, "probabilities": {"falsified": 0.75}}"#,
      #"{"item": "4", "teacher": "t", "label": 1, "probabilities": {"falsified": 75, "pristine": 25}}"#,
    ]
    let file = try scratch.file("p.jsonl", rows.joined(separator: "\n"))
    let replies = try RecordedReplies(contentsOf: file, labels: .outOfContext, strict: true)
    #expect(replies.reply(of: "t", on: "1")?.probabilities == ["falsified": 0.75, "pristine": 0.25])
    #expect(["2", "3", "4"].allSatisfy { replies.reply(of: "t", on: $0)?.probabilities == [:] })
    let changed = try scratch.file(
      "c.jsonl", rows.joined(separator: "\n").replacing("0.75, \"pristine", with: "0.5, \"pristine"))
    let other = try RecordedReplies(contentsOf: changed, labels: .outOfContext)
    #expect(try RecordedTeacher("t", of: other).model != RecordedTeacher("t", of: replies).model)
  }

  @Test func `a file whose confidences alone changed is another teacher's`() throws {
    let scratch = try Scratch()
    let models = try ["", #", "confidence": 0.6"#, #", "confidence": 0.9"#].enumerated().map { number, part in
      let file = try scratch.file("\(number).jsonl", #"{"item": "1", "teacher": "t", "label": 1\#(part)}"#)
      return try RecordedTeacher("t", of: RecordedReplies(contentsOf: file, labels: .outOfContext)).model
    }
    #expect(Set(models).count == 3)
  }

  @Test func `one row per item is read with several columns as the id`() async throws {
    let scratch = try Scratch()
    var columns = RecordedReplies.Columns()
    columns.id = ["nr", "w"]
    let replies = try RecordedReplies(
      contentsOf: try scratch.file("t.jsonl", wide), labels: .outOfContext, columns: columns, strict: true)
    #expect(replies.teachers == ["t", "s"])
    #expect(replies.items == ["1:a", "1:b"])
    #expect(
      replies.reply(of: "t", on: "1:a") == TeacherReply(outcome: .answered("falsified"), rationale: "r", raw: "Yes"))
    #expect(replies.reply(of: "s", on: "1:a")?.outcome == .abstained)
    #expect(replies.reply(of: "t", on: "1:b")?.confidence == Confidence(0.75, source: .recorded))
    #expect(replies.reply(of: "s", on: "1:b")?.outcome == .unknownLabel("7"))
    #expect(replies.reply(of: "s", on: "none") == nil)

    let teacher = try RecordedTeacher("t", of: replies)
    #expect(await TeacherCheck(requests: try requests(["1:a", "1:b"])).problems(of: teacher) == [])
    await #expect(throws: TeacherProtocolError.noRecordedReply(teacher: "t", item: "2", file: replies.file)) {
      try await teacher.replies(to: try requests(["1:a", "2"]))
    }
    #expect(
      failure { _ = try RecordedTeacher("u", of: replies) }
        == .noRecordedTeacher("u", file: replies.file, known: ["t", "s"]))
  }

  @Test func `rows are numbered where no column names them`() throws {
    let scratch = try Scratch()
    let replies = try RecordedReplies(contentsOf: try scratch.file("t.jsonl", wide), labels: nil)
    #expect(replies.items == ["1", "2"])
    #expect(replies.reply(of: "s", on: "2")?.outcome == .answered("7"))
  }

  @Test func `one row per item and teacher is read as JSON Lines and CSV`() throws {
    let scratch = try Scratch()
    let csv = "item,teacher,label,rationale,confidence\na,t,1,r,0.5\na,s,0,,\nb,t,,,\n"
    let json = """
      {"item": "a", "teacher": "t", "label": 1, "rationale": "r", "confidence": 0.5}
      {"item": "a", "teacher": "s", "label": 0}
      {"item": "b", "teacher": "t", "label": null}
      """
    for file in [try scratch.file("t.csv", csv), try scratch.file("t.jsonl", json)] {
      let replies = try RecordedReplies(contentsOf: file, labels: .outOfContext, strict: true)
      #expect(replies.teachers == ["t", "s"])
      #expect(replies.items == ["a", "b"])
      #expect(replies.reply(of: "t", on: "a")?.confidence?.value == 0.5)
      #expect(replies.reply(of: "s", on: "a")?.label == "pristine")
      #expect(replies.reply(of: "t", on: "b")?.outcome == .abstained)
    }
  }

  @Test func `bad rows of replies are set aside`() throws {
    let scratch = try Scratch()
    let long = """
      {"item": "a", "teacher": "t", "label": 1}
      {"item": "a", "teacher": "t", "label": 0}
      {"item": "b", "label": 0}
      {"teacher": "t", "label": 0}
      {"item": "c", "teacher": "t", "label": 0, "confidence": 12}
      """
    let file = try scratch.file("long.jsonl", long)
    let replies = try RecordedReplies(contentsOf: file, labels: .outOfContext)
    #expect(replies.setAside.map(\.line) == [2, 3, 4, 5])
    #expect(replies.setAside.map(\.field) == ["item", "teacher", "item", "confidence"])
    #expect(replies.reply(of: "t", on: "a")?.label == "falsified")
    #expect(
      failure { _ = try RecordedReplies(contentsOf: file, labels: .outOfContext, strict: true) }
        == .badRow(replies.setAside[0]))

    let wide =
      "{\"id\": 1, \"teachers\": {\"t\": 1, \"s\": {\"label\": 1}}}\n{\"id\": 2, \"teachers\": []}\n{\"id\": 3}"
    let others = try RecordedReplies(contentsOf: try scratch.file("wide.jsonl", wide), labels: .outOfContext)
    #expect(others.setAside.map(\.field) == ["teachers.t", "teachers", "teachers"])
  }

  @Test func `replies without a teacher or an id are refused by column`() throws {
    let scratch = try Scratch()
    let file = try scratch.file("t.jsonl", #"{"id": 1, "label": 1}"#)
    #expect(
      failure { _ = try RecordedReplies(contentsOf: file, labels: nil) }
        == .missingColumn(file: file.relativePath, column: "teacher", key: "teacher", known: ["id", "label"]))
    let other = try scratch.file("u.jsonl", #"{"teacher": "t", "label": 1}"#)
    #expect(
      failure { _ = try RecordedReplies(contentsOf: other, labels: nil) }
        == .missingColumn(file: other.relativePath, column: "id", key: "id", known: ["teacher", "label"]))
  }

  @Test func `columns are read from a configuration`() throws {
    func read(_ json: String) throws -> RecordedReplies.Columns {
      try JSONDecoder().decode(RecordedReplies.Columns.self, from: Data(json.utf8))
    }
    var columns = RecordedReplies.Columns()
    #expect(try read("{}") == columns)
    columns.id = ["a", "b"]
    columns.raw = ["text"]
    #expect(try read(#"{"id": ["a", "b"], "raw": ["text"]}"#) == columns)
    #expect(try JSONDecoder().decode(RecordedReplies.Columns.self, from: JSONEncoder().encode(columns)) == columns)
    #expect(throws: DecodingError.self) { try read(#"{"lable": "x"}"#) }
  }

  @Test func `changed replies are another model`() throws {
    let scratch = try Scratch()
    func model(_ label: Int) throws -> String {
      let file = try scratch.file("t.jsonl", "{\"id\": 1, \"teacher\": \"t\", \"label\": \(label)}")
      return try RecordedTeacher("t", of: try RecordedReplies(contentsOf: file, labels: .outOfContext)).model
    }
    #expect(try model(1) == model(1))
    #expect(try model(1) != model(0))
  }

  @Test func `a scripted teacher follows its table or closure`() async throws {
    let table = ScriptedTeacher("t", answers: ["a": "Yes. x", "b": "hm"])
    let replies = try await requests(["a", "b", "c"]).asyncMap { try await table.reply(to: $0) }
    #expect(replies.map(\.label) == ["falsified", nil, nil])
    #expect(replies[2].outcome == .abstained)
    #expect(table.answersByItem)
    let closure = ScriptedTeacher("c") {
      TeacherReply(reading: "No " + $0.prompt, with: AnswerReader(labels: $0.labels))
    }
    #expect(await TeacherCheck(requests: try requests(["a", "b"])).problems(of: closure) == [])
  }

  @Test func `the check finds what a teacher does wrong`() async throws {
    let check = TeacherCheck(requests: try requests(["a", "b"]))
    func problems(_ script: @escaping @Sendable (TeacherRequest) async throws -> TeacherReply) async -> [String] {
      await check.problems(of: ScriptedTeacher("t", script: script))
    }
    #expect(await problems { _ in TeacherReply(outcome: .answered("maybe"), raw: "x") }.count == 2)
    #expect(await problems { _ in TeacherReply(outcome: .answered("pristine"), raw: "") }.count == 2)
    #expect(await problems { _ in TeacherReply(outcome: .refused, raw: "", seconds: -1) }.count == 2)
    let usage = TeacherReply.Usage(inputTokens: -1, outputTokens: 0)
    #expect(await problems { _ in TeacherReply(outcome: .cutOff, raw: "", usage: usage) }.count == 2)
    #expect(await problems { _ in throw TeacherUnavailable(teacher: "t", reason: "gone") }.count == 1)
    let calls = Locked(0)
    #expect(
      await problems { _ in
        let n = calls.withLock { value in
          value += 1
          return value
        }
        return TeacherReply(outcome: n <= 2 ? .refused : .cutOff, raw: "")
      }.count == 2)

    struct Forgetful: BatchTeacher {
      let name = " "
      let batchSize = 0
      func reply(to request: TeacherRequest) async throws -> TeacherReply { TeacherReply(outcome: .refused, raw: "") }
      func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
        [TeacherReply(outcome: .refused, raw: "")]
      }
    }
    #expect(await check.problems(of: Forgetful()).count == 5)
  }

  @Test func `a batch teacher answers a single question as a batch of one`() async throws {
    struct Twofold: BatchTeacher {
      let name = "t"
      let factor: Int
      func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
        requests.flatMap { _ in Array(repeating: TeacherReply(outcome: .refused, raw: ""), count: factor) }
      }
    }
    let request = try requests(["a"])[0]
    #expect(try await Twofold(factor: 1).reply(to: request).outcome == .refused)
    await #expect(throws: TeacherUnavailable.self) { try await Twofold(factor: 2).reply(to: request) }
  }

  @Test func `parameters are read with defaults and refuse nonsense`() throws {
    func read(_ json: String) throws -> TeacherParameters {
      try JSONDecoder().decode(TeacherParameters.self, from: Data(json.utf8))
    }
    #expect(try read("{}") == TeacherParameters())
    #expect(try read(#"{"temperature": 0.5, "seed": 3}"#) == TeacherParameters(temperature: 0.5, seed: 3))
    #expect(TeacherParameters(seed: 3).canonical != TeacherParameters().canonical)
    for bad in [#"{"temperature": -1}"#, #"{"samples": 0}"#, #"{"tokens": 5}"#] {
      #expect(throws: DecodingError.self) { try read(bad) }
    }
  }

  @Test func `every error says what to do`() {
    let problem = RowProblem(file: "f", line: 3, field: "x", expected: "a", found: "b")
    let names = (0..<20).map { "n\($0)" }
    for (error, part) in [
      (TeacherProtocolError.cannotRead(file: "f", reason: "r"), "Check the path"),
      (.tooLarge(file: "f", bytes: 2, limit: 1), "raise the limit"), (.noRows(file: "f", problems: [problem]), "f:3:"),
      (.badRow(problem), "expected a, found b"),
      (.missingColumn(file: "f", column: "c", key: "k", known: names), "and 8 more"),
      (.badMapping(key: "k", reason: "r"), "'k'"),
      (.straddlingGroups(what: "groups", examples: ["g"], count: 1), "'g'"),
      (.cannotSplit(reason: "r"), "r"), (.badLabelSet(reason: "r"), "r"), (.unknownLabel("l", known: []), "none"),
      (.unknownSlot("s", template: "t", known: ["text"]), "'text'"),
      (.badTemplate("t", offset: 0, expected: "e"), "character 1"), (.badImage(file: "f", reason: "r"), "f"),
      (.noRecordedReply(teacher: "t", item: "i", file: "f"), "same id"), (.unknownTeacher("t", known: ["u"]), "'u'"),
    ] { #expect("\(error)".contains(part), "\(error)") }
    #expect("\(TeacherUnavailable(teacher: "t", reason: "no key"))".contains("no key"))
  }
}

extension Array {
  func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
