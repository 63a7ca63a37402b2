public import TeacherProtocol

/// An answer to learn, and how much it counts.
public struct TrainingExample: Sendable, Equatable {
  /// The item.
  public var item: Item
  /// The answer that is learned.
  public var answer: TaskAnswer
  /// How much it counts, 0...1: the calibrated confidence of a teacher, 1 for a gold label.
  public var weight: Double
  /// Other answers that it may have as well, each with its probability; the answer itself has what they leave of 1. An encoder
  /// learns all of them, a decoder the answer alone. The default is none.
  package var alternatives: [ProbableAnswer] = []

  /// An example.
  public init(item: Item, answer: TaskAnswer, weight: Double = 1) {
    self.item = item
    self.answer = answer
    self.weight = weight
  }
}

/// An answer that may be right.
package struct ProbableAnswer: Sendable, Equatable, Codable {
  /// The answer.
  package var answer: TaskAnswer
  /// How probable it is, 0...1.
  package var probability: Double

  /// An answer of this probability.
  package init(_ answer: TaskAnswer, probability: Double) {
    self.answer = answer
    self.probability = probability
  }
}

/// A student that learns while items are being labelled.
///
/// ``OnlineStudentCheck`` tries a conformer out.
public protocol OnlineStudent: Sendable {
  /// Learns from some examples, once: fresh ones, and older ones that are shown again.
  mutating func fit(_ batch: [TrainingExample]) async throws
  /// The student's predictions for the items, in their order.
  func predictions(for items: [Item]) async throws -> [StudentPrediction]
}

/// Tries a student out: what every conformer of ``OnlineStudent`` must keep, checked from outside.
public struct OnlineStudentCheck: Sendable {
  /// What it is asked and taught.
  package let task: LabellingTask
  /// What it is taught, at least two examples with different answers.
  package let examples: [TrainingExample]
  /// How often it is taught them.
  package let rounds: Int

  /// A check with these examples.
  public init(task: LabellingTask, examples: [TrainingExample], rounds: Int = 40) {
    self.task = task
    self.examples = examples
    self.rounds = rounds
  }

  /// The student's faults: not one prediction an item, answers or probabilities that the task does not have, an item
  /// that is answered otherwise alone than among others, nothing learned from the examples.
  public func problems(of student: some OnlineStudent) async throws -> [String] {
    var (student, problems) = (student, [String]())
    let items = examples.map(\.item)
    for _ in 0..<rounds { try await student.fit(examples) }
    let together = try await student.predictions(for: items)
    guard together.count == items.count else { return ["\(together.count) predictions for \(items.count) items"] }
    for (item, prediction) in zip(items, together) {
      if task.answer(key: prediction.answer.key) == nil {
        problems.append("'\(item.id)' has the answer '\(prediction.answer.key)'")
      }
      if prediction.probabilities.contains(where: { !(-1e-6...1.000_001).contains($0) }) {
        problems.append("'\(item.id)' has probabilities outside of 0...1")
      }
      if task.kind != .spans, prediction.probabilities.count != task.names.count {
        problems.append(
          "'\(item.id)' has \(prediction.probabilities.count) probabilities for \(task.names.count) classes")
      }
      if try await student.predictions(for: [item]).map(\.answer) != [prediction.answer] {
        problems.append("'\(item.id)' is answered otherwise alone than among others")
      }
    }
    let right = zip(examples, together).count { $0.answer == $1.answer }
    if 2 * right < examples.count { problems.append("only \(right) of \(examples.count) taught answers were learned") }
    if try await !student.predictions(for: []).isEmpty { problems.append("no item has a prediction") }
    return problems
  }
}
