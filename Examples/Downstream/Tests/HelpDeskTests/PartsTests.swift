import Annotations
import Foundation
import HelpDesk
import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import Testing

/// What swift-distillation's own checks and seams say about parts that somebody else wrote.
struct PartsTests {
  private let student = WordStudent(vocabulary: ["a red apple", "a blue sky", "yes no"])

  @Test func `the agreement rule keeps what every rule must`() {
    let rule = TrustRule(trust: ["a": 1, "b": 1, "c": 0.5])
    #expect(AgreementCheck(labels: ["urgent", "routine"]).problems(of: rule).isEmpty)
    let votes = [("a", "urgent"), ("b", "urgent"), ("c", "routine")].map { Vote(teacher: $0, label: $1) }
    #expect(rule.verdict(on: votes) == .agreed("urgent"))  // 2 against 0.5
    #expect(rule.verdict(on: [votes[0], votes[2]]) == .agreed("urgent"))  // 1 against 0.5
    #expect(TrustRule(trust: [:]).verdict(on: [votes[0], votes[2]]) == .conflict)  // 1 against 1
  }

  @Test func `the teacher keeps what every teacher must`() async throws {
    let labels = try HelpDeskTask.labels()
    let requests = try HelpDeskTask(training: 20, test: 0, seed: 1).training.map {
      try TeacherRequest(item: $0, template: PromptTemplate("{text}"), labels: labels)
    }
    let teacher = KeywordTeacher("t", alarming: HelpDeskTask.commonDangers, calming: ["drill"])
    #expect(await TeacherCheck(requests: requests).problems(of: teacher).isEmpty)
  }

  @Test func `an answer tree's scores are those of separate sequences`() throws {
    var student = student
    try train(&student, on: [.init(255, 0, 0): "yes", .init(0, 0, 255): "no"])
    let tree = try student.tree(question: "a red sky", images: [], answers: ["yes", "no yes", "apple"])
    let together = student.logProbabilities(of: [tree]).logProbabilities.scalars
    let apart = SeparateSequences(student).logProbabilities(of: [tree]).logProbabilities.scalars
    #expect(together.count == 2 + 3 + 2)
    for (a, b) in zip(together, apart) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func `it learns what only the picture tells`() throws {
    var student = student
    try train(&student, on: [.init(255, 0, 0): "yes", .init(0, 0, 255): "no"])
    let image = student.encoded(student.image(RGBImage(width: 3, height: 2, fill: .init(250, 5, 5))))
    let tree = try student.tree(question: "a sky", images: [image], answers: ["yes", "no"])
    let probabilities = student.answerProbabilities([tree])
    #expect(probabilities[0][0] > 0.9)
    var generator = Tensor.Generator(seed: 0)
    let said = student.generate([tree], maximumTokens: 4, sampling: Sampling(), using: &generator)
    #expect(said.map(\.text) == ["yes"])
    #expect(said.map(\.isComplete) == [true])
  }

  @Test func `empty questions and answers are refused`() {
    #expect(throws: StudentError.empty("question")) { try student.tree(question: " ", images: [], answers: ["yes"]) }
    #expect(throws: StudentError.empty("answer")) { try student.tree(question: "a", images: [], answers: ["?"]) }
  }

  /// Plain gradient steps, without the trainer.
  private func train(_ student: inout WordStudent, on colours: KeyValuePairs<RGBImage.Pixel, String>) throws {
    let trees = try colours.map { colour, answer in
      let image = student.image(RGBImage(width: 2, height: 2, fill: colour))
      return try student.tree(question: "a sky", images: [image], answers: [answer])
    }
    var optimizer = AdamW()
    for _ in 0..<100 {
      let gradients = student.valueAndGradients { student in
        AnswerLoss()(student.logProbabilities(of: trees), total: AnswerLoss().weight(of: trees))
      }.gradients
      optimizer.update(&student, gradients: gradients, learningRate: 0.1)
    }
  }
}
