internal import ContentDigest
public import TeacherProtocol

/// Teacher and student improve each other while the data is being labelled: DualChecker (arXiv 2408.12326).
///
/// ```swift
/// let loop = DualCheckerLoop(task: task, teacher: teacher, aligner: aligner, items: items, template: template)
/// var state = try await loop.start()
/// var student: some OnlineStudent = base
/// while try await loop.step(&state, student: &student) {}
/// ```
///
/// A round labels a batch, asks again where the teacher is not sure, looks at what the student makes of it, refines the
/// template by the borderline cases, and lets the student learn. The labelled pool of the aligner is the only source of gold
/// labels. Everything follows from the state, so that a loop that was stopped goes on from the last round to the same end.
public struct DualCheckerLoop: Sendable {
  /// The task.
  public let task: LabellingTask
  package let teacher: any Teacher
  /// The choice of demonstrations, with the labelled pool.
  package let aligner: ContextAligner
  /// The items to label, in this order; none of the pool.
  public let items: [Item]
  /// The template to begin with.
  public let template: LabellingTemplate
  /// The settings.
  public var options = DualCheckerOptions()
  /// How the teacher answers. The default is that of `TeacherParameters`.
  package var parameters = TeacherParameters()
  /// The teacher of second opinions; nil for the same teacher with other demonstrations.
  package var second: (any Teacher)?
  /// The check of replies, in place of a ``DetailLadder`` over the options; made anew for every state of the template.
  public var replyCheck: (@Sendable (DetailLadder) -> any ReplyCheck)?
  /// The check that picks borderline cases. The default is by margin.
  public var studentCheck: any StudentCheck = MarginCheck()
  /// The use of borderline cases. The default is a standing demonstration.
  public var refinement: any TemplateRefinement = BorderlineDemonstrations()
  /// Makes a calibration from answers on the pool and those without a known truth; nil takes confidences as they are.
  package var calibrate: Calibrate?
  package typealias Calibrate =
    @Sendable ([EvidenceCalibration.Known], [EvidenceCalibration.Answer]) -> @Sendable (Double) -> Double

  /// A loop with the default in every other property.
  public init(
    task: LabellingTask, teacher: any Teacher, aligner: ContextAligner, items: [Item], template: LabellingTemplate
  ) {
    self.task = task
    self.teacher = TaskTeacher(teacher, task: task)
    self.aligner = aligner
    self.items = items
    self.template = template
  }

  /// The steps before the first round: the pool is explained, answered and scored.
  ///
  /// - Throws: ``PoolExceedsBudget`` before anything is asked, `TeacherProtocolError.asksNothing` for a layout in which nothing of an
  ///   item stands, or an error of the teacher.
  public func start() async throws -> LoopState {
    try PromptTemplate(template.layout).check(on: items, filledInCode: ["text", "detail"])
    let asked = task.kind.poolQuestions(records: aligner.pool.size, explains: options.explains)
    if let budget = options.budget,
      let fault = PoolExceedsBudget(budget: budget, pool: aligner.pool.size, questions: asked, toLabel: items.count)
    {
      throw fault
    }
    var state = LoopState(history: TemplateHistory(template), threshold: options.threshold)
    let entries = aligner.pool.entries
    if options.explains, task.kind != .spans {
      let explainer = explainer
      let reasons = try await concurrently(entries) { try await explainer.reason(for: $0.item, answer: $0.answer) }
      state.reasons = Dictionary(uniqueKeysWithValues: zip(entries.map(\.item.id), reasons))
      state.questions += entries.count
    }
    let (score, answers, exchanges) = try await poolScore(template, reasons: state.reasons)
    state.questions += entries.count
    state.pool = answers
    state.history = TemplateHistory(template, score: entries.isEmpty ? nil : score.macroF1)
    // Without a pool nothing says how often the teacher is right.
    if let target = options.targetPrecision, !entries.isEmpty {
      state.threshold = threshold(of: state, precision: target)
    }
    if options.choosesAcceptance { try await chooseAcceptance(&state, after: exchanges) }
    return state
  }

