import TeacherProtocol

/// Finds stored replies to questions that differ from those to be asked in the names and the order of labels alone, or in
/// whether an answer without a label would be asked about once more where it has one.
///
/// A teacher is told the labels' answers and never their names, but a reply is kept under a key of both. Which labels it was
/// asked for stands beside it; where an older version kept it without, their names are found by trying: those that replies
/// with the same answers have must give its key.
struct RenamedLabels {
  let teacher: any Teacher
  let store: any AnnotationStore

  private typealias Label = Annotation.Question.Label

  /// So many namings are tried for a reply that was kept without its labels.
  private static let most = 4096

  /// The replies by the keys that these questions have today, under today's names; what has none is left out.
  ///
  /// - Throws: an error of the store.
  func replies(to questions: [OpenQuestion]) async throws -> [Annotation] {
    guard !teacher.answersByItem, let first = questions.first?.request else { return [] }
    let stored = try await store.annotations(forItems: questions.map(\.request.item.id))
      .filter { $0.teacher == teacher.name && $0.model == teacher.model }
    guard !stored.isEmpty else { return [] }
    let byItem = Dictionary(grouping: stored, by: \.item)
    let pairs = questions.flatMap { question in
      let asked = Annotation.Question(question.request)
      return (byItem[question.request.item.id] ?? []).filter {
        $0.promptVersion == question.request.promptVersion && $0.isReply(to: asked)
      }.map { (question: question, old: $0) }
    }
    let names = Self.names(in: pairs.map(\.old).filter { $0.question?.labels == nil }, for: first.labels)
    var found: [String: Annotation] = [:]
    // Those of the reply before are the likeliest.
    var likely: [Label]?
    for (question, old) in pairs where found[question.key] == nil {
      found[question.key] = renamed(old, as: question, names, &likely)
    }
    return questions.compactMap { found[$0.key] }
  }

  /// The reply under today's names; nil where the labels differ in more than names and order.
  private func renamed(
    _ old: Annotation, as question: OpenQuestion, _ names: [[String]], _ likely: inout [Label]?
  ) -> Annotation? {
    let today = Label.all(of: question.request)
    var request = question.request
    request.parameters.isRepaired = old.question?.isRepaired ?? false
    func isKept(under labels: [Label]) -> Bool {
      Annotation.key(teacher: teacher, request: request, labels: labels) == old.key
    }
    if let kept = old.question?.labels {
      likely = kept
      guard isKept(under: kept) else { return nil }
    } else if likely.map(isKept) != true {
      likely = guess(among: names, today, isRight: isKept)
    }
    guard let before = likely, before.map(\.answer).sorted() == today.map(\.answer).sorted() else { return nil }
    var annotation = old
    annotation.key = question.key
    annotation.question?.labels = today
    annotation.question?.parameters = question.request.parameters.canonical
    if let label = old.reply.label {
      guard let answer = before.first(where: { $0.name == label })?.answer,
        let name = today.first(where: { $0.answer == answer })?.name
      else { return nil }
      annotation.reply.outcome = .answered(name)
    }
    if !old.reply.probabilities.isEmpty {
      let names = Dictionary(before.map { ($0.answer, $0.name) }, uniquingKeysWith: { first, _ in first })
      annotation.reply.probabilities = [:]
      for label in today {
        annotation.reply.probabilities[label.name] = names[label.answer].flatMap { old.reply.probabilities[$0] }
      }
    }
    return annotation
  }

  /// The names that each of today's labels may have had, today's first: those of replies that say its answer, and those of
  /// replies of which that can't be told, as of several samples.
  private static func names(in replies: [Annotation], for labels: LabelSet) -> [[String]] {
    let reader = AnswerReader(labels: labels)
    var (said, others) = ([String: Set<String>](), Set<String>())
    for label in Dictionary(replies.map { ($0.reply.label, $0) }, uniquingKeysWith: { first, _ in first }) {
      guard let before = label.key else { continue }
      if case .answered(let now) = reader.read(label.value.reply.raw).outcome {
        said[now, default: []].insert(before)
      } else {
        others.insert(before)
      }
    }
    return labels.names.map { name in
      [name] + (said[name] ?? []).union(others).subtracting([name]).sorted()
    }
  }

  /// Today's labels with the names that are right, of those that they may have had.
  private func guess(among names: [[String]], _ today: [Label], isRight: ([Label]) -> Bool) -> [Label]? {
    var places = names.map { _ in 0 }
    for _ in 0..<Self.most {
      let before = today.indices.map { Label(name: names[$0][places[$0]], answer: today[$0].answer) }
      if isRight(before) { return before }
      guard let next = places.indices.first(where: { places[$0] + 1 < names[$0].count }) else { return nil }
      places[next] += 1
      for lower in 0..<next { places[lower] = 0 }
    }
    return nil
  }
}

extension Annotation {
  /// Whether the reply is one to a question, but for the labels.
  fileprivate func isReply(to asked: Question) -> Bool {
    guard let question, question.isSame(as: asked) else { return false }
    return question.isRepaired == asked.isRepaired || !reply.outcome.isRepairable
  }
}

extension Annotation.Question {
  /// Whether an answer without a label would be asked about once more.
  fileprivate var isRepaired: Bool { parameters.hasSuffix(TeacherParameters.repairedMark) }

  private var parametersOfQuestion: Substring {
    parameters.dropLast(isRepaired ? TeacherParameters.repairedMark.count : 0)
  }

  /// Whether the same was asked first, wherever its images lay.
  fileprivate func isSame(as other: Self) -> Bool {
    prompt == other.prompt && parametersOfQuestion == other.parametersOfQuestion
      && images.map { "\($0.digest ?? "") \($0.place)" } == other.images.map { "\($0.digest ?? "") \($0.place)" }
  }
}
