public import TeacherProtocol

/// Asks every teacher about every item, keeps each reply before it counts, and asks nothing twice.
///
/// ```swift
/// let annotator = Annotator(store: store, labels: .outOfContext, assignments: [
///   .init(teacher: gpt, template: direct), .init(teacher: gemini, template: withEvidence),
/// ])
/// let run = try await annotator.annotate(data) { print("\($0.done) of \($0.total)") }
/// run.failures  // what could not be answered, and why
/// ```
///
/// A question whose key the store has is not asked again, whoever asked it. One question that fails is listed and stops
/// nothing; a teacher that throws `TeacherUnavailable` is asked no more, and the others go on. When the surrounding task is
/// cancelled nothing new is asked, and every reply that has come is in the store.
public struct Annotator: Sendable {
  /// A teacher and what it is asked.
  public struct Assignment: Sendable {
    /// The teacher.
    public var teacher: any Teacher
    /// Its question.
    public var template: PromptTemplate
    /// How it is to answer.
    public var parameters: TeacherParameters
    /// Questions, or batches of them, under way at once. The default is 1 for a `BatchTeacher` and 8 for others.
    public var concurrency: Int

    /// An assignment.
    ///
    /// - Precondition: concurrency is positive.
    public init(
      teacher: any Teacher, template: PromptTemplate, parameters: TeacherParameters = TeacherParameters(),
      concurrency: Int? = nil
    ) {
      self.teacher = teacher
      self.template = template
      self.parameters = parameters
      self.concurrency = concurrency ?? (teacher is any BatchTeacher ? 1 : 8)
      precondition(self.concurrency > 0, "Assignment: a concurrency of \(self.concurrency)")
    }
  }

  private let store: any AnnotationStore
  private let labels: LabelSet
  private let assignments: [Assignment]

  /// An annotator.
  ///
  /// - Throws: ``AnnotationsError/teacherTwice(_:)``.
  public init(
    store: any AnnotationStore, labels: LabelSet, assignments: [Assignment]
  ) throws(AnnotationsError) {
    var names: Set<String> = []
    for assignment in assignments where !names.insert(assignment.teacher.name).inserted {
      throw .teacherTwice(assignment.teacher.name)
    }
    self.store = store
    self.labels = labels
    self.assignments = assignments
  }

  /// Asks whatever the store does not have.
  ///
  /// - Parameters:
  ///   - data: resolves the items' images.
  ///   - items: what to ask about; nil for all items of the data set.
  ///   - progress: called after replies were kept or found, never twice at the same time.
  /// - Returns: all annotations, found and new, and what failed.
  /// - Throws: an error of the store, or `CancellationError`.
  public func annotate(
    _ data: Dataset, items: [Item]? = nil, progress: (@Sendable (AnnotationProgress) -> Void)? = nil
  ) async throws -> AnnotationRun {
    let items = items ?? data.items
    let counter = ProgressCounter(total: items.count * assignments.count, report: progress)
    let queue = CommitQueue(store)
    let images = ImageDigests(data)
    let notes = try await withThrowingTaskGroup(of: (Int, [TeacherPass.Note]).self) { group in
      for (index, assignment) in assignments.enumerated() {
        let pass = TeacherPass(
          assignment: assignment, labels: labels, store: store, queue: queue, images: images, counter: counter)
        group.addTask { (index, try await pass.run(items)) }
      }
      var notes: [Int: [TeacherPass.Note]] = [:]
      for try await (index, own) in group { notes[index] = own }
      return assignments.indices.map { notes[$0] ?? [] }
    }
    try Task.checkCancellation()
    return try await collect(items, notes, asked: counter.asked)
  }

  /// Looks every key up again, so that of two processes that asked at the same time both return what was kept.
  private func collect(_ items: [Item], _ notes: [[TeacherPass.Note]], asked: Int) async throws -> AnnotationRun {
    var annotations = items.map { _ in [Annotation]() }
    var failures: [AnnotationRun.Failure] = []
    for (assignment, notes) in zip(assignments, notes) {
      let found = try await store.annotations(forKeys: notes.compactMap(\.key))
      let reasons = Dictionary(
        notes.compactMap { note in note.failure.map { (note.key ?? "", $0) } }, uniquingKeysWith: { first, _ in first })
      for (index, note) in notes.enumerated() {
        if let key = note.key, var annotation = found[key] {
          // The same question may first have been asked about another item.
          annotation.item = items[index].id
          annotations[index].append(annotation)
        } else {
          let reason = note.failure ?? note.key.flatMap { reasons[$0] } ?? "the store does not have it"
          failures.append(.init(item: items[index].id, teacher: assignment.teacher.name, reason: reason))
        }
      }
    }
    return AnnotationRun(
      items: items, teachers: assignments.map(\.teacher.name), annotations: annotations, failures: failures,
      asked: asked)
  }
}
