import Foundation
import TeacherProtocol
import Testing

/// A column that no row has is a misspelt name, and not a file of abstentions.
@Suite struct RecordedReplyColumnsTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  func read(
    _ text: String, _ change: (inout RecordedReplies.Columns) -> Void = { _ in }, labels: LabelSet? = nil
  ) throws -> RecordedReplies {
    var columns = RecordedReplies.Columns()
    change(&columns)
    let file = try scratch.file(text.hasPrefix("{") ? "t.jsonl" : "t.csv", text)
    return try RecordedReplies(contentsOf: file, labels: labels, columns: columns)
  }

  func missing(_ text: String, _ change: (inout RecordedReplies.Columns) -> Void = { _ in }) -> [String]? {
    guard case .missingColumn(_, let column, let key, let known)? = failure({ _ = try read(text, change) }) else {
      return nil
    }
    return [column, key] + known
  }

  static let long = """
    {"id": 1, "teacher": "a", "answer": "yes", "rationale": "r"}
    {"id": 2, "teacher": "a", "answer": "no", "rationale": "r"}
    """
  static let wide = #"{"id": 1, "teachers": {"a": {"answer": "yes"}, "b": {"answer": "no", "why": "r"}}}"#

  @Test func `a file of which no row has the label's column is refused, in either layout`() {
    #expect(missing(Self.long) == ["label", "label", "id", "teacher", "answer", "rationale"])
    #expect(missing(Self.wide) == ["label", "label", "answer", "why"])
    #expect(missing(Self.long) { $0.label = "verdict" }?.first == "verdict")
    #expect(missing(Self.long) { $0.label = "answer" } == nil)
    #expect(missing(Self.wide) { $0.label = "answer" } == nil)
    #expect(missing("id,teacher,answer\n1,a,yes\n") == ["label", "label", "id", "teacher", "answer"])
  }

  @Test func `other columns are refused where they were given a name that no row has`() {
    #expect(
      missing(Self.long) { ($0.label, $0.rationale) = ("answer", "reason") }?.prefix(2) == ["reason", "rationale"])
    #expect(
      missing(Self.long) { ($0.label, $0.confidence) = ("answer", "score") }?.prefix(2) == ["score", "confidence"])
    #expect(
      missing(Self.wide) { ($0.label, $0.rationale) = ("answer", "reason") }?.prefix(2) == ["reason", "rationale"])
    #expect(missing(Self.wide) { ($0.label, $0.rationale) = ("answer", "why") } == nil)
    #expect(missing(Self.long) { ($0.label, $0.raw) = ("answer", ["reply", "text"]) }?.prefix(2) == ["reply", "raw"])
    #expect(missing(Self.long) { ($0.label, $0.teachers) = ("answer", "models") }?.prefix(2) == ["models", "teachers"])
    // The default names may be missing.
    #expect(missing(#"{"id": 1, "teacher": "a", "label": "yes"}"#) == nil)
  }

  @Test func `rows that lack a label among others that have one are abstentions`() throws {
    for text in [
      "{\"id\": 1, \"teacher\": \"a\", \"label\": \"yes\"}\n{\"id\": 2, \"teacher\": \"a\"}",
      "{\"id\": 1, \"teacher\": \"a\", \"label\": \"yes\"}\n{\"id\": 2, \"teacher\": \"a\", \"label\": null}",
      "id,teacher,label\n1,a,yes\n2,a,\n",
      #"{"id": 1, "teachers": {"a": {"label": "yes"}}}"# + "\n" + #"{"id": 2, "teachers": {"a": {}}}"#,
    ] {
      let replies = try read(text)
      #expect(replies.reply(of: "a", on: "1")?.label == "yes")
      #expect(replies.reply(of: "a", on: "2")?.outcome == .abstained)
      #expect(throws: Never.self) { try RecordedTeacher("a", of: replies) }
    }
    let silent = try read(
      "{\"id\": 1, \"teacher\": \"a\", \"label\": null}\n{\"id\": 2, \"teacher\": \"a\", \"label\": null}")
    #expect(silent.reply(of: "a", on: "2")?.outcome == .abstained)
    // A store's replies that all failed say so by their outcome.
    let failed = try read(#"{"item": "1", "teacher": "a", "outcome": "refused", "raw": "I can't", "key": "k"}"#)
    #expect(failed.reply(of: "a", on: "1")?.label == nil)
  }

  @Test func `a teacher whose labels stand in a column of its own is refused, and the others are not`() throws {
    let texts = [
      """
      {"id": 1, "teacher": "a", "answer": "Yes", "gold": "no"}
      {"id": 1, "teacher": "b", "label": "yes", "gold": "no"}
      {"id": 2, "teacher": "c", "gold": "yes"}
      {"id": 3, "teacher": "b", "label": "no", "gold": "no"}
      """,
      """
      {"id": 1, "gold": "no", "teachers": {"a": {"answer": "Yes"}, "b": {"label": "yes"}}}
      {"id": 2, "gold": "yes", "teachers": {"c": {"rationale": "who knows"}, "b": {"label": "no"}}}
      """,
    ]
    let set = try LabelSet([.init(name: "yes"), .init(name: "no")])
    for text in texts {
      for labels in [nil, set] {
        let replies = try read(text, labels: labels)
        guard
          case .missingColumn(let file, "label", "label", let known)? = failure({
            _ = try RecordedTeacher("a", of: replies)
          })
        else {
          Issue.record("not refused: \(text)")
          continue
        }
        #expect(file.hasSuffix("t.jsonl: teacher 'a'"))
        #expect(known.contains("answer"))
        #expect(throws: Never.self) { try RecordedTeacher("b", of: replies) }
        #expect(throws: Never.self) { try RecordedTeacher("c", of: replies) }
      }
    }
  }

  @Test func `whole replies give labels and reasons, in either layout`() throws {
    let set = try LabelSet(["A", "B", "C"].map { .init(name: $0) })
    let texts = [
      """
      {"id": 1, "teacher": "a", "reply": " A stapler is kept on a desk. So the answer is (b)."}
      {"id": 2, "teacher": "a", "reply": "**C. a barn**\\n\\nHay is kept there."}
      {"id": 3, "teacher": "a", "reply": "It could be any of them."}
      {"id": 4, "teacher": "a", "reply": null}
      """,
      """
      {"id": 1, "teachers": {"a": {"reply": " A stapler is kept on a desk. So the answer is (b)."}}}
      {"id": 2, "teachers": {"a": {"reply": "**C. a barn**\\n\\nHay is kept there."}}}
      {"id": 3, "teachers": {"a": {"reply": "It could be any of them."}}}
      {"id": 4, "teachers": {"a": {}}}
      """,
    ]
    for text in texts {
      let replies = try read(text, { $0.reply = "reply" }, labels: set)
      let first = try #require(replies.reply(of: "a", on: "1"))
      #expect(first.label == "B" && first.rationale == "A stapler is kept on a desk.")
      #expect(first.raw == " A stapler is kept on a desk. So the answer is (b).")
      let second = try #require(replies.reply(of: "a", on: "2"))
      #expect(second.label == "C" && second.rationale.contains("Hay is kept there."))
      guard case .unreadable? = replies.reply(of: "a", on: "3")?.outcome else {
        Issue.record("'It could be any of them.' has no label")
        continue
      }
      #expect(replies.reply(of: "a", on: "4")?.outcome == .abstained)
    }
  }

  @Test func `reasons and confidence of their own go before those in a whole reply`() throws {
    let set = try LabelSet(["A", "B"].map { .init(name: $0) })
    let text = #"{"id": 1, "teacher": "a", "reply": "B. It is small.", "rationale": "It is tiny.", "confidence": 0.75}"#
    let reply = try #require(try read(text, { $0.reply = "reply" }, labels: set).reply(of: "a", on: "1"))
    #expect(reply.label == "B" && reply.rationale == "It is tiny." && reply.confidence?.value == 0.75)
  }

  @Test func `a column of whole replies that no row has is refused, and so is one without labels to look for`() throws {
    #expect(
      failure {
        _ = try read(Self.long, { $0.reply = "text" }, labels: LabelSet([.init(name: "yes"), .init(name: "no")]))
      }?
      .description.contains("has no column 'text', which the mapping names for 'reply'") == true)
    #expect(
      failure { _ = try read(Self.long, { $0.reply = "answer" }) }?.description.contains("a set of labels") == true)
  }

  @Test func `a file without a usable row is refused for its rows and not for its columns`() throws {
    for text in ["id,teacher,label\n1,\"a,yes\n2,b,no\n", "{broken\n"] {
      guard case .noRows(_, let problems)? = failure({ _ = try read(text) }) else {
        Issue.record("not refused for its rows: \(text)")
        continue
      }
      #expect(problems.count == 1)
    }
    let lone = failure { _ = try read("id,teacher,label\n") }
    #expect(lone?.description.contains("one line alone, which is read as the header: id, teacher, label") == true)
  }

  @Test func `white space around the name of a split is none of the name`() throws {
    let file = try scratch.file("d.csv", "id,text,split\n1,a, train \n2,b,train\t\n3,c,Train\n")
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(split: "split"))
    #expect(data.splits == ["train", "Train"])
    #expect(data.items(in: "train").map(\.id) == ["1", "2"])
  }

  @Test(arguments: [RecordedReplies.Columns().teacher, ""])
  func `an id that comes twice in one teacher's file is named where it comes again`(teacher: String) throws {
    let rows = (1...20).map { "\($0),yes\n" }.joined()
    let replies = try read("id,label\n" + rows + "7,no\n") { ($0.teacher, $0.owner) = (teacher, "a") }
    #expect(replies.isOwned && replies.reply(of: "a", on: "7")?.label == "yes")
    let found = replies.setAside.map { "\($0)".split(separator: "t.csv:").last.map(String.init) ?? "" }
    #expect(found == ["22: field 'id': expected one reply per item and teacher, found a second one of 'a' on '7'"])
  }

  @Test func `a file with each id twice, and no names, is one of several teachers`() {
    let rows = (1...20).map { "\($0),yes\n\($0),no\n" }.joined()
    #expect(missing("id,label\n" + rows) { $0.owner = "a" } == ["teacher", "teacher", "id", "label"])
  }
}
