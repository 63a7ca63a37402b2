import TeacherProtocol

/// Finds stored replies to questions that differ from those to be asked in the names of labels alone.
///
/// A teacher is told the labels' answers and never their names, but a reply is kept under a key of both. The names that it
/// was kept under are found by trying: those that stored replies have in place of today's must give their key.
struct RenamedLabels {
  let teacher: any Teacher
  let store: any AnnotationStore

  /// So many labels may have another name: what is tried grows with the labels to this power.
  private static let most = 2

  /// The replies by the keys that these questions have today, under today's names; what has none is left out.
  ///
  /// - Throws: an error of the store.
  func replies(to questions: [OpenQuestion]) async throws -> [Annotation] {
    guard !teacher.answersByItem, !questions.isEmpty else { return [] }
    let stored = try await store.annotations(forItems: questions.map(\.request.item.id))
      .filter { $0.teacher == teacher.name && $0.model == teacher.model }
    guard !stored.isEmpty else { return [] }
    let seen = Set(stored.compactMap(\.reply.label))
    let byItem = Dictionary(grouping: stored, by: \.item)
    var replies: [Annotation] = []
    for question in questions {
      let asked = Annotation.Question(question.request)
      let same = (byItem[question.request.item.id] ?? []).filter {
        $0.promptVersion == question.request.promptVersion && $0.question?.isSame(as: asked) == true
      }
      guard let found = same.lazy.compactMap({ renamed($0, as: question, seen) }).first else { continue }
      replies.append(found)
    }
    return replies
  }

  /// The reply under today's names; nil where the labels differ in more than names.
  private func renamed(_ old: Annotation, as question: OpenQuestion, _ seen: Set<String>) -> Annotation? {
    let labels = question.request.labels.labels.map(\.name)
    let others = seen.subtracting(labels).sorted()
    guard !others.isEmpty, let before = names(of: old, question.request, others, labels, from: 0, left: Self.most)
    else { return nil }
    var annotation = old
    annotation.key = question.key
    if let label = old.reply.label {
      guard let place = before.firstIndex(of: label) else { return nil }
      annotation.reply.outcome = .answered(labels[place])
    }
    return annotation
  }

  /// The names under which a reply was kept: some of the others in place of these, from a place on.
  private func names(
    of old: Annotation, _ request: TeacherRequest, _ others: [String], _ names: [String], from place: Int, left: Int
  ) -> [String]? {
    if Annotation.key(teacher: teacher, request: request, names: names) == old.key { return names }
    guard left > 0 else { return nil }
    for at in place..<names.count {
      for other in others where !names.contains(other) {
        var next = names
        next[at] = other
        if let found = self.names(of: old, request, others, next, from: at + 1, left: left - 1) { return found }
      }
    }
    return nil
  }
}

extension Annotation.Question {
  /// Whether the same was asked, wherever its images lay.
  fileprivate func isSame(as other: Self) -> Bool {
    prompt == other.prompt && parameters == other.parameters
      && images.map { "\($0.digest ?? "") \($0.place)" } == other.images.map { "\($0.digest ?? "") \($0.place)" }
  }
}
