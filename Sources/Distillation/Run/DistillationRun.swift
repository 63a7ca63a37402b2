package import ConfigurationFiles
public import Foundation
internal import Annotations
package import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
import DistillationConfiguration
import Evaluation
import Reporting
internal import TwoStage
internal import Wording

/// A run of the multi-teacher method: a folder, and the steps that fill it.
///
/// ```swift
/// let configuration = try RunConfiguration(contentsOf: file)
/// let run = try DistillationRun(configuration, folder: folder, reporter: ProgressReporter(style: .automatic()))
/// try await run.run()
/// try run.evaluation?[ResultName(rawValue: "two_stage")]?.accuracy
/// ```
///
/// A step whose inputs are what they were is skipped, and training goes on from its checkpoint, so a run that was killed
/// at any instant is simply started again and ends with the same bytes: adapters and evaluation.json. A finished run that is
/// started again reads its data files, looks whether its images are what they were, and reads no model.
public struct DistillationRun: Sendable {
  /// What is to be done. Paths are absolute, and `data.pixels` is said where items have images.
  package internal(set) var configuration: RunConfiguration
  /// Where it is done.
  package let folder: URL
  let reporter: ProgressReporter
  let plugins: RunPlugins
  /// The processes that carry it out together; in all of them but the first `folder` is a copy. The default is this one alone.
  package var ranks: any Ranks = OneRank()

  /// A run in this folder, which is made with the first step if it is missing.
  ///
  /// - Throws: ``RunError`` or an error of the file system.
  public init(
    _ configuration: RunConfiguration, folder: URL, reporter: ProgressReporter = ProgressReporter(style: .silent),
    plugins: RunPlugins = RunPlugins()
  ) throws {
    self.configuration = configuration.sayingPixels(in: folder).sayingReplay(in: folder).spellingPaths(asIn: folder)
    self.folder = folder
    self.reporter = reporter
    self.plugins = plugins
  }

  /// A run that was started before, from the configuration in its folder.
  ///
  /// - Parameter setting: keys in place of what that file says, this time alone.
  package static func opening(
    _ folder: URL, setting: [ConfigurationSetting] = [], reporter: ProgressReporter = ProgressReporter(style: .silent),
    plugins: RunPlugins = RunPlugins()
  ) throws -> DistillationRun {
    try DistillationRun(
      RunConfiguration(ofRun: folder, setting: setting), folder: folder, reporter: reporter, plugins: plugins)
  }

  /// evaluation.json, if the run has come that far.
  public var evaluation: EvaluationFile? {
    get throws {
      let file = folder.appending(path: "evaluation.json")
      return FileManager.default.fileExists(atPath: file.path) ? try EvaluationFile(contentsOf: file) : nil
    }
  }

  /// Runs all steps up to and with `last`.
  public func run(through last: RunStep = .report) async throws {
    if let threads = configuration.threads { Tensor.Compute.threads = threads }
    try configuration.demand(through: last, hasStudent: plugins.student != nil, otherTeachers: plugins.teachers.count)
    // Before teachers are asked and paid.
    if plugins.student == nil, configuration.data.fields.image != nil, let path = configuration.student.model,
      let sizes = try? StudentFamily.configuration(contentsOf: URL(filePath: path)), sizes.tower == nil
    {
      throw RunError.readsNoImages(path)
    }
    if plugins.student == nil { try LabelsAlike.refuse(configuration) }
    try configuration.refuseUnsuitedSettings()
    try lookAtPrompts()
    try refuseUnusable(store: configuration.store)
    for (path, key) in configuration.takenAdapters where !last.isBefore(.stage1) {
      _ = try TakenAdapter(URL(filePath: path), key: key)
    }
    try OwnerOnly.makeFolder(folder)
    try RunFolder.refuseForeign(folder, for: .multiTeacher)
    let lock = try RunLock(folder, reporter: reporter)
    defer { lock.free() }
    configuration.deleteLeftFiles(in: folder)
    try RunRules.keep(in: folder)
    try Data(configuration.yaml.utf8).write(to: folder.appending(path: "config.yaml"), options: .atomic)
    try await RunSteps(self).carryOut(through: last)
  }

