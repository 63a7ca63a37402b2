package import Annotations
package import Foundation
package import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

/// The conflicts of a run as questions to people, with the labels, the images and the journal of decisions.
package struct RunReview: Sendable {
  /// The conflicts that the run asks about, in its order and within its budget.
  package let questions: [ReviewQuestion]
  /// What may be answered.
  package let labels: LabelSet
  /// The folder of the photographs.
  package let images: URL
  /// Where decisions are kept, for the run to read.
  package let journal: URL
}

extension DistillationRun {
  private var queue: URL { folder.appending(path: "review-queue.jsonl") }
  /// Where decisions of the page are kept.
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
    return RunReview(
      questions: FileManager.default.fileExists(atPath: queue.path) ? try ReviewQuestion.reading(queue) : [],
      labels: try configuration.labelSet(),
      images: data.images.map { URL(filePath: $0) } ?? file.deletingLastPathComponent(), journal: reviewJournal)
  }

  /// Labels that people gave on the page; what is asked is written for it.
  func reviewedOnPage(_ asked: [Conflict], given: [String: String]) async throws -> [String: String] {
    try ReviewFile.write(asked, to: queue)
    let known = Set(try configuration.labelSet().names)
    let fresh = try await ReviewJournal(reviewJournal).labels(for: asked.map(\.item)).filter {
      known.contains($0.value)
    }
    // Without an answer to these questions the answers are an earlier round's, or the review is not begun.
    if fresh.isEmpty, !asked.isEmpty { throw RunError.waitingForReview(folder.path, conflicts: asked.count) }
    sayWhatIsOpen(asked, without: fresh, decidedBy: "distill review --run \(folder.path)")
    return given.merging(fresh) { old, _ in old }
  }

  /// Says how many conflicts a review left without a label, which a run with some labels does not wait for.
  func sayWhatIsOpen(_ asked: [Conflict], without fresh: [String: String], decidedBy means: String) {
    let open = asked.count - fresh.count
    guard open > 0 else { return }
    reporter.message(
      "\(open) of \(NumberText.counted(asked.count, "conflict")) for people have no label yet, and the run goes on without them; "
        + "decide them with \(means), and run again")
  }
}
