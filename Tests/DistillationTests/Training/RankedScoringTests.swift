import Distillation
import Foundation
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import TestSupport
import Testing
import Training
import TwoStage

/// What is dealt out to several ranks against what one process computes.
@Suite struct RankedScoringTests {
  private static let counts = [2, 3, 5]

  private func trees(_ student: SmolVLM) throws -> [AnswerTree] {
    try (0..<11).map { number in
      try student.tree(question: "Is item \(number / 2) urgent?", images: [], answers: ["Yes", "No, it is not"])
    }
  }

  @Test func `scores of answers are the same bits on any number of ranks`() throws {
    let student = try TinyModels.student()
    let trees = try trees(student)
    let one = student.answerTokens(of: trees, batch: 2)
    let totals = student.answerTotals(of: trees, batch: 2)
    #expect(one.count == 11)
    for count in Self.counts {
      let all = try ThreadRanks.results(count) { ranks in
        (
          try student.answerTokens(of: trees, batch: 2, ranks: ranks),
          try student.answerTotals(of: trees, batch: 2, ranks: ranks)
        )
      }
      for own in all { #expect(own.0 == one && own.1 == totals, "\(count) ranks") }
    }
  }

  @Test func `texts after scores are the same on any number of ranks`() throws {
    let student = try TinyModels.student()
    let prompts = try trees(student).map { ScoredPrompt(tree: $0, beginnings: $0.answers) { $0[0] > $0[1] ? 0 : 1 } }
    let one = try student.scoredGenerations(of: prompts, batch: 2, maximumTokens: 5)
    #expect(one.contains { !$0.generation.tokens.isEmpty })
    for count in Self.counts {
      let all = try ThreadRanks.results(count) { ranks in
        try student.scoredGenerations(of: prompts, batch: 2, maximumTokens: 5, ranks: ranks)
      }
      for own in all {
        #expect(own.map(\.totals) == one.map(\.totals) && own.map(\.generation) == one.map(\.generation))
      }
    }
  }

  private struct Damaged: Error {}

  /// Says what it was asked, and notes how many times.
  private struct Echo: ComputedTeacher {
    let name = "echo"
    let calls = Counter()

    func answers(to requests: [TeacherRequest]) throws -> [TeacherReply] {
      calls.add()
      return try requests.map { request in
        if request.prompt == "damaged" { throw Damaged() }
        if request.prompt == "gone" { throw TeacherUnavailable(teacher: name, reason: "it is gone") }
        // A number with more digits than are printed by default, and neighbours that are part of what is said.
        var reply = TeacherReply(
          outcome: request.prompt.isEmpty ? .abstained : .answered("yes"), rationale: "\(requests.count) at once",
          confidence: Confidence(1 / 3.0 - 1e-16, source: .labelTokenProbability), raw: "Yes\u{0}\(request.prompt)",
          usage: .init(inputTokens: 3, outputTokens: 4))
        reply.isRationaleCut = request.prompt == "long"
        return reply
      }
    }

    func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] { try answers(to: requests) }
  }

  @Test func `each call to a teacher is computed by one rank, whole, and all have its replies or its error`() throws {
    let labels = try LabelSet(
      [.init(name: "yes", answer: "Yes"), .init(name: "no", answer: "No")], positive: "yes")
    let prompts = [["a", "long", ""], ["b"], ["c", "damaged"], ["gone"], ["d", "e"]]
    let calls = prompts.map { call in
      call.map { TeacherRequest(item: Item(id: $0, fields: [:]), prompt: $0, promptVersion: "1", labels: labels) }
    }
    let echo = Echo()
    let one = calls.map { call in Result { try echo.answers(to: call) } }
    #expect(echo.calls.count == 5)
    for count in Self.counts {
      let teacher = Echo()
      let all = try ThreadRanks.results(count) { try $0.replies(to: calls, of: teacher) }
      #expect(teacher.calls.count == 5, "\(count) ranks")
      for own in all {
        for (found, expected) in zip(own, one) {
          switch (found, expected) {
          case (.success(let found), .success(let expected)): #expect(found == expected)
          case (.failure(let found), .failure(let expected)):
            #expect("\(found)" == "\(expected)" && found is TeacherUnavailable == expected is TeacherUnavailable)
          default: Issue.record("\(found) in place of \(expected)")
          }
        }
        #expect(own.count == 5)
      }
    }
  }

  @Test func `each image is read by one of the ranks`() throws {
    let items = (0..<7).map { number in
      Item(id: "\(number)", imageSlots: [ImageSlot(name: "image", paths: ["\(number % 5).png"])], fields: [:])
    }
    let dataset = Dataset(items: items, root: URL(filePath: "/pictures"))
    let reads = Counter()
    _ = try ThreadRanks.results(3) { ranks in
      try StudentImages(of: items, in: dataset, ranks: ranks, progress: { _, _ in }) { url in
        reads.add()
        if url.lastPathComponent == "3.png" { throw Damaged() }
        return .features(Tensor([1, 2], shape: [1, 2]))
      }
    }
    #expect(reads.count == 5)
  }

  @Test(arguments: [true, false])
  func `an image comes out of a message as it went in`(areFeatures: Bool) {
    let tensor = Tensor([4, -0.0, 0.1, .leastNonzeroMagnitude], shape: [1, 2, 2])
    var image = PromptImage(
      areFeatures ? .features(tensor) : .pixels(tensor), rows: 2, columns: 3, width: 40, height: 50)
    image.place = 7
    let read = PromptImage(bytes: image.bytes)
    switch (image.content, read.content) {
    case (.features(let sent), .features(let got)), (.pixels(let sent), .pixels(let got)):
      #expect(got.shape == sent.shape && got.scalars.map(\.bitPattern) == sent.scalars.map(\.bitPattern))
    default: Issue.record("\(read.content)")
    }
    let numbers: [Int] = [read.rows, read.columns, read.width, read.height, read.place]
    #expect(numbers == [2, 3, 40, 50, 0])
  }

  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0
    var count: Int { lock.withLock { value } }
    func add() { lock.withLock { value += 1 } }
  }
}
