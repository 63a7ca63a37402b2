public import TeacherProtocol

/// Asks every teacher about every item, stores each reply before it is used, and asks no question twice.
///
/// ```swift
/// let annotator = try Annotator(store: store, labels: labels, assignments: [
///   .init(teacher: gpt, template: direct), .init(teacher: gemini, template: withEvidence),
/// ])
/// let run = try await annotator.annotate(data) { print("\($0.done) of \($0.total)") }
/// run.failures  // what could not be answered, and why
/// ```
///
/// - A question whose key is in the store is not asked again, in whichever run it was asked.
/// - A question that fails is listed, and the others continue.
/// - A teacher that throws `TeacherUnavailable` gets no further questions; the other teachers continue.
/// - If the ledger's budget is used up, or the store is read-only, no further question is asked; stored replies count.
/// - If the surrounding task is cancelled, no further question is asked; every reply that has arrived is in the store.
public struct Annotator: Sendable {
  /// A teacher and what it is asked.
  public struct Assignment: Sendable {
    package var teacher: any Teacher
    package var template: PromptTemplate
    /// How it is to answer.
    package var parameters: TeacherParameters
    /// Questions, or batches of them, under way at once. The default is 1 for a `BatchTeacher` and 8 for others.
    package var concurrency: Int
    package var price: TokenPrice?

    /// An assignment.
    ///
    /// - Precondition: concurrency is positive.
    public init(
      teacher: any Teacher, template: PromptTemplate, parameters: TeacherParameters = TeacherParameters(),
      concurrency: Int? = nil, price: TokenPrice? = nil
    ) {
      self.teacher = teacher
      self.template = template
      self.parameters = parameters
      self.concurrency = concurrency ?? (teacher is any BatchTeacher ? 1 : ServiceDefaults.inFlight)
      self.price = price
      precondition(self.concurrency > 0, "Assignment: a concurrency of \(self.concurrency)")
    }
  }

  let store: any AnnotationStore
  let labels: LabelSet
  private(set) var assignments: [Assignment]
  /// What was spent and may be.
  package let ledger: SpendingLedger
  /// Whether a stored reply that an older version kept as cut off is read anew for its label. The default is true.
  package var readsCutReplies = true
  /// Whether a teacher behind a service is asked no more where none of its first replies has a label. The default is false.
  package var stopsWithoutLabels = false
  /// Teachers that are asked nothing, and why, by name; what the store has of them counts. The default is none.
  package var givenUp: [String: String] = [:]
  /// Takes a warning about a teacher whose first replies have no label. The default is nil: nobody is told.
  package var tell: (@Sendable (String) -> Void)?

  /// How it waits for what other workers over the same store ask.
  package var patience = ClaimPatience.system

  /// An annotator.
  ///
  /// - Parameters:
  ///   - store: where replies are kept and looked up.
  ///   - labels: the labels that answers may have.
  ///   - assignments: who is asked what.
  ///   - ledger: the budget; the default is none.
  /// - Throws: ``AnnotationsError/teacherTwice(_:)``.
  public init(
    store: any AnnotationStore, labels: LabelSet, assignments: [Assignment], ledger: SpendingLedger = SpendingLedger()
  ) throws(AnnotationsError) {
    var names: Set<String> = []
    for assignment in assignments where !names.insert(assignment.teacher.name).inserted {
      throw .teacherTwice(assignment.teacher.name)
    }
    self.store = store
    self.labels = labels
    self.assignments = assignments
    self.ledger = ledger
  }

  /// The same for the teachers behind services alone.
  package var ofServices: Annotator {
    var copy = self
    copy.assignments = assignments.filter { !($0.teacher is any BatchTeacher) }
    return copy
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
    let notes = assignments.map { _ in Locked([TeacherPass.Note?](repeating: nil, count: items.count)) }
    let end = try await ask(data, count: items.count, item: { items[$0] }, progress: progress) { assignment, note in
      notes[assignment].withLock { $0[note.index] = note }
    }
    var run = try await collect(items, notes.map { $0.withLock { $0.compactMap(\.self) } }, askedOf: end.asked)
    run.stopped = end.stopped
    return run
  }

  /// Asks whatever the store does not have, about items that are made when they are needed, and returns no reply: for
  /// sets that do not fit into memory with all that is said about them.
  ///
  /// - Parameters:
  ///   - data: resolves the items' images; its own items are not asked about.
  ///   - count: how many items there are.
  ///   - item: the item at a position, the same one whenever it is asked for.
  ///   - progress: called after replies were kept or found, never twice at the same time.
  ///   - failure: called for each question without a reply, never twice at the same time, with whether it was made.
  /// - Returns: how far it came, with the teachers that are to be asked no more.
  /// - Throws: an error of the store, or `CancellationError`.
  package func fill(
    _ data: Dataset, count: Int, item: @escaping @Sendable (Int) -> Item,
    progress: (@Sendable (AnnotationProgress) -> Void)? = nil,
    failure: @escaping @Sendable (AnnotationRun.Failure) -> Void
  ) async throws -> AnnotationProgress {
    let one = Locked(())
    let end = try await ask(data, count: count, item: item, progress: progress) { assignment, note in
      guard let reason = note.failure else { return }
      one.withLock { _ in
        failure(
          .init(
            item: item(note.index).id, teacher: assignments[assignment].teacher.name, reason: reason,
            wasAsked: note.key != nil))
      }
    }
    if let stopped = end.stopped { throw stopped }
    var progress = end.progress
    progress.givenUp = end.givenUp
    return progress
  }

