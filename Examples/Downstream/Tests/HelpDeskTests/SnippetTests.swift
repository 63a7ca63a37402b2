import Annotations
import Training
import Foundation
import HelpDesk
import Layers
import TeacherProtocol
import Testing

/// The snippet of Documentation/Library.md word for word: `.ci/check-snippets` compares them.
struct SnippetTests {
  @Test func `the library page's snippet trains a student and lists conflicts`() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("snippet-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let task = HelpDeskTask(training: 60, test: 0, seed: 1)
    let data = Dataset(items: task.training, root: folder)
    let labels = try HelpDeskTask.labels()
    let dangers = HelpDeskTask.commonDangers
    let teachers = [
      KeywordTeacher("alarmed", alarming: dangers), KeywordTeacher("careful", alarming: dangers, calming: ["drill"]),
    ]
    var student = WordStudent(vocabulary: task.training.map(\.text) + labels.names)
    var options = TrainingOptions()
    options.learningRate = 0.05

    let store = try JSONLinesAnnotationStore(folder.appendingPathComponent("replies.jsonl"))
    let question = try PromptTemplate("Is this urgent? {text}")
    let annotator = try Annotator(
      store: store, labels: labels, assignments: teachers.map { .init(teacher: $0, template: question) })
    let judgements = try await annotator.annotate(data).judgements(by: UnanimousRule())

    // Where they agree, their label is the student's target …
    let trees = try judgements.compactMap { judgement in
      try judgement.label.map { try student.tree(question: judgement.item.text, images: [], answers: [$0]) }
    }
    try Trainer(stage: "stage1", options: options, seed: 1).train(&student, on: trees)

    // … and where they conflict, these are the items on which a human label teaches most.
    let toReview = DisagreementConfidenceOrder().ordered(judgements.compactMap(\.conflict)).map(\.item)

    #expect(!toReview.isEmpty)
    #expect(trees.count + toReview.count == data.items.count)
    #expect(toReview.allSatisfy { $0.text.hasSuffix("only a drill") })
    let scores = student.logProbabilities(of: trees).isGreedy
    #expect(scores.count { $0 } > scores.count * 9 / 10)
  }
}
