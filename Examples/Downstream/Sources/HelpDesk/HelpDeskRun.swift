import Annotations
import DPO
import Distillation
import Foundation
import LanguageModel
import Layers
import LoRA
import Student
import TeacherProtocol
import Tensor

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
  private let rule = TrustRule(trust: ["alarmed": 1, "careful": 1, "hasty": 0.5])

  /// A run over a task, with at most `budget` human labels.
  public init(task: HelpDeskTask, budget: Int, seed: UInt64) {
    self.task = task
    self.budget = budget
    self.seed = seed
  }

  /// Annotates, trains both stages and evaluates; replies are kept in `folder`.
  public func run(in folder: URL) async throws -> HelpDeskOutcome {
    let labels = try HelpDeskTask.labels()
    let template = AnswerTemplate()
    let store = try JSONLinesAnnotationStore(folder.appendingPathComponent("replies.jsonl"))
    let annotator = try Annotator(
      store: store, labels: labels,
      assignments: try teachers.map { .init(teacher: $0, template: try PromptTemplate("Is this urgent? {text}")) })
    let all = Dataset(items: task.training + task.test, root: folder)
    let training = try await annotator.annotate(all, items: task.training)
    let judgements = training.judgements(by: rule)
    func answer(_ annotation: Annotation) throws -> (label: String, text: String)? {
      guard let label = annotation.reply.label else { return nil }
      return (label, try template.answer(label, rationale: annotation.reply.rationale, labels: labels))
    }

    // Stage 1: every agreed message, with the answers of the teachers that agree.
    let human = try labels.names.map { try template.answer($0, labels: labels) }
    var student = WordStudent(
      vocabulary: try task.training.map(\.text) + human
        + training.annotations.joined().compactMap { try answer($0)?.text })
    var generator = Tensor.Generator(seed: seed).fork("adapter")
    var adapter = LoRAConfiguration()
    adapter.targets = .names(["head"])
    try student.attachAdapters(adapter, using: &generator)
    let agreed = try judgements.compactMap { judgement -> AnswerTree? in
      guard let label = judgement.label else { return nil }
      let answers = try judgement.annotations.compactMap(answer).filter { $0.label == label }.map(\.text)
      return try student.tree(question: judgement.item.text, images: [], answers: answers)
    }
    try Trainer(stage: "stage1", options: options(rate: 0.02), seed: seed)
      .train(&student, objective: SupervisedObjective(agreed))
    let stage1 = try accuracy(of: student, labels)

    // Stage 2: people decide some of the conflicts; answers with their label are preferred to the others.
    let source = try OracleLabelSource(gold: task.gold, budget: budget)
    let conflicts = RandomOrder(seed: seed).ordered(judgements.compactMap(\.conflict))
    let decided = try await source.labels(for: conflicts.map(\.item))
    let pairs = try conflicts.compactMap { conflict -> PreferenceTree? in
      guard let label = decided[conflict.item.id] else { return nil }
      let answers = try conflict.annotations.compactMap(answer)
      let tree = try student.tree(question: conflict.item.text, images: [], answers: answers.map(\.text))
      return PreferenceTree(
        tree: tree, chosen: answers.indices.filter { answers[$0].label == label },
        rejected: answers.indices.filter { answers[$0].label != label })
    }
    let preference = PreferenceTrainingObjective(
      pairs, reference: PreferenceTrainingObjective.reference(of: pairs, under: student),
      objective: PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1)), beta: 0.1)
    try Trainer(stage: "stage2", options: options(rate: 0.01), seed: seed).train(&student, objective: preference)

    var random = Tensor.Generator(seed: seed)
    let question = try student.tree(question: task.test[0].text, images: [], answers: [])
    return HelpDeskOutcome(
      teachers: try await teacherAccuracy(annotator, all), conflicts: conflicts.count,
      labelsSpent: await source.spent, stage1: stage1, stage2: try accuracy(of: student, labels),
      sample: student.generate([question], maximumTokens: 12, sampling: Sampling(), using: &random)[0].text)
  }

  private func options(rate: Float) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochs = 10
    options.learningRate = rate
    return options
  }

  /// The share of test messages whose right label is the more probable one.
  private func accuracy(of student: WordStudent, _ labels: LabelSet) throws -> Double {
    let trees = try task.test.map { item -> AnswerTree in
      var tree = try student.tree(question: item.text, images: [], answers: labels.labels.map(\.answer))
      // The label alone is scored, not that the answer ends after it.
      tree.answers = tree.answers.map { $0.dropLast() }
      return tree
    }
    let probabilities = student.answerProbabilities(trees)
    return share(zip(task.test, probabilities).map { item, p in (item, labels.names[p[0] >= p[1] ? 0 : 1]) })
  }

  private func teacherAccuracy(_ annotator: Annotator, _ all: Dataset) async throws -> [Double] {
    let votes = try await annotator.annotate(all, items: task.test).votes
    return votes.teachers.indices.map { t in share(zip(task.test, votes.votes).map { ($0, $1[t]) }) }
  }

  private func share(_ answers: [(Item, String?)]) -> Double {
    Double(answers.count { task.gold.label(of: $0.0.id) == $0.1 }) / Double(answers.count)
  }
}