  /// Labels one more batch and learns from it.
  ///
  /// - Returns: false, with nothing done, where the data or the budget has ended.
  /// - Throws: `TeacherUnavailable`, `BudgetExhausted`, or an error of the student; the state is then that of the last
  ///   round. A question that fails otherwise costs its item alone.
  public func step(_ state: inout LoopState, student: inout some OnlineStudent) async throws -> Bool {
    // The pool alone may have taken all of the budget.
    let left = options.budget.map { max(0, $0 - state.questions) } ?? .max
    let batch = Array(items.dropFirst(state.taken).prefix(min(options.batch, left)))
    guard !batch.isEmpty else { return false }
    var next = state
    next.taken += batch.count
    let round = state.rounds.count + 1
    let followUps = min(options.followUps, left == .max ? .max : left / batch.count - 1)
    let checked = try await ask(batch, state: state, followUps: followUps)
    let sureness = surenessOfAccepted(in: state)
    var (cases, again, changed) = ([(item: Item, answer: TaskAnswer, sureness: Double)](), 0, 0)
    for (item, result) in zip(batch, checked) {
      switch result {
      case .failure(let error):
        next.failures[item.id] = "\(error)"
        next.questions += 1
      case .success(let reply):
        let kept = kept(reply, item: item, sureness: sureness(reply.reply.confidence?.value), round: round)
        next.labelled.append(kept)
        next.questions += reply.exchanges.count
        again += reply.exchanges.count - 1
        if kept.isChanged { changed += 1 }
        if let answer = kept.answer.flatMap(task.answer(key:)) { cases.append((item, answer, kept.sureness)) }
      }
    }
    let predictions = try await student.predictions(for: cases.map(\.item))
    let judged = zip(cases, predictions).map {
      StudentCase(item: $0.item, answer: $0.answer, sureness: $0.sureness, prediction: $1)
    }
    let borderline = studentCheck.borderline(among: judged)
    if round % max(1, options.refinesEvery) == 0 { try await refine(&next, by: borderline, round: round) }
    let fresh = judged.map { TrainingExample(item: $0.item, answer: $0.answer, weight: $0.sureness) }
    if !fresh.isEmpty { try await student.fit(fresh + replay(state, round: round)) }
    next.rounds.append(
      RoundRecord(
        round: round, labelled: next.labelled.count, questions: next.questions, followUps: again, changed: changed,
        studentAgreement: judged.isEmpty
          ? 0 : Double(judged.count { $0.prediction.answer == $0.answer }) / Double(judged.count),
        borderline: borderline.count, template: next.history.current))
    state = next
    return true
  }

  /// The examples of the final student: every accepted answer by its calibrated confidence, and the pool by its gold labels.
  package func trainingExamples(_ state: LoopState) -> [TrainingExample] {
    examples(
      state, vote: options.learnsAlternatives ? vote(state, calibrated: calibration(state)) : nil)
  }

  /// - Parameter vote: what the other answers to an item count for beside the accepted one; nil leaves them out.
  private func examples(_ state: LoopState, vote: SpanVote?) -> [TrainingExample] {
    let byID = Dictionary(uniqueKeysWithValues: items.map { ($0.id, $0) })
    return aligner.pool.entries.map { TrainingExample(item: $0.item, answer: $0.answer) }
      + state.labelled.compactMap { kept in
        guard let item = byID[kept.item], let answer = kept.answer.flatMap(task.answer(key:)) else { return nil }
        var example = TrainingExample(item: item, answer: answer, weight: kept.sureness)
        if let vote { example.alternatives = kept.alternatives(by: vote) }
        return example
      }
  }

  /// Asks about items with the template as it stands, checks and all: how the finished teacher answers new items.
  ///
  /// An item on which the teacher fails has nil.
  public func answers(for items: [Item], state: LoopState) async throws -> [CheckedReply?] {
    try await ask(items, state: state, followUps: options.followUps).map { try? $0.get() }
  }

  private var explainer: Explainer {
    var explainer = Explainer(teacher: teacher, task: task)
    explainer.maximumTokens = options.explanationTokens
    return explainer
  }

  func prompts(_ template: LabellingTemplate, reasons: [String: String]) async throws -> PromptBuilder {
    var prompts = PromptBuilder(task: task, template: template, aligner: aligner.explained(by: reasons))
    prompts.shots = options.shots
    prompts.contextCharacters = options.contextCharacters
    prompts.parameters = parameters
    return prompts
  }

  /// The check of replies as the state has it.
  func checker(_ state: LoopState, _ prompts: PromptBuilder, followUps: Int) -> TeacherChecker {
    var ladder = DetailLadder(prompts: prompts, steps: options.steps, threshold: state.threshold)
    ladder.second = second.map { TaskTeacher($0, task: task) }
    let calibrated = calibration(state)
    ladder.calibration = { calibrated($0.value) }
    var checker = TeacherChecker(
      teacher: teacher, check: replyCheck?(ladder) ?? ladder, acceptance: state.acceptance ?? options.acceptance,
      maximumFollowUps: max(0, followUps))
    checker.vote = vote(state, calibrated: calibrated)
    return checker
  }

