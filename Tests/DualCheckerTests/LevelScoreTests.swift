import DualChecker
import Foundation
import TeacherProtocol
import Testing

@Suite struct LevelScoreTests {
  private func task(ordered: Bool = true) throws -> LabellingTask {
    LabellingTask(classes: try LabelSet(["low", "mid", "high"].map { .init(name: $0) }, ordered: ordered))
  }

  @Test func `answers to classes that are levels are compared level by level`() throws {
    let gold: [TaskAnswer] = [.label("low"), .label("mid"), .label("high"), .label("high")]
    let score = try task().score(
      [.label("low"), .label("high"), nil, .label("high")], against: gold, texts: ["", "", "", ""])
    let levels = try #require(score.levels)
    // Distances 0, 1, 2 (farthest, since it has no answer) and 0.
    #expect(levels.meanAbsoluteError == 0.75 && levels.unanswered == 1)
    #expect(abs(try #require(levels.quadraticKappa) - 2.0 / 7) < 1e-12)
    #expect(levels.expectedLevelError == nil)
    #expect(score.accuracy == 0.5)
    #expect(try JSONDecoder().decode(TaskScore.self, from: JSONEncoder().encode(score)) == score)
  }

  @Test func `a student's predictions have expected levels`() throws {
    let predictions = [
      StudentPrediction(answer: .label("low"), probabilities: [0.75, 0.25, 0]),
      StudentPrediction(answer: .label("high"), probabilities: [0, 0.25, 0.75]),
    ]
    let score = try task().score(predictions, against: [.label("low"), .label("mid")], texts: ["", ""])
    // 0.25 from level 0, 1.75 from level 1.
    #expect(score.levels?.expectedLevelError == 0.5)
    #expect(score.levels?.meanAbsoluteError == 0.5)
  }

  /// As in the other method: the first of the classes is no better than the others.
  @Test func `a student has no answer where several classes are equally probable, which counts as wrong`() throws {
    let tied = StudentPrediction(answer: .label("low"), probabilities: [0.4, 0.2, 0.4])
    let sure = StudentPrediction(answer: .label("low"), probabilities: [0.5, 0.25, 0.25])
    #expect(tied.isTied && tied.decided == nil && tied.answer == .label("low"))
    #expect(!sure.isTied && sure.decided == .label("low"))
    #expect(StudentPrediction(answer: .spans([]), probabilities: [0.5, 0.5]).decided == .spans([]))
    let score = try task(ordered: false).score(
      [tied, sure], against: [.label("low"), .label("low")], texts: ["", ""])
    #expect(score.accuracy == 0.5)
  }

  @Test func `classes without an order, spans, and no items have none`() throws {
    #expect(try task(ordered: false).score([.label("low")], against: [.label("mid")], texts: [""]).levels == nil)
    #expect(try task().score([TaskAnswer?](), against: [], texts: []).levels == nil)
    let spans = try Fixture.causes().score([.spans([])], against: [.spans([])], texts: ["a"])
    #expect(spans.levels == nil)
    // What was written before there were levels is still read.
    let old = #"{"parts": [], "tokens": [], "items": 0, "exact": 0}"#
    #expect(try JSONDecoder().decode(TaskScore.self, from: Data(old.utf8)).levels == nil)
  }
}
