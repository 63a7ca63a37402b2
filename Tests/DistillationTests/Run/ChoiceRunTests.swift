import Annotations
import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Questions with five choices each, as CommonsenseQA has them: the labels are letters, and what teachers wrote is prose.
@Suite(.serialized) struct ChoiceRunTests {
  static let (train, test) = (24, 10)
  static let letters = ["A", "B", "C", "D", "E"]
  static let things = ["barn", "desk", "harbour", "kitchen", "orchard", "quarry", "theatre"]

  /// Teacher `a` is wrong on every sixth question, `b` on every fourth from the second on, never both.
  static func answer(of teacher: String, to number: Int) -> String {
    let isWrong = teacher == "a" ? number % 6 == 0 : number % 4 == 1
    return letters[(number + (isWrong ? 1 : 0)) % 5]
  }

  /// The world with its items and replies replaced, and a student of text alone.
  private func withQuestions(_ body: (RunWorld) async throws -> Void) async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      var (items, replies) = ("", "")
      for number in 0..<(Self.train + Self.test) {
        let choices = (0..<5).map { Self.things[(number + 2 * $0) % 7] }
        let texts = choices.map { "\"\($0)\"" }.joined(separator: ", ")
        items += """
          {"id": "q\(number)", "question": "Where is thing \(number)?", "answerKey": "\(Self.letters[number % 5])", \
          "choices": {"label": ["A", "B", "C", "D", "E"], "text": [\(texts)]}, \
          "split": "\(number < Self.train ? "train" : "test")"}\n
          """
        let (a, b) = (Self.answer(of: "a", to: number), Self.answer(of: "b", to: number))
        let word = choices[Self.letters.firstIndex(of: b) ?? 0]
        replies += """
          {"id": "q\(number)", "teacher": "a", "reply": " A thing has a place. So the answer is (\(a.lowercased()))."}
          {"id": "q\(number)", "teacher": "b", "reply": "\(b). \(word)\\n\\nA \(word) is the usual place."}\n
          """
      }
      try Data(items.utf8).write(to: data.appending(path: "items.jsonl"))
      try Data(replies.utf8).write(to: data.appending(path: "replies.jsonl"))
      try TinyModels.writeTextDecoder(to: world.folder.appending(path: "decoder"))
      try await body(
        world.with { c in
          c.data.fields = .init()
          (c.data.fields.image, c.data.fields.text, c.data.fields.label) = (nil, "question", "answerKey")
          (c.data.fields.split, c.data.fields.evidence) = ("split", ["choices": "choices"])
          c.labels = Self.letters.map { .init(name: $0) }
          c.positive = nil
          c.evaluation.results = .init([.teachers, .stage1, .twoStage])
          c.prompt = "{text}\n{choices}\nAnswer with the letter."
          c.student.model = world.folder.appending(path: "decoder").path
          for index in c.teachers.indices {
            var source = RecordedTeacherConfiguration(file: data.appending(path: "replies.jsonl").path)
            source.columns.reply = "reply"
            c.teachers[index].source = .recorded(source)
          }
        })
    }
  }

  @Test func `questions with five choices and teachers' whole replies end in a report`() async throws {
    try await withQuestions { world in
      try await world.run().run()
      let all = try await world.run().openStore().all()
      #expect(all.count == 2 * (Self.train + Self.test))
      for row in all {
        let number = try #require(Int(row.item.dropFirst()))
        #expect(row.reply.label == Self.answer(of: row.teacher, to: number))
        #expect(row.reply.rationale.contains("place"))
      }
      let evaluation = try #require(try world.run().evaluation)
      #expect(evaluation.testItems == Self.test)
      // Of the ten test questions, 24 to 33, a is wrong on 24 and 30, b on 25, 29 and 33.
      #expect(evaluation.results["teacher:a"]?.accuracy == 0.8)
      #expect(evaluation.results["teacher:b"]?.accuracy == 0.7)
      #expect(world.exists("report.html"))
      let predictions = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(predictions.count == Self.train + Self.test)
    }
  }
}