  private func ask(
    _ items: [Item], state: LoopState, followUps: Int
  ) async throws -> [Result<CheckedReply, any Error>] {
    let prompts = try await prompts(state.history.template, reasons: state.reasons)
    let checker = checker(state, prompts, followUps: followUps)
    return try await concurrently(items) { item in
      let request = try await prompts.request(for: item)
      do {
        return .success(try await checker.ask(request))
      } catch {
        guard !(error is TeacherUnavailable || error is BudgetExhausted) else { throw error }
        try Task.checkCancellation()
        return .failure(error)
      }
    }
  }

  private func kept(_ reply: CheckedReply, item: Item, sureness: Double, round: Int) -> LabelledByTeacher {
    LabelledByTeacher(
      item: item.id,
      replies: reply.exchanges.map {
        KeptReply(
          version: $0.request.promptVersion, answer: $0.reply.label, confidence: $0.reply.confidence, raw: $0.reply.raw)
      },
      accepted: reply.accepted, voted: reply.voted?.label, sureness: sureness, round: round)
  }

  /// Explains the most telling cases and tries the change that follows from them.
  private func refine(_ state: inout LoopState, by cases: [StudentCase], round: Int) async throws {
    guard let first = cases.first else { return }
    let cost = aligner.pool.size + 1
    if let budget = options.budget, state.questions + cost > budget { return }
    let reason = try await explainer.reason(for: first.item, answer: first.answer)
    if task.kind != .spans { state.questions += 1 }
    let explained = [ExplainedCase(first, reason: reason)] + cases.dropFirst().map { ExplainedCase($0, reason: "") }
    let edits = try await refinement.edits(to: state.history.template, after: explained)
    guard !edits.isEmpty else { return }
    let template = try state.history.template.applying(edits)
    let (score, answers, _) = try await poolScore(template, reasons: state.reasons)
    state.questions += aligner.pool.size
    let isScored = options.rollsBack && aligner.pool.size > 0
    if try state.history.refine(edits, score: isScored ? score.macroF1 : nil, round: round) { state.pool = answers }
  }

  /// The pool answered with a template, each item left out of its own prompt.
  private func poolScore(
    _ template: LabellingTemplate, reasons: [String: String]
  ) async throws -> (TaskScore, [LoopState.PoolAnswer], [Exchange]) {
    let entries = aligner.pool.entries
    let prompts = try await prompts(template, reasons: reasons)
    let exchanges = try await concurrently(entries) {
      let request = try await prompts.request(for: $0.item)
      return Exchange(request: request, reply: try await teacher.reply(to: request))
    }
    let answers = exchanges.map { task.answer(of: $0.reply) }
    let score = task.score(answers, against: entries.map(\.answer), texts: entries.map(\.item.text))
    let kept = zip(entries, zip(exchanges, answers)).map { entry, answered in
      LoopState.PoolAnswer(answered.1, confidence: answered.0.reply.confidence, to: entry)
    }
    return (score, kept, exchanges)
  }

  /// The lowest threshold above which the pool's answers are right often enough, after calibration.
  private func threshold(of state: LoopState, precision: Double) -> Double {
    let sureness = sureness(in: state)
    let pool = state.fairPool.map { (sure: sureness($0.confidence), isRight: $0.isRight) }
      .sorted { $0.sure > $1.sure }
    var (right, best) = (0, 1.0)
    for (place, answer) in pool.enumerated() {
      if answer.isRight { right += 1 }
      // Answers of one sureness stand or fall together.
      if place + 1 < pool.count, pool[place + 1].sure == answer.sure { continue }
      if Double(right) >= precision * Double(place + 1) { best = answer.sure }
    }
    return best
  }

  /// Older examples, drawn by seed and round.
  private func replay(_ state: LoopState, round: Int) -> [TrainingExample] {
    let older = examples(state, vote: nil)
    guard !older.isEmpty, options.replay > 0 else { return [] }
    let order = older.enumerated().map { place, example in
      (key: ContentDigest.of(fields: ["replay", "\(options.seed)", "\(round)", example.item.id]), place: place)
    }.sorted { $0.key < $1.key }
    return order.prefix(options.replay).map { older[$0.place] }
  }
}
