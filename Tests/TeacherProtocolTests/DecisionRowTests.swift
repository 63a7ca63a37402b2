import JSON
import Foundation
import TeacherProtocol
import Testing

/// Rows that are a request in System One's form with its answers.
@Suite struct DecisionRowTests {
  let scratch: Scratch
  let mapping = FieldMapping(image: "photo", label: "label", evidence: ["entities": "entities"])

  init() throws { scratch = try Scratch() }

  private static func row(_ id: String, _ answer: String, state: String = #"{"text": "A dog.", "entities": "Rex"}"#)
    -> String
  {
    #"{"id": "\#(id)", "state": \#(state), "questions": {"q": {"type": "noul"}}, "answers": {"q": \#(answer)}}"#
  }

  private static func noul(_ p: Double) -> String { #"{"type": "noul", "noul": \#(p)}"# }

  @Test func `a row that was written is read as the item and the label that it was made of`() throws {
    let item = Item(
      id: "7", imageSlots: [ImageSlot(name: "photo", paths: ["p/7.png"])],
      fields: ["text": "A \"dog\".", "entities": "Rex"])
    let question = TypedQuestion(instructions: "Is it so?", labels: .outOfContext)
    let row = DecisionRow.row(item, asked: question, probabilities: ["falsified": 0.75, "pristine": 0.25])
    #expect(
      row.text == #"{"id": "7", "state": {"text": "A \"dog\".", "entities": "Rex", "photo": "<image-1>"}, "#
        + #""questions": {"label": {"type": "noul", "instructions": "Is it so?", "#
        + #""criteria": {"true": "the photo does not show what the caption says", "#
        + #""false": "the photo shows what the caption says"}}}, "#
        + #""assets": {"<image-1>": {"type": "image", "path": "p/7.png"}}, "#
        + #""answers": {"label": {"type": "noul", "noul": 0.75}}}"#)
    let file = try scratch.file("rows.jsonl", row.text)
    let data = try Dataset(contentsOf: file, mapping: mapping, strict: true)
    #expect(data.items == [item])
    let gold = try GoldAnswers(contentsOf: file, mapping: mapping, labels: .outOfContext, strict: true)
    #expect(gold.answer(of: "7") == "falsified")
    let stream = try ItemStream(contentsOf: file, mapping: FieldMapping(evidence: ["entities": "entities"]))
    #expect(try stream.next(1)?.items.map(\.text) == ["A \"dog\"."])
  }

  @Test func `a choice is the label of its option, and of none the most probable one`() throws {
    let labels = try LabelSet([.init(name: "sport", answer: "Sports"), .init(name: "trade", aliases: ["markets"])])
    let question = TypedQuestion(name: "topic", instructions: "", labels: labels)
    // The confidence of a choice among two: (0.75 - 0.5) / (1 - 0.5).
    #expect(
      question.answer(["sport": 0.75, "trade": 0.25]).text
        == #"{"type": "choice", "choice": "Sports", "confidence": 0.5, "probabilities": {"Sports": 0.75, "trade": 0.25}}"#
    )
    let rows = [
      (#"{"type": "choice", "choice": "Sports"}"#, "sport"), (#"{"type": "choice", "choice": "markets"}"#, "trade"),
      (#"{"type": "choice", "probabilities": {"Sports": 0.25, "trade": 0.75}}"#, "trade"),
      (#"{"type": "score", "legend": {"0": "sport", "1": "trade"}, "probabilities": {"0": 0.25, "1": 0.75}}"#, "trade"),
    ]
    let file = try scratch.file(
      "rows.jsonl", rows.enumerated().map { Self.row("\($0)", $1.0) }.joined(separator: "\n"))
    // The only question of a row is its label, whatever it is called.
    for column in ["label", "q"] {
      let gold = try GoldAnswers(
        contentsOf: file, mapping: FieldMapping(label: column), labels: labels, strict: true)
      #expect(rows.indices.map { gold.answer(of: "\($0)") } == rows.map(\.1))
    }
  }

  @Test func `of several questions the column names one`() throws {
    let row = #"""
      {"id": "1", "state": "Please refund me.", "questions": {"angry": {"type": "noul"}, "refund": {"type": "noul"}},
       "answers": {"angry": {"type": "noul", "noul": 0.2}, "refund": {"type": "noul", "noul": 0.9}}}
      """#.replacing("\n", with: "")
    let file = try scratch.file("rows.jsonl", row)
    let labels = try LabelSet([.init(name: "keep", answer: "No"), .init(name: "pay", answer: "Yes")])
    let gold = try GoldAnswers(contentsOf: file, mapping: FieldMapping(label: "refund"), labels: labels, strict: true)
    #expect(gold.answer(of: "1") == "pay")
    #expect(try Dataset(contentsOf: file, mapping: FieldMapping()).items[0].text == "Please refund me.")
    // Which of the two would be meant?
    let missing = failure {
      _ = try GoldAnswers(contentsOf: file, mapping: FieldMapping(label: "label"), labels: labels)
    }
    #expect(
      missing
        == .missingColumn(
          file: file.relativePath, column: "label", key: "label",
          known: ["id", "state", "questions", "answers", "text", "angry", "refund"]))
  }

  @Test(arguments: [
    (#"{"type": "refusal", "name": "q"}"#, "a refusal"), (#"{"type": "guess"}"#, #"{"type": "guess"}"#),
    (#"{"type": "choice", "choice": "perhaps"}"#, "'perhaps'"), (#"{"type": "noul"}"#, #"{"type": "noul"}"#),
  ])
  func `an answer without a label sets its row aside and says why`(_ answer: String, _ found: String) throws {
    let file = try scratch.file(
      "rows.jsonl", [Self.row("1", Self.noul(0.5)), Self.row("2", answer)].joined(separator: "\n"))
    let gold = try GoldAnswers(contentsOf: file, mapping: mapping, labels: .outOfContext)
    #expect(gold.answer(of: "1") == "falsified")
    #expect(gold.setAside.map(\.found) == [found])
    #expect(gold.setAside.map(\.field) == ["label"])
  }

  @Test func `an image that is no file of its own is named as what it is`() throws {
    let row =
      #"{"id": "1", "state": {"text": "t", "photo": "<i>"}, "questions": {"q": {"type": "noul"}}, "#
      + #""assets": {"<i>": {"type": "image", "format": "png", "data_base64": "iVBORwE="}}}"#
    let error = failure {
      _ = try Dataset(
        contentsOf: scratch.file("rows.jsonl", row), mapping: FieldMapping(image: "photo"), strict: true)
    }
    #expect(error?.description.contains("photo") == true)
    // A state in words has its images within them.
    let words =
      #"{"id": "1", "state": "See <i>.", "questions": {"q": {"type": "noul"}}, "#
      + #""assets": {"<i>": {"type": "image", "path": "a.png"}}}"#
    let data = try Dataset(
      contentsOf: scratch.file("words.jsonl", words), mapping: FieldMapping(image: "image"), strict: true)
    #expect(data.items[0].images == ["a.png"])
  }

  @Test func `rows are a teacher's replies with the probability of every label`() throws {
    let rows = [
      Self.row("1", Self.noul(0.75)), Self.row("2", #"{"type": "refusal", "name": "q"}"#),
      Self.row("3", #"{"type": "choice", "choice": "No", "probabilities": {"Yes": 0.125, "No": 0.875}}"#),
      Self.row("4", #"{"type": "choice", "choice": "No", "probabilities": {"Yes": 0.7, "No": 0.7}}"#),
      Self.row("5", #"{"type": "choice", "choice": "No", "probabilities": {"Yes": -1, "No": 2}}"#),
    ]
    var columns = RecordedReplies.Columns()
    columns.owner = "t"
    let replies = try RecordedReplies(
      contentsOf: scratch.file("rows.jsonl", rows.joined(separator: "\n")), labels: .outOfContext, columns: columns)
    let first = try #require(replies.reply(of: "t", on: "1"))
    #expect(first.label == "falsified" && first.confidence == Confidence(0.75, source: .measured))
    #expect(first.probabilities == ["falsified": 0.75, "pristine": 0.25])
    #expect(replies.reply(of: "t", on: "2")?.outcome == .refused)
    #expect(replies.reply(of: "t", on: "3")?.probabilities == ["falsified": 0.125, "pristine": 0.875])
    #expect(
      replies.setAside.map(\.expected) == ["probabilities that sum to 1", "a number from 0 to 1 as a probability"])
  }
}
