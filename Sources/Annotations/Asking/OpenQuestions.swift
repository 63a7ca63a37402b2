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

  /// How many of these questions the budget has room for, and why not for more. Nothing is booked: what is not sent costs
  /// nothing.
  ///
  /// - Throws: `TeacherProtocolError.unknownTeacher`, or an error of the book.
  package func room(
    for questions: [OpenQuestion], to teacher: String
  ) throws -> (count: Int, exhausted: BudgetExhausted?) {
    let asker = try asker(of: teacher)
    return try ledger.room(for: questions.map { asker.estimate($0.request) })
  }

  /// Keeps replies that came by another way than asking, such as a batch service's file, and books what they cost; one
  /// that tells no tokens counts as estimated.
  ///
  /// - Throws: `TeacherProtocolError.unknownTeacher`, or an error of the book or the store; then none is kept.
  package func keep(_ replies: [(OpenQuestion, TeacherReply)], of teacher: String) async throws {
    let asker = try asker(of: teacher)
    for (question, reply) in replies {
      let cost = reply.usage.map { Spending(requests: 1, usage: $0, price: asker.price) }
      try ledger.book(cost ?? asker.estimate(question.request), of: teacher)
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