  /// What asking would take. Nothing is asked; images are read, as their content is part of the questions.
  ///
  /// - Parameters:
  ///   - data: resolves the items' images.
  ///   - items: what would be asked about; nil for all items of the data set.
  /// - Throws: an error of the store.
  package func estimate(_ data: Dataset, items: [Item]? = nil) async throws -> AnnotationEstimate {
    let items = items ?? data.items
    let images = ImageDigests(data)
    var rows: [AnnotationEstimate.Row] = []
    for assignment in assignments {
      let maker = QuestionMaker(assignment: assignment, labels: labels, store: store, images: images)
      let isFree = assignment.teacher is any BatchTeacher
      var row = AnnotationEstimate.Row(
        teacher: assignment.teacher.name, hasPrice: assignment.price != nil, isFree: isFree)
      var seen: Set<String> = []
      for start in stride(from: 0, to: items.count, by: 512) {
        for one in try await maker.made(Array(items[start..<min(start + 512, items.count)]), from: start) {
          guard let key = one.key, let request = one.request else {
            row.unfit += 1
            continue
          }
          guard !one.isStored else {
            row.alreadyStored += 1
            continue
          }
          guard seen.insert(key).inserted else {
            row.shared += 1
            continue
          }
          row.questions += 1
          guard !isFree else { continue }
          let usage = TeacherReply.Usage(
            inputTokens: request.prompt.utf8.count / 4 + 1000 * request.images.count,
            outputTokens: request.parameters.samples.multipliedSaturated(by: request.parameters.maximumTokens) / 2)
          row.spending = row.spending + Spending(requests: 1, usage: usage, price: assignment.price)
        }
      }
      rows.append(row)
    }
    return AnnotationEstimate(teachers: rows)
  }

  private func ask(
    _ data: Dataset, count: Int, item: @escaping @Sendable (Int) -> Item,
    progress: (@Sendable (AnnotationProgress) -> Void)?,
    note: @escaping @Sendable (Int, TeacherPass.Note) -> Void
  ) async throws -> (
    asked: [String: Int], progress: AnnotationProgress, stopped: TeacherUnavailable?, givenUp: [String: String]
  ) {
    let counter = ProgressCounter(
      items: count, isInstant: assignments.map { $0.teacher is any BatchTeacher && $0.teacher.answersByItem },
      ledger: ledger, report: progress)
    let queue = CommitQueue(store)
    let images = ImageDigests(data)
    let watches = assignments.map { assignment in
      ReplyWatch(
        assignment.teacher.name, stops: stopsWithoutLabels && !(assignment.teacher is any BatchTeacher), tell: tell)
    }
    let stops: [String: String]
    do {
      stops = try await withThrowingTaskGroup(of: (String, String?).self) { group in
        for (index, assignment) in assignments.enumerated() {
          let maker = QuestionMaker(assignment: assignment, labels: labels, store: store, images: images)
          var asker = Asker(assignment.teacher, store: store, queue: queue, price: assignment.price, ledger: ledger)
          asker.patience = patience
          let name = assignment.teacher.name
          let pass = TeacherPass(
            maker: maker, asker: asker, counter: counter, number: index, watch: watches[index], stop: givenUp[name]
          ) { note(index, $0) }
          group.addTask { (name, try await pass.run(count: count, item: item)) }
        }
        var stops: [String: String] = [:]
        for try await (name, stop) in group { stops[name] = stop }
        return stops
      }
    } catch {
      // What is claimed and booked and was not used, others may use.
      await (store as? any ClaimingStore)?.release(nil)
      await ledger.giveBack()
      throw error
    }
    await ledger.giveBack()
    try Task.checkCancellation()
    let asked = zip(assignments, counter.asked).map { ($0.teacher.name, $1) }
    let stopped = zip(assignments, watches).lazy.compactMap { assignment, watch in
      watch.stop.map { TeacherUnavailable(teacher: assignment.teacher.name, reason: $0) }
    }.first
    return (Dictionary(uniqueKeysWithValues: asked), counter.progress, stopped, stops)
  }

  /// Looks every key up again, so that of two processes that asked at the same time both return what was kept.
  private func collect(_ items: [Item], _ notes: [[TeacherPass.Note]], askedOf: [String: Int]) async throws
    -> AnnotationRun
  {
    var annotations = items.map { _ in [Annotation]() }
    var failures: [AnnotationRun.Failure] = []
    for (assignment, notes) in zip(assignments, notes) {
      let found = try await store.annotations(forKeys: notes.compactMap(\.key))
      for note in notes {
        if let key = note.key, var annotation = found[key] {
          // The same question may first have been asked about another item.
          annotation.item = items[note.index].id
          if readsCutReplies { annotation.readAnewIfCutOff(labels) }
          annotations[note.index].append(annotation)
        } else {
          let reason = note.failure ?? "the store does not have it"
          failures.append(
            .init(
              item: items[note.index].id, teacher: assignment.teacher.name, reason: reason, wasAsked: note.key != nil))
        }
      }
    }
    return AnnotationRun(
      items: items, teachers: assignments.map(\.teacher.name), annotations: annotations, failures: failures,
      askedOf: askedOf)
  }
}
