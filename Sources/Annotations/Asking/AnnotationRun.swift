import Foundation
public import TeacherProtocol

/// How far an annotator has come.
public struct AnnotationProgress: Sendable, Equatable {
  /// Questions that are answered, were answered before, or failed.
  public var done: Int
  /// Items times teachers.
  public var total: Int
  /// Of those done, how many were in the store already.
  public var alreadyStored: Int
  /// Of those done, how many failed.
  public var failed: Int
  /// Since the start.
  public var seconds: Double
}

/// What an annotator ended with.
public struct AnnotationRun: Sendable {
  /// A question without a reply.
  public struct Failure: Sendable, Equatable, CustomStringConvertible {
    /// The item.
    public let item: String
    /// The teacher.
    public let teacher: String
    /// Why.
    public let reason: String

    /// A failure.
    public init(item: String, teacher: String, reason: String) {
      self.item = item
      self.teacher = teacher
      self.reason = reason
    }

    /// One line.
    public var description: String { "item '\(item)', teacher '\(teacher)': \(reason)" }
  }

  /// The items, in order.
  public let items: [Item]
  /// The teachers' names, in order.
  public let teachers: [String]
  /// The replies, axes (item, teacher); a failed question is left out.
  public let annotations: [[Annotation]]
  /// Questions without a reply, by teacher and then item.
  public let failures: [Failure]
  /// How many questions were asked in this run, and not found in the store.
  public let asked: Int

  /// A run from its parts.
  ///
  /// - Precondition: one list of annotations per item.
  public init(items: [Item], teachers: [String], annotations: [[Annotation]], failures: [Failure] = [], asked: Int = 0)
  {
    precondition(
      items.count == annotations.count, "AnnotationRun: \(items.count) items, \(annotations.count) lists of annotations"
    )
    self.items = items
    self.teachers = teachers
    self.annotations = annotations
    self.failures = failures
    self.asked = asked
  }

  /// What the replies on each item amount to by a rule, in the order of the items.
  public func judgements(by rule: any AgreementRule) -> [Judgement] {
    zip(items, annotations).map { Judgement(item: $0, annotations: $1, rule: rule) }
  }

  /// Who voted how.
  public var votes: VoteTable {
    VoteTable(
      teachers: teachers, items: items.map(\.id),
      votes: annotations.map { row in
        let labels = Dictionary(row.map { ($0.teacher, $0.reply.label) }, uniquingKeysWith: { first, _ in first })
        return teachers.map { labels[$0] ?? nil }
      })
  }
}

/// Counts what is done, from several tasks.
final class ProgressCounter: Sendable {
  private struct State {
    var progress: AnnotationProgress
    var asked = 0
  }

  private let state: Locked<State>
  private let report: (@Sendable (AnnotationProgress) -> Void)?
  private let start = ContinuousClock().now

  init(total: Int, report: (@Sendable (AnnotationProgress) -> Void)?) {
    let progress = AnnotationProgress(done: 0, total: total, alreadyStored: 0, failed: 0, seconds: 0)
    state = Locked(State(progress: progress))
    self.report = report
  }

  var asked: Int { state.withLock { $0.asked } }

  func add(answered: Int = 0, alreadyStored: Int = 0, failed: Int = 0) {
    guard answered + alreadyStored + failed > 0 else { return }
    state.withLock { state in
      state.asked += answered
      state.progress.done += answered + alreadyStored + failed
      state.progress.alreadyStored += alreadyStored
      state.progress.failed += failed
      let elapsed = (ContinuousClock().now - start).components
      state.progress.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
      report?(state.progress)
    }
  }
}

/// Image digests, each file read once per run whatever the number of teachers.
final class ImageDigests: Sendable {
  private let data: Dataset
  private let known = Locked<[String: Result<ImageReference, TeacherProtocolError>]>([:])

  init(_ data: Dataset) { self.data = data }

  func reference(for item: Item) throws(TeacherProtocolError) -> ImageReference? {
    guard let image = item.image, let url = data.imageURL(of: item) else { return nil }
    if let earlier = known.withLock({ $0[image] }) { return try earlier.get() }
    let result = Result { () throws(TeacherProtocolError) in try ImageReference(contentsOf: url) }
    known.withLock { $0[image] = result }
    return try result.get()
  }
}
