import Foundation
import TeacherProtocol

/// One teacher's way through the items: look up, ask in a window, keep, count.
struct TeacherPass: Sendable {
  /// What became of one item: the key of its question, and why there is no reply.
  struct Note: Sendable {
    var key: String?
    var failure: String?
  }

  let assignment: Annotator.Assignment
  let labels: LabelSet
  let store: any AnnotationStore
  let queue: CommitQueue
  let images: ImageDigests
  let counter: ProgressCounter

  /// A question that the store has no reply to, and the place of its item.
  private struct Question: Sendable {
    let index: Int
    let request: TeacherRequest
  }

  /// Items are prepared this many at a time, so prompts of a large data set are never all in memory.
  private static let stretch = 1024

  func run(_ items: [Item]) async throws -> [Note] {
    var notes = items.map { _ in Note() }
    var unavailable: TeacherUnavailable?
    var asked: Set<String> = []
    for start in stride(from: 0, to: items.count, by: Self.stretch) {
      let range = start..<min(start + Self.stretch, items.count)
      let questions = try await questions(items, range, &notes, &asked)
      if let unavailable {
        // What the store has is still used; only what would have to be asked is missing.
        for question in questions { notes[question.index].failure = unavailable.reason }
        counter.add(failed: questions.count)
      } else {
        unavailable = try await ask(questions, &notes)
      }
    }
    return notes
  }

  /// Builds requests and leaves out those that have a reply.
  private func questions(
    _ items: [Item], _ range: Range<Int>, _ notes: inout [Note], _ asked: inout Set<String>
  ) async throws -> [Question] {
    var questions: [Question] = []
    var failed = 0
    for index in range {
      do throws(TeacherProtocolError) {
        let request = try TeacherRequest(
          item: items[index], template: assignment.template, image: try images.reference(for: items[index]),
          labels: labels, parameters: assignment.parameters)
        notes[index].key = Annotation.key(teacher: assignment.teacher, request: request)
        questions.append(Question(index: index, request: request))
      } catch {
        notes[index].failure = "\(error)"
        failed += 1
      }
    }
    counter.add(failed: failed)
    let stored = try await store.annotations(forKeys: questions.compactMap { notes[$0.index].key })
    // A key that came up before in this pass shares that reply, or that failure.
    let open = questions.filter { question in
      guard let key = notes[question.index].key, stored[key] == nil else { return false }
      return asked.insert(key).inserted
    }
    counter.add(alreadyStored: questions.count - open.count)
    return open
  }

  /// Keeps `concurrency` batches under way. Returns the reason if the teacher can't be asked any more.
  private func ask(_ questions: [Question], _ notes: inout [Note]) async throws -> TeacherUnavailable? {
    let size = (assignment.teacher as? any BatchTeacher)?.batchSize ?? 1
    var batches = stride(from: 0, to: questions.count, by: size).map {
      questions[$0..<min($0 + size, questions.count)]
    }[...]
    var unavailable: TeacherUnavailable?
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      for _ in 0..<assignment.concurrency {
        guard let batch = batches.popFirst() else { break }
        group.addTask { try await answer(batch) }
      }
      while let outcome = try await group.next() {
        for failure in outcome.failures { notes[failure.index].failure = failure.reason }
        unavailable = unavailable ?? outcome.unavailable
        try Task.checkCancellation()
        if unavailable == nil, let batch = batches.popFirst() { group.addTask { try await answer(batch) } }
      }
    }
    if let unavailable {
      let rest = batches.flatMap(\.self)
      for question in rest { notes[question.index].failure = unavailable.reason }
      counter.add(failed: rest.count)
    }
    return unavailable
  }

  private struct Outcome: Sendable {
    var failures: [(index: Int, reason: String)] = []
    var unavailable: TeacherUnavailable?
  }

  /// Asks a batch and keeps its replies. A batch that fails as a whole is asked one by one, to find the one at fault.
  private func answer(_ batch: ArraySlice<Question>) async throws -> Outcome {
    if let teacher = assignment.teacher as? any BatchTeacher, batch.count > 1 {
      var replies: [TeacherReply] = []
      do {
        replies = try await teacher.replies(to: batch.map(\.request))
      } catch let error as TeacherUnavailable {
        return fail(batch, because: error)
      } catch {
        try Task.checkCancellation()
      }
      if replies.count == batch.count {
        try await keep(Array(zip(batch, replies)))
        return Outcome()
      }
    }
    var outcome = Outcome()
    for (place, question) in zip(batch.indices, batch) {
      let reply: TeacherReply
      do {
        reply = try await assignment.teacher.reply(to: question.request)
      } catch let error as TeacherUnavailable {
        let rest = fail(batch[place...], because: error)
        outcome.failures += rest.failures
        outcome.unavailable = error
        return outcome
      } catch {
        try Task.checkCancellation()
        outcome.failures.append((question.index, "\(error)"))
        counter.add(failed: 1)
        continue
      }
      try await keep([(question, reply)])
    }
    return outcome
  }

  private func fail(_ questions: ArraySlice<Question>, because error: TeacherUnavailable) -> Outcome {
    counter.add(failed: questions.count)
    return Outcome(failures: questions.map { ($0.index, error.reason) }, unavailable: error)
  }

  private func keep(_ replies: [(Question, TeacherReply)]) async throws {
    let now = Date().timeIntervalSince1970
    try await queue.commit(
      replies.map { question, reply in
        var reply = reply
        if let label = reply.label, labels[label] == nil {
          reply.outcome = .unknownLabel(label)
        }
        return Annotation(teacher: assignment.teacher, request: question.request, reply: reply, time: now)
      })
    counter.add(answered: replies.count)
  }
}
