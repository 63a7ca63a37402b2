package import Annotations
package import Foundation
package import TeacherProtocol
internal import ConfigurationFiles
internal import DistillationConfiguration
internal import Wording

/// The conflicts of a run as questions to people, with the labels, the images and the log of decisions.
package struct RunReview: Sendable {
  /// The conflicts that the run asks about, in its order and within its budget.
  package let questions: [ReviewQuestion]
  /// What may be answered.
  package let labels: LabelSet
  /// How many people decide each item.
  package let opinions: Int
  /// The folder of the photographs.
  package let images: URL
  /// Keeps the decisions, for the run to read.
  package let log: any DecisionLog
  /// Where that is, for messages.
  package let place: String

  package init(
    questions: [ReviewQuestion], labels: LabelSet, opinions: Int, images: URL, log: any DecisionLog, place: String
  ) {
    (self.questions, self.labels, self.opinions) = (questions, labels, opinions)
    (self.images, self.log, self.place) = (images, log, place)
  }
}

extension DistillationRun {
  private var queue: URL { folder.appending(path: "review-queue.jsonl") }
  /// Where decisions of the page are kept, unless the store is on a server.
  var reviewJournal: URL { folder.appending(path: "review-answers.jsonl") }

  /// What the run asks people about; the steps before are done where they are not.
  ///
  /// - Throws: ``RunError/noReview(_:source:)`` for a run that reads its labels elsewhere, and what its steps throw.
  package func review() async throws -> RunReview {
    guard configuration.review.source == .page else {
      throw RunError.noReview(folder.path, source: configuration.review.source.rawValue)
    }
    if !FileManager.default.fileExists(atPath: queue.path) {
      do {
        try await run(through: .review)
      } catch RunError.waitingForReview {
        // That is what we are here for.
      }
    }
    let data = configuration.data
    let file = URL(filePath: data.file ?? data.files?.train ?? folder.path)
    let (log, place) = try await decisionLog()
    return RunReview(
      questions: FileManager.default.fileExists(atPath: queue.path) ? try ReviewQuestion.reading(queue) : [],
      labels: try configuration.labelSet(), opinions: configuration.review.opinions,
      images: data.images.map { URL(filePath: $0) } ?? file.deletingLastPathComponent(), log: log, place: place)
  }

  /// Adds what people decided on the page; what is asked is written for it.
  func addDecisions(about asked: [Conflict], to human: inout HumanLabels) async throws {
    try ReviewFile.write(asked, to: queue)
    let (log, place) = try await decisionLog()
    let entries = try await log.entries()
    let others = Set(entries.filter { $0.label != nil }.map(\.item))
      .subtracting(asked.map(\.item.id)).subtracting(human.opinions.keys)
    if !others.isEmpty {
      reporter.warn(
        "\(place) has decisions about \(NumberText.counted(others.count, "item")) that the run does not ask about now, since "
          + "review.budget, review.order, the labels or the replies have changed; they are kept, and not used")
    }
    human.add(entries, of: asked.map(\.item.id), known: Set(try configuration.labelSet().names))
    // Without an answer to these questions the answers are an earlier round's, or the review is not begun; where all opinions are
    // given and cancel each other out, nothing is left to wait for.
    let hasLabel = asked.contains { human.labels[$0.item.id] != nil }
    if !hasLabel, asked.contains(where: { human.opinions[$0.item.id, default: 0] < configuration.review.opinions }) {
      throw RunError.waitingForReview(folder.path, conflicts: asked.count)
    }
    sayWhatIsOpen(asked, after: human, decidedBy: "distill review --run \(folder.path)")
    if let agreement = human.agreement { reporter.message(agreement.text) }
  }

