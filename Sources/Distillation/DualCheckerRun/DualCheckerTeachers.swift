internal import Annotations
public import DualChecker
internal import Layers
public import StudentModels
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Training

/// The teachers of a DualChecker run, made from its configuration.
struct DualCheckerTeachers: Sendable {
  /// What was spent on teachers behind services, and may be.
  let ledger: SpendingLedger
  private let run: DualCheckerRun
  private let task: LabellingTask
  private let conductor: StudentConductor
  private let hashed: HashedNGramEncoder
  /// Nil where no teacher stands behind a service: what answers in this process is not stored.
  private let store: (any AnnotationStore)?
  /// What is seen of the replies of teacher and second.
  let watches: [ReplyWatch]
  /// Called after every reply, an explanation too.
  let eachReply = Locked<(@Sendable () -> Void)?>(nil)
  /// Models in this process, read once.
  private let models = Locked<[String: any Teacher]>([:])

  /// - Parameter conductor: has other ranks compute along with this one.
  init(
    _ run: DualCheckerRun, task: LabellingTask, hashed: HashedNGramEncoder, conductor: StudentConductor
  ) throws {
    (self.run, self.task, self.hashed, self.conductor) = (run, task, hashed, conductor)
    let configuration = run.configuration
    let services = [configuration.teacher, configuration.second].compactMap(\.self).filter { $0.kind == .openAI }
    store = services.isEmpty ? nil : try run.openStore()
    ledger =
      services.isEmpty
      ? SpendingLedger()
      : try configuration.spending.ledger(
        for: run.folder, store: configuration.store, teachers: services.map(\.name),
        isDurable: configuration.storeIsDurable, run.reporter)
    let reporter = run.reporter
    watches = [configuration.teacher, configuration.second].compactMap(\.self).map {
      ReplyWatch(
        $0.name, stops: $0.kind == .openAI && configuration.spending.unreadable == .stop, tell: reporter.message)
    }
  }

  func teacher(_ configuration: DualCheckerTeacherConfiguration) throws -> any Teacher {
    let watch = watches[configuration == run.configuration.teacher ? 0 : watches.count - 1]
    // Explanations have no label.
    return WatchedTeacher(TaskTeacher(try made(configuration), task: task), watch: watch) { [eachReply] request in
      eachReply.withLock { $0 }?()
      return request.promptVersion != Explainer.promptVersion
    }
  }

  private func made(_ configuration: DualCheckerTeacherConfiguration) throws -> any Teacher {
    switch configuration.kind {
    case .model:
      if let known = models.withLock({ $0[configuration.name] }) { return known }
      let computed = try run.computedTeacher(configuration, task)
      let teacher: any Teacher = run.ranks.count > 1 ? RankedAsking(computed, conductor.teachers) : computed
      models.withLock { $0[configuration.name] = teacher }
      return teacher
    case .inContext:
      return InContextTeacher(
        configuration.name, task: task, method: configuration.decides, confidence: configuration.confidence.source,
        encoder: hashed)
    case .openAI:
      let entry = TeacherConfiguration(name: configuration.name, source: .openAI(configuration.service))
      guard let store, let teacher = try run.makeTeacher?(entry, task.labels) else {
        throw RunError.noMaker(teacher: configuration.name, kind: configuration.kind.rawValue)
      }
      return Asker(teacher, store: store, price: configuration.service.price, ledger: ledger)
    }
  }
}

extension DualCheckerRun {
  /// A model in this process as a teacher.
  func computedTeacher(
    _ teacher: DualCheckerTeacherConfiguration, _ task: LabellingTask
  ) throws -> any ComputedTeacher {
    try RunTeachers.teacher(
      teacher.name, teacher.model, task.labels, RunRules(of: folder), .stored, FileDigests(cache: nil))
  }
}

extension HashedNGramEncoder {
  /// Hashed n-grams of a length that suits these texts, weighed by how rare they are in them.
  init(suiting texts: [String]) {
    // Scripts without spaces have shorter words.
    let isDense = texts.prefix(50).joined().unicodeScalars.lazy.filter { $0.value > 0x2E80 }.count > 500
    self = HashedNGramEncoder(dimensions: 4096, lengths: isDense ? 1...3 : 4...6).fitted(to: texts)
  }
}

/// The vectors of a model folder as a sentence encoder.
///
/// ```swift
/// let encoder = FolderSentenceEncoder(try SentenceEmbedder(contentsOf: folder))
/// let aligner = try await ContextAligner(pool: pool, selection: .diverse, encoder: encoder)
/// ```
public struct FolderSentenceEncoder: SentenceEncoder {
  private let embedder: SentenceEmbedder

  /// What the embedder puts before each text.
  package var prompt: String { embedder.prompt }

  /// The vectors of this embedder.
  public init(_ embedder: SentenceEmbedder) { self.embedder = embedder }

  /// The vectors of the texts; a text with nothing in it has one too, that of its marks.
  public func vectors(for texts: [String]) async throws -> [[Float]] {
    try await onOwnThread { [embedder] in try embedder.vectors(for: texts) }
  }
}

extension DualCheckerTeacherConfiguration.ConfidenceSource {
  var source: Confidence.Source {
    switch self {
    case .probability: .labelTokenProbability
    case .agreement: .agreement
    case .verbalised: .verbalised
    }
  }
}

extension DualCheckerTeacherConfiguration {
  /// How the teacher is to answer.
  func parameters(for task: LabellingTask) -> TeacherParameters {
    // What a model in this process says behind its label, nobody reads.
    if kind == .model { return TeacherParameters(maximumTokens: 1) }
    guard kind == .openAI else { return TeacherParameters() }
    var parameters = service.parameters
    if task.kind == .spans {
      // A form for labels, and a vote over them, would be in the way of spans, which have a form of their own.
      parameters.samples = 1
      (parameters.answersInJSON, parameters.statesConfidence, parameters.isRepaired) = (false, false, false)
      parameters.answersByLabel = false
    }
    return parameters
  }
}