  /// The teachers' answers, and what they amount to. Only what is not in the store is asked for.
  ///
  /// - Parameters:
  ///   - store: where replies are looked up and kept; nil for the configuration's.
  ///   - conductor: has other ranks compute along with this one. The default is nil: there are none.
  func gathered(
    _ data: RunData, labels: LabelSet, store: (any AnnotationStore)? = nil, conductor: TeacherConductor? = nil
  ) async throws -> RunState {
    let teachers = try RunTeachers(
      configuration, labels: labels, plugins: plugins, folder: folder, plainIDs: data.plainIDs, conductor: conductor)
    for replies in teachers.recorded {
      try data.check(replies)
      if let listed = replies.setAside.listed { reporter.warn(listed) }
    }
    try teachers.refuseSilentRecords(on: data.train)
    let store = try store ?? openStore()
    let services = Set(teachers.assignments.filter { !($0.teacher is any BatchTeacher) }.map(\.teacher.name))
    let ledger = try ledger(of: teachers.assignments)
    defer { if let closing = ledger.closing { reporter.message(closing) } }
    var missing: [AnnotationRun.Failure] = []
    func annotate(_ title: String, _ items: [Item], _ assignments: [Annotator.Assignment]) async throws -> AnnotationRun
    {
      var annotator = try Annotator(store: store, labels: labels, assignments: assignments, ledger: ledger)
      annotator.readsCutReplies = try RunRules(of: folder).cut == .label
      annotator.stopsWithoutLabels = configuration.spending.unreadable == .stop
      annotator.tell = { [reporter] in reporter.warn($0) }
      try await sayBefore(asking: annotator, data.dataset, items)
      reporter.begin(title, total: items.count * assignments.count, unit: "replies")
      let run = try await annotator.annotate(data.dataset, items: items) { [reporter] in
        reporter.advance(
          to: $0.done, note: $0.spent.note,
          pace: ProgressPace(rate: $0.rate > 0 ? $0.rate : nil, secondsLeft: $0.secondsLeft))
      }
      reporter.finish()
      if let stopped = run.stopped { throw stopped }
      for line in run.closingLines() { reporter.message("  " + line) }
      try say(whatFailedIn: run, isOverBudget: ledger.wasExhausted)
      missing += run.failures.filter { $0.wasAsked && services.contains($0.teacher) }
      return run
    }
    let train = try await annotate("teachers on training items", data.train, teachers.assignments)
    // Before the rest is asked of what is gone.
    try stop(missing, of: data.train.count, isOverBudget: ledger.wasExhausted)
    let scored = data.scoredByTeachers(configuration.evaluation)
    let answering = scored.isEmpty ? [] : sayingWhoIsSilent(teachers, on: scored)
    let test =
      answering.isEmpty
      ? AnnotationRun(items: [], teachers: [], annotations: [])
      : try await annotate("teachers on test items", scored, answering)
    try stop(missing, of: data.train.count + test.items.count, isOverBudget: ledger.wasExhausted)
    let rule = try rule(over: train.votes)
    return RunState(
      labels: labels, data: data, teachers: teachers.names, train: train, test: test,
      judgements: train.judgements(by: rule), testJudgements: test.judgements(by: rule))
  }

  /// Those whose answers to the scored items can be had, with a word on recorded ones that have none: what they say on
  /// training items does not depend on it.
  private func sayingWhoIsSilent(_ teachers: RunTeachers, on scored: [Item]) -> [Annotator.Assignment] {
    let silent = teachers.silent(on: scored)
    for name in silent.sorted() {
      reporter.warn(
        "teacher \(name) has no recorded reply on the \(configuration.evaluation.split.rawValue) items: its result is left out"
      )
    }
    return teachers.labelAssignments.filter { !silent.contains($0.teacher.name) }
  }

  /// The items, and a word on the rows that are none.
  ///
  /// - Parameter remembers: whether the images that are sound are remembered for later starts.
  func readData(_ files: DataFiles, _ labels: LabelSet, remembers: Bool = true) throws -> RunData {
    let rules = try RunRules(of: folder)
    var data = try RunData(configuration, labels: labels, files: files, rows: rules.rows)
    try lookAtImages(of: &data, remembers: remembers)
    if rules.images == .byContent, let images = data.images { data.key = StepRecords.key(data.key, images) }
    let unlabelled = rowsWithoutLabel(data, areScored: false)
    let lacking = unlabelled.listed(
      as:
        "\(NumberText.counted(unlabelled.count, "training row")) without a label that can be used, on which no budget is spent"
    )
    for text in [data.setAside.listed, lacking, data.rowsInNoSplit(configuration.data)] { text.map(reporter.warn) }
    if let renaming = data.renaming { reporter.message(renaming) }
    return data
  }

