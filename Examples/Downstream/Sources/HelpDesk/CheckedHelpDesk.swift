import DualChecker
import TeacherProtocol

/// A reply check of our own: a message that speaks of a drill is asked about again, with a hint, if it was called urgent.
public struct DrillCheck: ReplyCheck {
  /// The check.
  public init() {}

  /// The same question with the hint, once.
  public func followUp(to exchanges: [Exchange]) async throws -> TeacherRequest? {
    guard exchanges.count == 1, let first = exchanges.first, first.reply.label == "urgent",
      first.request.item.text.contains("drill")
    else { return nil }
    var request = first.request
    request.prompt = "Mind that it may be a drill.\n" + request.prompt
    request.promptVersion += "+drill"
    return request
  }
}

/// A student check of our own: what the student calls routine and the teacher urgent must not be missed.
public struct MissedAlarms: StudentCheck {
  /// The check.
  public init() {}

  /// Missed alarms, the student's surest first.
  public func borderline(among cases: [StudentCase]) -> [StudentCase] {
    cases.filter { $0.answer == .label("urgent") && $0.prediction.answer != $0.answer }
      .sorted { ($1.prediction.confidence, $0.item.id) < ($0.prediction.confidence, $1.item.id) }
  }
}

/// An online student of our own: naive Bayes over words, which learns by counting.
public struct CountingStudent: OnlineStudent, Equatable {
  private let labels: [String]
  private var words: [String: [Double]] = [:]
  private var texts: [Double]

  /// A student that has counted nothing.
  public init(labels: LabelSet) {
    self.labels = labels.names
    texts = labels.names.map { _ in 1 }
  }

  /// Counts the words of the examples, each by its weight.
  public mutating func fit(_ batch: [TrainingExample]) async throws {
    for example in batch {
      guard case .label(let name) = example.answer, let place = labels.firstIndex(of: name) else { continue }
      texts[place] += example.weight
      for word in Self.words(of: example.item.text) {
        words[word, default: labels.map { _ in 0.1 }][place] += example.weight
      }
    }
  }

  /// The likelier label by the words of each item.
  public func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    items.map { item in
      let found = Self.words(of: item.text).compactMap { words[$0] }
      var chances = labels.indices.map { place in found.reduce(texts[place]) { $0 * $1[place] / texts[place] } }
      let total = chances.reduce(0, +)
      chances = chances.map { total > 0 ? $0 / total : 1 / Double(labels.count) }
      let best = chances.indices.reduce(0) { chances[$1] > chances[$0] ? $1 : $0 }
      return StudentPrediction(answer: .label(labels[best]), probabilities: chances)
    }
  }

  private static func words(of text: String) -> [String] {
    text.lowercased().split { !$0.isLetter }.map(String.init)
  }
}

/// DualChecker with our own parts: a teacher labels messages while our student learns from them.
public struct CheckedHelpDesk: Sendable {
  /// The task.
  public let task: LabellingTask
  private let loop: DualCheckerLoop

  /// A help desk.
  ///
  /// - Parameters:
  ///   - teacher: who labels.
  ///   - pool: labelled messages, the only gold labels that are seen.
  ///   - messages: what is labelled.
  public init(
    labels: LabelSet, teacher: any Teacher, pool: [LabelledPool.Entry], messages: [Item]
  ) async throws {
    task = try LabellingTask(binary: labels)
    let aligner = try await ContextAligner(
      pool: LabelledPool(pool), selection: .labelBalanced, encoder: HashedNGramEncoder())
    var loop = DualCheckerLoop(
      task: task, teacher: teacher, aligner: aligner, items: messages,
      template: LabellingTemplate(instructions: ["Is this message to the help desk urgent?"]))
    loop.replyCheck = { _ in DrillCheck() }
    loop.studentCheck = MissedAlarms()
    self.loop = loop
  }

  /// Labels everything; gives back the student and what was done.
  public func run() async throws -> (student: CountingStudent, state: LoopState) {
    try await loop.run(CountingStudent(labels: task.labels))
  }
}
