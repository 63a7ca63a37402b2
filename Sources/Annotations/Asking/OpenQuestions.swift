package import TeacherProtocol

/// A question that the store has no reply to yet.
package struct OpenQuestion: Sendable {
  /// What its reply will be remembered by, 64 hexadecimal digits.
  package let key: String
  /// The question.
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

  /// Keeps replies that came by another way than asking, such as a batch service's file.
  ///
  /// - Throws: `TeacherProtocolError.unknownTeacher`, or an error of the store; then none is kept.
  package func keep(_ replies: [(OpenQuestion, TeacherReply)], of teacher: String) async throws {
    let teacher = try assignment(of: teacher).teacher
    try await store.append(replies.map { Annotation(of: teacher, to: $0, reply: $1) })
  }

  private func assignment(of name: String) throws(TeacherProtocolError) -> Assignment {
    guard let found = assignments.first(where: { $0.teacher.name == name }) else {
      throw .unknownTeacher(name, known: assignments.map(\.teacher.name))
    }
    return found
  }
}
