internal import ContentDigest
internal import DualChecker
internal import Foundation
internal import TeacherProtocol
internal import TextStudents

extension DualCheckerRun {
  /// Scores teacher and student on the test records, and what they are compared with.
  ///
  /// - Parameter learned: what the student was trained on.
  func evaluate(
    _ loop: DualCheckerLoop, _ state: DualCheckerState, student: some DualCheckerStudent,
    learned: DualCheckerLoop.FinalExamples, data: DualCheckerData, untrained: some DualCheckerStudent,
    teachers: DualCheckerTeachers
  ) async throws -> DualCheckerEvaluation {
    defer { teachers.eachReply.withLock { $0 = nil } }
    func asking<Answers>(_ title: String, _ records: Int, _ body: () async throws -> Answers) async rethrows -> Answers
    {
      reporter.begin(title, total: records, unit: "records")
      teachers.eachReply.withLock { $0 = { [reporter] in reporter.advance(upTo: records) } }
      defer { reporter.finish() }
      return try await body()
    }
    let test = data.known(data.test)
    func score(_ answers: [TaskAnswer?]) -> TaskScore {
      data.task.score(answers, against: test.map(\.answer), texts: test.map(\.item.text))
    }
    func score(_ student: some DualCheckerStudent) async throws -> TaskScore {
      data.task.score(
        try await student.predictions(for: test.map(\.item)), against: test.map(\.answer), texts: test.map(\.item.text))
    }
    var results: [DualCheckerEvaluation.Result] = []
    let fitted = try await calibrate(loop, state, student: student, data: data, untrained: untrained)
    if let unscored = data.unscored {
      if let labels = labelScore(state.loop, data: data) { results.append(.init("labels", labels)) }
      var found = summary(loop, state, data: data, results: results, replies: [], fitted)
      found.labelNoise = learned.report
      found.unsaid = [unscored]
      return found
    }
    let replies = try await asking("teacher on test records", test.count) {
      try await loop.answers(for: test.map(\.item), state: state.loop)
    }
    results.append(.init("teacher", score(replies.map { $0.flatMap { data.task.answer(of: $0.reply) } })))
    let stated = try await student.predictions(for: test.map(\.item))
    let cut = CutTexts(test.map(\.item), student.readParts(of: test.map(\.item)), answers: test.map(\.answer))
    if let sentence = cut.sentence { reporter.warn("scored records: \(sentence)") }
    let given = fitted.map { fitted in stated.map { $0.calibrated(by: fitted.calibration) } } ?? stated
    results.append(
      .init(
        "student", data.task.score(given, against: test.map(\.answer), texts: test.map(\.item.text))))
    if let labels = labelScore(state.loop, data: data) { results.append(.init("labels", labels)) }
    if learned.report?.isApplied == true, let labels = learnedScore(learned.examples, data: data) {
      results.append(.init("learned_labels", labels))
    }
    for draw in 1...max(1, configuration.evaluation.draws) where draw <= configuration.evaluation.draws {
      let fixed = fixedLoop(loop, draw: draw)
      var untouched = try await fixed.start()
      untouched.threshold = 0
      let title = "teacher with fixed demonstrations \(draw)"
      let start = untouched
      let answers = try await asking(title + " on test records", test.count) {
        try await fixed.answers(for: test.map(\.item), state: start)
      }
      results.append(
        .init("fixed_teacher_\(draw)", score(answers.map { $0.flatMap { data.task.answer(of: $0.reply) } })))
      guard draw <= configuration.evaluation.studentDraws else { continue }
      let labels = try await asking(title + " on training records", data.unlabelled.count) {
        try await fixed.answers(for: data.unlabelled, state: start)
      }
      let examples = zip(data.unlabelled, labels).compactMap { item, reply -> TrainingExample? in
        reply.flatMap { data.task.answer(of: $0.reply) }.map { TrainingExample(item: item, answer: $0) }
      }
      var other = untrained
      // The pool's gold labels are learned here too: what differs is how the others came about.
      let gold = data.pool.map { TrainingExample(item: $0.item, answer: $0.answer) }
      try await train(&other, on: gold + examples, title: "student of fixed demonstrations \(draw)")
      results.append(.init("fixed_student_\(draw)", try await score(other)))
    }
    var unsaid: [String] = []
    let examples = data.pool + data.known(data.unlabelled)
    if configuration.evaluation.trainsOnGold, examples.isEmpty {
      unsaid.append("gold_student: no training record has a label")
    } else if configuration.evaluation.trainsOnGold {
      var other = untrained
      try await train(
        &other, on: examples.map { TrainingExample(item: $0.item, answer: $0.answer) }, title: "student of gold labels")
      results.append(.init("gold_student", try await score(other)))
    }
    var found = summary(
      loop, state, data: data, results: results, replies: zip(test, replies).map { ($0, $1) }, fitted)
    found.calibration = fitted.flatMap { figures(of: stated, on: test, data.task, by: $0) }
    found.labelNoise = learned.report
    found.unsaid = unsaid.isEmpty ? nil : unsaid
    return found
  }

