internal import Annotations
internal import DistillationConfiguration
internal import Foundation
internal import Reporting
internal import TeacherProtocol
internal import Wording

extension RunConfiguration {
  /// Whether each row by itself tells whether teachers are asked about it, so that rows can be read as they are asked about: all
  /// items are training items, and neither shares of groups nor limits choose among them.
  var asksRowByRow: Bool {
    data.file != nil && data.isUndivided && data.teacherShare == 0 && data.limit == LimitConfiguration()
      && (evaluation.split == .test || !evaluation.asksTeachers)
  }
}

/// What asking about rows part by part came to so far.
private struct RowsAsked {
  /// Of each teacher, questions without a reply that were made, and why the first has none.
  var unanswered: [String: (count: Int, reason: String)] = [:]
  /// The same of all questions.
  var failed: [String: (count: Int, reason: String)] = [:]
  var items = 0
  var problems: [RowProblem] = []
  var problemCount = 0

  mutating func add(_ failures: [AnnotationRun.Failure]) {
    for failure in failures {
      failed[failure.teacher, default: (0, failure.reason)].count += 1
      if failure.wasAsked { unanswered[failure.teacher, default: (0, failure.reason)].count += 1 }
    }
  }

  mutating func add(_ part: Dataset) {
    problemCount += part.setAside.count
    problems += part.setAside.prefix(max(0, 8 - problems.count))
  }
}

extension DistillationRun {
  /// Asks teachers about the items of a part as their rows are read, in memory that does not grow with the file.
  ///
  /// - Parameter rows: how many are read at one time; teachers finish them before the next are read.
  func askRowByRow(_ shard: Shard, _ store: any AnnotationStore, rows: Int) async throws {
    let labels = try configuration.labelSet()
    let teachers = try RunTeachers(configuration, labels: labels, plugins: plugins, folder: folder)
    let ledger = try ledger(of: teachers.assignments)
    defer { if let closing = ledger.closing { reporter.message(closing) } }
    var annotator = try Annotator(store: store, labels: labels, assignments: teachers.assignments, ledger: ledger)
    annotator.stopsWithoutLabels = configuration.spending.unreadable == .stop
    annotator.tell = { [reporter] in reporter.warn($0) }
    let services = Set(teachers.assignments.filter { !($0.teacher is any BatchTeacher) }.map(\.teacher.name))
    let stream = try rowStream(shard)
    reporter.message("shard \(shard): \(stream.count) rows, read as they are asked about")
    reporter.begin(
      "teachers on training items", total: stream.count * teachers.assignments.count, unit: "replies")
    var asked = RowsAsked()
    var done = 0
    var images = configuration.imageFiles
    while let read = try stream.next(rows) {
      let (part, items) = try readable(
        read, read.items.filter(configuration.data.keeps), &images, isPart: true)
      asked.add(part)
      try await refuseOutsideImages(annotator, part, items)
      let failures = Locked([AnnotationRun.Failure]())
      let (before, left) = (done, (stream.count * teachers.assignments.count - done))
      let end = try await annotator.fill(part, count: items.count, item: { items[$0] }) { [reporter] progress in
        let rest = Double(left - progress.done)
        reporter.advance(
          to: before + progress.done, note: progress.spent.note,
          pace: ProgressPace(
            rate: progress.rate > 0 ? progress.rate : nil, secondsLeft: progress.rate > 0 ? rest / progress.rate : nil))
      } failure: { failure in
        failures.withLock { $0.append(failure) }
      }
      annotator.givenUp.merge(end.givenUp) { $1 }
      asked.items += items.count
      asked.add(failures.withLock { $0 })
      done += read.rows.count * teachers.assignments.count
      reporter.advance(to: done)
      // One that answers nothing at all is not tried on the rest.
      try refuseSilence(asked, among: services, ledger)
    }
    reporter.finish()
    try conclude(asked, services, ledger)
  }

  private func rowStream(_ shard: Shard) throws -> ItemStream {
    guard let file = configuration.data.file else { throw RunError.unset("data.file") }
    var mapping = configuration.data.mapping
    // Nobody is told the label.
    mapping.label = nil
    return try ItemStream(
      contentsOf: URL(filePath: file), mapping: mapping,
      imageRoot: configuration.data.images.map { URL(filePath: $0) }, strict: configuration.strict, shard: shard,
      group: configuration.data.fields.group)
  }

  private func refuseSilence(_ asked: RowsAsked, among services: Set<String>, _ ledger: SpendingLedger) throws {
    guard !ledger.wasExhausted || configuration.missingReplies == .accept, asked.items > 0 else { return }
    for (teacher, failed) in asked.failed.sorted(by: { $0.key < $1.key })
    where failed.count == asked.items && services.contains(teacher) {
      throw RunError.silentTeacher(teacher, failed.reason)
    }
  }

  /// Says what could not be used and what was not answered; the latter is an error unless the configuration accepts it.
  private func conclude(_ asked: RowsAsked, _ services: Set<String>, _ ledger: SpendingLedger) throws {
    if let first = asked.problems.first {
      reporter.warn("\(NumberText.counted(asked.problemCount, "row")) can't be used, the first: \(first)")
    }
    for (teacher, failed) in asked.failed.sorted(by: { $0.key < $1.key }) {
      reporter.warn(
        "teacher \(teacher): \(failed.count) of \(asked.items) items have no answer; first: \(failed.reason)")
    }
    let missing = asked.unanswered.filter { services.contains($0.key) }.sorted { $0.key < $1.key }
    guard !missing.isEmpty, configuration.missingReplies != .accept else { return }
    let lines = missing.map {
      "teacher \($0.key), \($0.value.count) of \(asked.items) items; first: \($0.value.reason)"
    }
    throw ledger.wasExhausted ? RunError.budgetUsedUp(lines) : RunError.missingReplies(lines)
  }
}
