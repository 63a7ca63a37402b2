import Foundation
import TeacherProtocol
import Testing

/// Replies that their length limit ended: a label that was whole by then counts, its reasons are not learned from.
@Suite struct CutRepliesTests {
  static let grades = try? LabelSet(
    [
      .init(name: "no", answer: "No"), .init(name: "none", answer: "No evidence"), .init(name: "yes", answer: "Yes"),
      .init(name: "partly", answer: "Yes, partly"), .init(name: "one", answer: "1"), .init(name: "ten", answer: "10"),
    ], positive: "yes")

  @Test(arguments: [
    (#"{"label":"Yes","rationale":"A head core"#, "yes", "A head core"), (#"{"label": "No""#, "no", ""),
    (#"{"label": "No","#, "no", ""), (#"{"label": "Yes", "rati"#, "yes", ""),
    ("```json\n{\"label\": \"No evidence\",\n \"rationale\": \"The ph", "none", "The ph"),
    (#"{"result": {"label": "Yes", "rationale": "It ha"#, "yes", "It ha"),
    (#"{"label": 1, "rationale": "The li"#, "one", "The li"),
    (#"<think>Is it no?</think>{"label": "Yes", "rationale": "It"#, "yes", "It"),
    (#"{"label": "Yes", "reasons": ["the latch", "the b"#, "yes", ""),
    (#"{"label": "Yes", "confidence": 0.7, "rationale": "It"#, "yes", "It"),
  ])
  func `a label in an object that never ends counts, and its reasons are cut`(
    _ text: String, _ label: String, _ rationale: String
  ) throws {
    let reader = AnswerReader(labels: try #require(Self.grades))
    // Whatever the server says of the end, the object says it too.
    for limit in [true, false] {
      let read = reader.read(text, endedAtLimit: limit)
      #expect(read.outcome == .answered(label))
      #expect(read.rationale == rationale)
      #expect(read.isRationaleCut)
    }
  }

  @Test(arguments: [
    "{", #"{"label": "Ye"#, #"{"label": 1"#, #"{"label": ["Yes""#, #"{"rationale": "Yes. It is op"#,
    #"{"rationale": "It is open", "label": "Y"#, #"{"label": "Perhaps", "rationale": "It"#,
    #"<think>{"label": "Yes", "rationale": "It"#, #"{"labels": ["Yes", "No"], "rationale": "It"#,
    #"{"label": "No", "rationale": "closed"} On reflection: {"label": "Yes", "rationale": "op"#,
  ])
  func `a label that was not whole, or not the only one, is no vote`(_ text: String) throws {
    #expect(AnswerReader(labels: try #require(Self.grades)).read(text, endedAtLimit: true).outcome == .cutOff)
  }

  @Test(arguments: [
    ("Yes. The gate stands op", "yes", "The gate stands op"), ("No evidence\nThe text sa", "none", "The text sa"),
    ("**Label:** Yes\n**Rationale:** the gate is o", "yes", "the gate is o"), ("1. The firs", "one", "The firs"),
    ("The gate is open. <answer>Yes</answer> This me", "yes", "This me"), ("10", "ten", ""),
    ("<think>No?</think>\nYes, it sta", "yes", "it sta"),
  ])
  func `a label that leads the words, or is closed, counts`(_ text: String, _ label: String, _ rationale: String) throws
  {
    let read = AnswerReader(labels: try #require(Self.grades)).read(text, endedAtLimit: true)
    #expect(read.outcome == .answered(label))
    #expect(read.rationale == rationale)
    #expect(read.isRationaleCut)
  }

  @Test(arguments: [
    // "No evidence", "Yes, partly" and "10" may have been meant.
    "No", "No evid", "Yes, par", "1", "",
    // Drafts of an answer that never came.
    "Let me see. The answer is no. But the latch", "<think>Yes. It", "The gate stands open, so it may be",
    "I don't know",
  ])
  func `words that may go on, or are a draft, are cut off`(_ text: String) throws {
    #expect(AnswerReader(labels: try #require(Self.grades)).read(text, endedAtLimit: true).outcome == .cutOff)
  }

  @Test(arguments: [
    #"{"rationale": "It is open.", "label": "Yes""#, #"{"label": "Yes", "rationale": "It is open.", "confidence": 0."#,
    #"{"label": "Yes", "rationale": "It is open."}"# + "\n" + #"{"label": "Yes", "rationale": "It is"#,
  ])
  func `reasons that were whole stay so`(_ text: String) throws {
    let read = AnswerReader(labels: try #require(Self.grades)).read(text, endedAtLimit: true)
    #expect(read.outcome == .answered("yes"))
    #expect(read.rationale == "It is open.")
    #expect(!read.isRationaleCut)
  }

  @Test func `recorded replies keep the mark of stores and of tables`() throws {
    let scratch = try Scratch()
    let lines = try scratch.file(
      "r.jsonl",
      """
      {"item": "1", "teacher": "a", "label": "falsified", "rationale": "A do", "rationale_cut": true}
      {"item": "2", "teacher": "a", "label": "falsified", "rationale": "A dog."}

      """)
    let table = try scratch.file(
      "r.csv", "item,teacher,label,rationale,rationale_cut\n1,a,falsified,A do,True\n2,a,falsified,A dog.,\n")
    for file in [lines, table] {
      let replies = try RecordedReplies(contentsOf: file, labels: .outOfContext)
      #expect(["1", "2"].map { replies.reply(of: "a", on: $0)?.isRationaleCut } == [true, false])
      #expect(["1", "2"].map { replies.reply(of: "a", on: $0)?.wholeRationale } == ["", "A dog."])
    }
  }
}
