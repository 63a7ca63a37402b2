package import TeacherProtocol

/// A question that the store has no reply to yet.
package struct OpenQuestion: Sendable {
  /// What its reply will be remembered by, 64 hexadecimal digits.
  package let key: String
  package let request: TeacherRequest
}

extension Annotator {
  /// The questions to a teacher that the store has no reply to, each once: for services that answer by the batch.
  ///
  /// - Parameters:
  ///   - teacher: one of the assignments', by name.
  ///   - data: resolves the items' images.
  ///   - items: what to ask about; nil for all items of the data set.
  /// - Returns: the questions in the order of the items, and the items that can't be asked about.
  /// - Throws: `TeacherProtocolError.unknownTeacher`, or an error of the store.
  package func openQuestions(
    to teacher: String, _ data: Dataset, items: [Item]? = nil
  ) async throws -> (questions: [OpenQuestion], unfit: [AnnotationRun.Failure]) {
    let items = items ?? data.items
    let maker = QuestionMaker(
      assignment: try assignment(of: teacher), labels: labels, store: store, images: ImageDigests(data))
    var (questions, unfit, seen) = ([OpenQuestion](), [AnnotationRun.Failure](), Set<String>())
    for start in stride(from: 0, to: items.count, by: 512) {
      for one in try await maker.made(Array(items[start..<min(start + 512, items.count)]), from: start) {
        if let key = one.key, let request = one.request {
          if !one.isStored, seen.insert(key).inserted { questions.append(OpenQuestion(key: key, request: request)) }
        } else {
          unfit.append(.init(item: items[one.index].id, teacher: teacher, reason: one.failure ?? "", wasAsked: false))
        }
      }
    }
    return (questions, unfit)
  }

  /// Books a question that goes with a batch at its greatest cost, until its result is read. It is to be called before the
  /// question is written, so that what may be spent is never forgotten.
  ///
  /// - Parameter again: whether one that went before, and of which no result was read, may go once more.
  /// - Returns: whether it goes.
  /// - Throws: `BudgetExhausted` where the budget has no room for it; `TeacherProtocolError.unknownTeacher`, or an error of the
  ///   book.
  package func send(_ question: OpenQuestion, to teacher: String, again: Bool) throws -> Bool {
    let estimate = try asker(of: teacher).estimate(question.request)
    return try ledger.send(question.key, of: teacher, estimate: estimate, again: again)
  }

  /// Keeps replies that came by another way than asking, such as a batch service's file, and books what they cost; one
  /// that tells no tokens counts as estimated.
  ///
  /// - Parameter unanswered: questions that the service gave up, which cost nothing and may be asked again.
  /// - Throws: `TeacherProtocolError.unknownTeacher`, or an error of the book or the store; then none is kept.
  package func keep(
    _ replies: [(OpenQuestion, TeacherReply)], of teacher: String, unanswered: [OpenQuestion] = []
  ) async throws {
    let asker = try asker(of: teacher)
    for question in unanswered { try ledger.receive(question.key, of: teacher, Spending()) }
    for (question, reply) in replies {
      let cost = reply.usage.map { Spending(requests: 1, usage: $0, price: asker.price) }
      try ledger.receive(question.key, of: teacher, cost ?? asker.estimate(question.request))
    }
    try await asker.keep(replies)
  }

  private func asker(of name: String) throws(TeacherProtocolError) -> Asker {
    let found = try assignment(of: name)
    return Asker(found.teacher, store: store, price: found.price, ledger: ledger)
  }

  private func assignment(of name: String) throws(TeacherProtocolError) -> Assignment {
    guard let found = assignments.first(where: { $0.teacher.name == name }) else {
      throw .unknownTeacher(name, known: assignments.map(\.teacher.name))
    }
    return found
  }
}