  /// Rows whose label the run would read and can't use: of training items where it stands for a person's, and of scored ones.
  func rowsWithoutLabel(_ data: RunData, areScored: Bool) -> [RowProblem] {
    data.gold?.problems(
      of: (configuration.review.source == .oracle ? data.train : []) + (areScored ? data.test : [])) ?? []
  }

  /// Says which items the student could not take.
  func say(setAside: SetAside) {
    let all = setAside.all
    guard !all.isEmpty else { return }
    let more = all.count > 8 ? ["  and \(all.count - 8) more"] : []
    reporter.warn(
      (["\(NumberText.counted(all.count, "item")) can't be put to the student:"]
        + all.prefix(8).map { "  item \($0.item): \($0.reason)" } + more).joined(separator: "\n"))
  }

  /// Stops where services left questions unanswered and the configuration does not say to go on without: what is trained on
  /// fewer votes is another student, and trained again once the rest is answered.
  private func stop(_ missing: [AnnotationRun.Failure], of items: Int, isOverBudget: Bool) throws {
    guard !missing.isEmpty, configuration.missingReplies != .accept else { return }
    let lines = Dictionary(grouping: missing, by: \.teacher).sorted { $0.key < $1.key }.map { teacher, failures in
      "teacher \(teacher), \(failures.count) of \(items) items; first: \(failures[0].reason)"
    }
    throw isOverBudget ? RunError.budgetUsedUp(lines) : RunError.missingReplies(lines)
  }

  /// Says what was not answered; a teacher that answered nothing at all stops the run, since its votes are missing from
  /// every result.
  private func say(whatFailedIn run: AnnotationRun, isOverBudget: Bool) throws {
    let failed = Dictionary(grouping: run.failures, by: \.teacher)
    for (teacher, failures) in failed.sorted(by: { $0.key < $1.key }) {
      // What the budget had no room for is told together, where the run stops for it.
      if failures.count == run.items.count, !isOverBudget || configuration.missingReplies == .accept {
        throw RunError.silentTeacher(teacher, failures[0].reason)
      }
      reporter.warn(run.words(about: teacher, failures))
    }
  }

  /// Human labels of conflicts, as far as this part of the budget reaches, in the configuration's order.
  ///
  /// - Parameter rounds: rounds whose part of the budget may be spent. The default is the first alone.
  func reviewed(
    _ state: RunState, uncertainty: [String: [String: Double]]?, rounds: Int = 1,
    conflicts: [Conflict]? = nil, given: HumanLabels = HumanLabels()
  ) async throws -> HumanLabels {
    try await ofFirst("the human labels") {
      try await reviewedHere(state, uncertainty: uncertainty, rounds: rounds, conflicts: conflicts, given: given)
    }
  }