  /// What the student learned of records outside of the pool against gold, where there is gold.
  private func learnedScore(_ examples: [TrainingExample], data: DualCheckerData) -> TaskScore? {
    let pool = Set(data.pool.map(\.item.id))
    let learned = Dictionary(examples.map { ($0.item.id, $0.answer) }) { first, _ in first }
    let known = data.known(data.unlabelled.filter { learned[$0.id] != nil && !pool.contains($0.id) })
    guard !known.isEmpty else { return nil }
    return data.task.score(
      known.map { learned[$0.item.id] }, against: known.map(\.answer), texts: known.map(\.item.text))
  }

  /// The same teacher with the same demonstrations for every item, drawn from the same pool, and nothing else.
  private func fixedLoop(_ loop: DualCheckerLoop, draw: Int) -> DualCheckerLoop {
    let drawn = loop.aligner.pool.demonstrations().map {
      (ContentDigest.of(fields: ["fixed", "\(configuration.seed)", "\(draw)", $0.item]), $0)
    }.sorted { $0.0 < $1.0 }.prefix(configuration.aligner.shots).map(\.1)
    // No pool to be scored or explained: the demonstrations are all that it has.
    var fixed = DualCheckerLoop(
      task: loop.task, teacher: loop.teacher,
      aligner: ContextAligner(pool: LabelledPool([]), selector: FixedDemonstrations(drawn)), items: [],
      template: loop.template)
    (fixed.options, fixed.parameters) = (loop.options, loop.parameters)
    (fixed.options.followUps, fixed.options.targetPrecision) = (0, nil)
    return fixed
  }

  private func summary(
    _ loop: DualCheckerLoop, _ state: DualCheckerState, data: DualCheckerData, results: [DualCheckerEvaluation.Result],
    replies: [(LabelledPool.Entry, CheckedReply?)], _ fitted: FittedCalibration?
  ) -> DualCheckerEvaluation {
    let labelled = state.loop.labelled
    var (corrected, spoiled) = (0, 0)
    for kept in labelled where kept.isChanged && data.gold.has(kept.item) {
      guard let gold = data.gold.answer(of: kept.item)?.key else { continue }
      if kept.answer == gold { corrected += 1 }
      if kept.replies[0].answer == gold { spoiled += 1 }
    }
    let stated = replies.compactMap { entry, reply -> (confidence: Double, isRight: Bool)? in
      guard let reply, let confidence = reply.exchanges[0].reply.confidence else { return nil }
      return (confidence.value, data.task.answer(of: reply.exchanges[0].reply) == entry.answer)
    }
    func error(_ confidences: [Double]) -> Double? {
      stated.isEmpty
        ? nil : Reliability(confidences: confidences, correct: stated.map(\.isRight)).expectedCalibrationError
    }
    let sureness = loop.sureness(in: state.loop)
    return DualCheckerEvaluation(
      goldLabels: data.pool.count + (fitted?.labelsRead ?? 0),
      trainingItems: data.pool.count + data.unlabelled.count, testItems: replies.count,
      questions: state.loop.questions, askedAgain: labelled.count { $0.replies.count > 1 },
      changed: labelled.count(where: \.isChanged), corrected: corrected, spoiled: spoiled,
      acceptance: loop.options.followUps > 0 ? state.loop.acceptance ?? loop.options.acceptance : nil,
      templates: state.loop.history.entries.count, rollBacks: state.loop.history.rollBacks,
      calibrationErrorBefore: error(stated.map(\.confidence)),
      calibrationErrorAfter: error(stated.map { sureness($0.confidence) }), results: results,
      curve: state.curve)
  }
}