  /// Says how many conflicts a review left without a label, or without all the opinions that are wanted, which a run with some
  /// labels does not wait for.
  func sayWhatIsOpen(_ asked: [Conflict], after human: HumanLabels, decidedBy means: String) {
    let opinions = configuration.review.opinionsOfItem
    func say(_ count: Int, _ lack: String, _ remedy: String) {
      guard count > 0 else { return }
      reporter.warn(
        "\(count) of \(NumberText.counted(asked.count, "conflict")) for people \(lack), and the run goes on without "
          + "\(opinions > 1 ? "that" : "them"); \(remedy)")
    }
    let given = asked.map { (opinions: human.opinions[$0.item.id] ?? 0, hasLabel: human.labels[$0.item.id] != nil) }
    say(
      given.count { $0.opinions < opinions && !$0.hasLabel }, "have no label yet",
      "decide them with \(means), and run again")
    say(
      given.count { $0.opinions < opinions && $0.hasLabel },
      "lack an opinion of the \(opinions) that review.opinions wants",
      "let others decide them with \(means), and run again")
    say(
      given.count { $0.opinions >= opinions && !$0.hasLabel }, "have as many opinions for one label as for another",
      "raise review.opinions, and review.budget with it, for another person's opinion")
  }
}

extension DistillationRun {
  /// How many labels ahead an expectation looks.
  private static let ahead = 100

  /// What the next labels are expected to correct, by those that there are; nil without any, and where no conflict is open.
  /// Without the student at hand, those it would ask about are any.
  func expectation(_ state: RunState, _ human: HumanLabels) throws -> LabelExpectation? {
    let open = try order(state.conflicts.filter { human.labels[$0.item.id] == nil }, state, uncertainty: nil)
    return LabelExpectation(
      next: Array(open.prefix(Self.ahead)), labelled: state.conflicts.filter { human.labels[$0.item.id] != nil },
      labels: human.labels)
  }
}

/// The log of a run's decisions on a server: a run keeps the name that it began with, whatever is changed in its configuration
/// or wherever its folder is moved to.
private struct LogName: Codable {
  var log: String
}

extension DistillationRun {
  /// Where people's decisions are kept: in the run's folder or, where its store is on a server, there.
  ///
  /// - Parameter files: the data files, where they have been read.
  func decisionLog(_ files: DataFiles? = nil) async throws -> (log: any DecisionLog, place: String) {
    guard ConfigurationPath.isServer(configuration.store) else {
      return (try ReviewJournal(reviewJournal), reviewJournal.relativePath)
    }
    let log = try serverDecisions(configuration.store, log: logName(files))
    // What was decided before the run's store was on a server.
    if FileManager.default.fileExists(atPath: reviewJournal.path) {
      try await log.take(ReviewJournal(reviewJournal).entries())
    }
    return (log, log.place)
  }

  /// Whether people are asked, and what they decide is kept on a server.
  var asksOnServer: Bool { configuration.review.source == .page && ConfigurationPath.isServer(configuration.store) }

  /// A digest of what people decided so far, on the server.
  func decisionsOnServer(_ files: DataFiles) async throws -> String {
    StepRecords.key(try await decisionLog(files).log.entries().map(\.line).joined(separator: "\n"))
  }

  /// The name of the run's log on a server: the one in its folder, or that of all runs that begin with the same data and
  /// configuration, wherever their files lie.
  private func logName(_ files: DataFiles?) throws -> String {
    let file = folder.appending(path: "review-log.json")
    if FileManager.default.fileExists(atPath: file.path) {
      guard let known = try? JSONDecoder().decode(LogName.self, from: Data(contentsOf: file)), !known.log.isEmpty else {
        throw RunError.unusableFile(
          file.path,
          "it is damaged; write {\"log\": \"NAME\"} with the column 'log' of distill_decision, or restore it"
        )
      }
      return known.log
    }
    let settings = configuration.settings(for: .evaluate).mappingConfigurationPaths(nil) { path, _ in
      URL(filePath: path).lastPathComponent
    }
    let name = StepRecords.key(
      try files?.contents ?? DataFiles(configuration).contents, settings.json, configuration.agreement.json,
      plugins.teachers.map { "\($0.name) \($0.model)" }.joined(separator: "\n"))
    try OwnerOnly.write(JSONEncoder().encode(LogName(log: name)), to: file)
    return name
  }
}
