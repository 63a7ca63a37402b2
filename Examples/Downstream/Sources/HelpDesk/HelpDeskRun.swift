import Annotations
import Foundation
import LoRA
import TeacherProtocol
import TwoStage

/// What came out of ``HelpDeskRun``.
public struct HelpDeskOutcome: Sendable, Equatable {
  /// Test accuracy of each teacher, 0...1, in their order.
  public var teachers: [Double]
  /// Training messages on which the teachers do not agree.
  public var conflicts: Int
  /// Human labels that were read.
  public var labelsSpent: Int
  /// Test accuracy after stage 1.
  public var stage1: Double
  /// Test accuracy after stage 2.
  public var stage2: Double
  /// What the student says to the first test message.
  public var sample: String
}

/// The two-stage method over parts of our own: three teachers, an agreement rule and a student.
public struct HelpDeskRun: Sendable {
  private let task: HelpDeskTask
  private let budget: Int
  private let seed: UInt64
  private let teachers: [KeywordTeacher] = [
    KeywordTeacher("alarmed", alarming: HelpDeskTask.commonDangers + HelpDeskTask.rareDangers),
    KeywordTeacher("careful", alarming: HelpDeskTask.commonDangers, calming: ["drill"]),
    KeywordTeacher("hasty", alarming: HelpDeskTask.commonDangers + HelpDeskTask.rareDangers, attention: 3),
  ]

  /// A run over a task, with at most `budget` human labels.
  public init(task: HelpDeskTask, budget: Int, seed: UInt64) {
    self.task = task
    self.budget = budget
    self.seed = seed
  }

  /// Annotates, trains both stages and evaluates; replies are kept in `folder`.
  public func run(in folder: URL) async throws -> HelpDeskOutcome {
    let labels = try HelpDeskTask.labels()
    var method = TwoStageDistillation(labels: labels, prompt: try PromptTemplate("Is this urgent? {text}"))
    method.agreement = TrustRule(trust: ["alarmed": 1, "careful": 1, "hasty": 0.5])
    method.options.adapter.targets = .names(["head"])
    method.options.stage1.epochs = 10
    method.options.stage1.learningRate = 0.02
    method.options.stage2.epochs = 10
    method.options.stage2.learningRate = 0.01
    method.options.seed = seed
    // Every word of an answer: a teacher's reason names words of the message.
    let answers = try labels.names.map { try AnswerTemplate().answer($0, labels: labels) } + KeywordTeacher.reasons
    let training = Dataset(items: task.training, root: folder)
    let test = Dataset(items: task.test, root: folder)
    let store = try JSONLinesAnnotationStore(folder.appendingPathComponent("replies.jsonl"))
    let people = try OracleLabelSource(gold: task.gold, budget: budget)
    let outcome = try await method.distill(
      training, into: WordStudent(vocabulary: task.training.map(\.text) + answers), teachers: teachers, people: people,
      store: store)

    func accuracy(_ student: WordStudent) async throws -> Double {
      share(try await method.predictions(for: task.test, in: test, by: student).map(\.label))
    }
    let votes = try await method.annotate(test, teachers: teachers, store: store).votes
    let said = try await method.predictions(for: [task.test[0]], in: test, by: outcome.student, rationaleTokens: 12)
    return HelpDeskOutcome(
      teachers: votes.teachers.indices.map { teacher in share(votes.votes.map { $0[teacher] }) },
      conflicts: outcome.conflicts.count, labelsSpent: await people.spent,
      stage1: try await accuracy(outcome.stage1), stage2: try await accuracy(outcome.student),
      sample: said[0].rationale ?? "")
  }

  /// The share of right answers to the test messages.
  private func share(_ answers: [String?]) -> Double {
    Double(zip(task.test, answers).count { task.gold.answer(of: $0.id) == $1 }) / Double(answers.count)
  }
}