  private func reviewedHere(
    _ state: RunState, uncertainty: [String: [String: Double]]?, rounds: Int, conflicts: [Conflict]?,
    given: HumanLabels
  ) async throws -> HumanLabels {
    let budget = configuration.review.labels(ofItems: state.data.train.count)
    let opinions = configuration.review.opinionsOfItem
    let allowed = (budget * rounds / configuration.rounds - given.spent) / opinions
    let open = (conflicts ?? state.conflicts).filter {
      given.labels[$0.item.id] == nil && given.opinions[$0.item.id, default: 0] < opinions
    }
    if budget > 0, budget < opinions, !open.isEmpty {
      reporter.warn(
        "review.budget allows \(NumberText.counted(budget, "label")), and review.opinions wants \(opinions) of each item, so nobody is "
          + "asked; raise the budget")
    }
    let ordered = try order(open, state, uncertainty: uncertainty)
    var found = given
    switch configuration.review.source {
    case .oracle:
      let fresh = try await goldLabels(
        of: ordered, upTo: allowed, state, budget: budget, journal: folder.appending(path: "review.jsonl"))
      found.add(fresh)
      let open = ordered.count { state.data.gold?.has($0.item.id) == false }
      if open > 0 {
        reporter.warn(
          "\(open) of \(NumberText.counted(ordered.count, "conflict")) for people \(open == 1 ? "has" : "have") no label that can "
            + "be used in the data, and the run goes on without; review.budget is spent on the others alone")
      }
    case .file:
      let asked = Array(ordered.prefix(max(0, allowed)))
      // Where nothing is asked no file is needed.
      guard !asked.isEmpty else { break }
      func wait() throws -> Never {
        let queue = folder.appending(path: "review-queue.csv")
        try ReviewFile.write(asked, to: queue)
        throw RunError.waitingForLabels(queue.path, conflicts: asked.count)
      }
      guard let path = configuration.review.file, FileManager.default.fileExists(atPath: path) else { try wait() }
      let items = Set(state.data.train.map(\.id))
      let source = try ReviewFileSource(
        URL(filePath: path), labels: state.labels, items: items, strict: configuration.strict)
      if let listed = source.setAside.listed { reporter.warn(listed) }
      found.setAside = source.setAside
      let fresh = try await source.labels(for: asked.map(\.item))
      // A file that answers none of these questions was filled in for others, of an earlier round, or is not begun.
      if fresh.isEmpty { try wait() }
      found.add(fresh)
      sayWhatIsOpen(asked, after: found, decidedBy: path)
    case .page:
      try await addDecisions(about: Array(ordered.prefix(max(0, allowed))), to: &found)
    }
    if found.spent > budget {
      reporter.warn(
        "people gave \(NumberText.counted(found.spent, "label")), more than the \(budget) that review.budget allows; all are counted"
      )
    }
    return found
  }

  /// Gold labels of the first conflicts in place of people's, each reading written to the journal. Conflicts without one are
  /// passed over, and cost nothing. Those whose label the journal has come first, as these are paid for, in whatever order
  /// conflicts come now.
  func goldLabels(
    of conflicts: [Conflict], upTo most: Int, _ state: RunState, budget: Int, journal: URL
  ) async throws -> [String: String] {
    guard let gold = state.data.gold else { throw state.data.nothingToReview }
    let labelled = conflicts.map(\.item).filter { gold.has($0.id) }
    // A budget of none gives out what is in the journal alone.
    let paid = try await OracleLabelSource(gold: gold, budget: 0, journal: journal).labels(for: labelled)
    let others = labelled.filter { item in paid[item.id].map { $0 != gold.answer(of: item.id) } ?? false }
    if let first = others.first, let old = paid[first.id], let new = gold.answer(of: first.id) {
      reporter.warn(
        "\(journal.path) has \(NumberText.counted(others.count, "label")) that the data no longer \(others.count == 1 ? "has" : "have"), "
          + "as of item '\(first.id)': '\(old)' there, '\(new)' in the data; the run goes on with what it read first. Delete the "
          + "file to have labels read anew")
    }
    let ordered = labelled.filter { paid[$0.id] != nil } + labelled.filter { paid[$0.id] == nil }
    return try await OracleLabelSource(gold: gold, budget: budget, journal: journal)
      .labels(for: Array(ordered.prefix(max(0, most))))
  }

  /// The conflicts in the configuration's order.
  func order(
    _ conflicts: [Conflict], _ state: RunState, uncertainty: [String: [String: Double]]?
  ) throws -> [Conflict] {
    switch configuration.review.order {
    case .votePatterns: VotePatternOrder(seed: UInt64(configuration.seed)).ordered(conflicts)
    case .expectedError:
      try ExpectedErrorOrder(DawidSkene(state.train.votes, prior: RunRules(of: folder).errors)).ordered(conflicts)
    case .random: RandomOrder(seed: UInt64(configuration.seed)).ordered(conflicts)
    case .disagreement: DisagreementConfidenceOrder(levels: configuration.levels).ordered(conflicts)
    case .studentUncertainty: UncertaintyOrder(probabilities: uncertainty ?? [:]).ordered(conflicts)
    }
  }

  /// The rule by which votes agree; the table is what it learns the teachers' reliabilities from, where it does.
  func rule(over table: VoteTable) throws -> any AgreementRule {
    if let own = plugins.agreement { return own }
    let prior = try RunRules(of: folder).errors
    return configuration.agreement.rule(over: table, levels: configuration.levels, prior: prior)
  }
}
