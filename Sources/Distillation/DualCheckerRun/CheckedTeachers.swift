internal import Annotations
public import DualChecker
internal import Foundation
#if Run
  internal import SQLiteStore
#endif
public import Student
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Training

/// The teachers of a DualChecker run, made from its configuration.
struct CheckedTeachers {
  private let run: CheckedRun
  private let task: LabellingTask
  private let hashed: HashedNGramEncoder

  init(_ run: CheckedRun, task: LabellingTask, hashed: HashedNGramEncoder) {
    (self.run, self.task, self.hashed) = (run, task, hashed)
  }

  func teacher(_ configuration: CheckedTeacherConfiguration) throws -> any Teacher {
    switch configuration.kind {
    case .inContext:
      return InContextTeacher(
        configuration.name, task: task, method: configuration.decides, confidence: configuration.confidence.source,
        encoder: hashed)
    case .openAI:
      let entry = TeacherConfiguration(name: configuration.name, source: .openAI(configuration.service))
      guard let teacher = try run.makeTeacher?(entry, task.labels) else {
        throw RunError.noMaker(teacher: configuration.name, kind: configuration.kind.rawValue)
      }
      return RememberingTeacher(teacher, store: try store())
    }
  }

  private func store() throws -> any AnnotationStore {
    let place = URL(filePath: NSString(string: run.configuration.store).expandingTildeInPath)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    #if Run
      return try SQLiteAnnotationStore(place.appending(path: "annotations.sqlite"))
    #else
      return try JSONLinesAnnotationStore(place.appending(path: "annotations.jsonl"))
    #endif
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

/// A teacher that is asked nothing twice, by whichever run.
struct RememberingTeacher: Teacher {
  private let teacher: any Teacher
  private let store: any AnnotationStore

  init(_ teacher: any Teacher, store: any AnnotationStore) {
    self.teacher = teacher
    self.store = store
  }

  var name: String { teacher.name }
  var model: String { teacher.model }
  var answersByItem: Bool { teacher.answersByItem }

  func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let key = Annotation.key(teacher: teacher, request: request)
    if let known = try await store.annotations(forKeys: [key])[key] { return known.reply }
    let reply = try await teacher.reply(to: request)
    try await store.append([
      Annotation(teacher: teacher, request: request, reply: reply, time: Date().timeIntervalSince1970)
    ])
    return reply
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
  public var prompt: String { embedder.prompt }

  /// The vectors of this embedder.
  public init(_ embedder: SentenceEmbedder) { self.embedder = embedder }

  /// The vectors of the texts; a text with nothing in it has one too, that of its marks.
  public func vectors(for texts: [String]) async throws -> [[Float]] {
    try await onOwnThread { [embedder] in try embedder.vectors(for: texts) }
  }
}

extension CheckedTeacherConfiguration.ConfidenceSource {
  var source: Confidence.Source {
    switch self {
    case .probability: .labelTokenProbability
    case .agreement: .agreement
    case .verbalised: .verbalised
    }
  }
}

extension CheckedTeacherConfiguration {
  /// How the teacher is to answer.
  func parameters(for task: LabellingTask) -> TeacherParameters {
    guard kind == .openAI else { return TeacherParameters() }
    // A form for labels, and a vote over them, would be in the way of spans, which have a form of their own.
    let hasLabels = task.kind != .spans
    return TeacherParameters(
      temperature: service.temperature, maximumTokens: service.maximumTokens, samples: hasLabels ? service.samples : 1,
      seed: service.seed, answersInJSON: hasLabels && service.answer == .json,
      statesConfidence: hasLabels && service.statesConfidence, isRepaired: hasLabels && service.repairs)
  }
}
