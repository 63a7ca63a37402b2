internal import Annotations
internal import DualChecker
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

/// How many questions a run of the method `dualchecker` asks, from the numbers of its records.
struct DualCheckerQuestions: Sendable {
  /// Before the first record is labelled: those about the pool.
  let pool: Int
  /// While the records are labelled: each once.
  let least: Int
  /// The same with every question that may follow, and with those that refine the template.
  let most: Int
  /// Of them, those that go to the teacher of second opinions.
  let second: Int
  /// While teacher and comparisons are scored, at most.
  let scoring: Int
  /// Of all of them about as many as are asked where half of what may follow does.
  let usual: Int

  init(_ run: DualCheckerConfiguration, pool: Int, toLabel: Int, test: Int) {
    let start = run.task.kind.poolQuestions(records: pool, explains: run.aligner.explains)
    // Each adds a step, and where none is left nothing follows.
    let followUps = min(run.teacherCheck.followUps, run.teacherCheck.steps.count)
    self.pool = start
    least = start + toLabel
    // The pool is asked again where it chooses which reply counts.
    let choice = run.teacherCheck.rule == nil ? pool * followUps : 0
    let rounds = (toLabel + run.loop.batch - 1) / max(1, run.loop.batch)
    let refinements = run.studentCheck.kind == .none ? 0 : rounds / max(1, run.studentCheck.every)
    let whole = start + choice + toLabel * (1 + followUps) + refinements * (pool + 1)
    most = min(whole, max(run.loop.budget ?? whole, start))
    let draws = run.evaluation.draws
    scoring = test * (1 + followUps + draws) + min(run.evaluation.studentDraws, draws) * toLabel
    usual = (least + most) / 2 + scoring - test * followUps / 2
    second =
      run.second == nil || !run.teacherCheck.steps.contains(.secondOpinion)
      ? 0 : choice + followUps * (toLabel + test)
  }
}

extension DualCheckerRun {
  /// How many requests go to whom at most, for a terminal. No question is asked.
  ///
  /// - Throws: what reading the records throws.
  package func requestsAtMost() throws -> String {
    let records = try DualCheckerRecords(configuration, rows: RunRules(of: folder).rows)
    return requestsAtMost(about: records) + "; nothing was asked.\n"
  }

  /// The same before anything is asked.
  func requestsAtMost(about records: DualCheckerRecords) -> String {
    let questions = DualCheckerQuestions(
      configuration, pool: records.poolSize, toLabel: records.training.count - records.poolSize,
      test: records.test.count)
    func line(_ teacher: DualCheckerTeacherConfiguration, _ count: Int) -> String {
      let name = "teacher '\(teacher.name)'"
      guard teacher.kind == .openAI else {
        return "\(name): at most \(NumberText.grouped(count)) questions in this process"
      }
      // Samples are asked for one by one where the service gives one answer at a time.
      let requests = count * teacher.service.samples * (teacher.service.repairs ? 2 : 1)
      let tries = teacher.service.retries > 0 ? ", those tried again not counted" : ""
      var text =
        "\(name) at \(teacher.service.addresses.words): at most \(NumberText.grouped(requests)) requests\(tries)"
      if let price = teacher.service.price {
        // Four bytes a token, prompts as long as they may be, answers half as long as allowed.
        let tokens = DualCheckerPrompts(configuration, records).longest / 4
        let cost = price.cost(
          of: .init(inputTokens: requests * tokens, outputTokens: requests * teacher.service.maximumTokens / 2))
        text += ", cost below \(NumberText.fixed(cost, digits: 2))"
      }
      return text
    }
    let all = questions.most + questions.scoring
    var lines = [line(configuration.teacher, all)]
    if let second = configuration.second { lines.append(line(second, questions.second)) }
    lines.append(
      "At least \(NumberText.grouped(questions.least)) and at most \(NumberText.grouped(questions.most)) questions to label "
        + "the records, at most \(NumberText.grouped(questions.scoring)) to score; replies in the store are free")
    return lines.joined(separator: "\n")
  }
}
