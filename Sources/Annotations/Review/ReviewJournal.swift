public import Foundation
public import TeacherProtocol

/// People's decisions, in a file to which each is appended as one line that is on the disk before it is confirmed.
///
/// ```swift
/// let journal = try ReviewJournal(folder.appending(path: "review-answers.jsonl"))
/// try await journal.labels(for: items)   // ["7": "falsified"]
/// ```
///
/// Nothing is ever overwritten: of several decisions of one person about one item the last one stands, and a withdrawn one
/// leaves none. Pages, terminals and runs may share the file at the same time. Which item is before whom is known to the
/// pages of one process alone.
public actor ReviewJournal: DecisionLog {
  private let file: LineFile
  private var lines: [ReviewEntry] = []
  private var held: ReviewClaims
  private let now: @Sendable () -> ContinuousClock.Instant

  /// Opens or makes a journal.
  ///
  /// - Throws: ``AnnotationsError/cannotOpen(file:reason:)``.
  public init(_ url: URL) throws(AnnotationsError) {
    file = try LineFile(url)
    held = ReviewClaims(lease: .seconds(ReviewClaim.lease))
    now = { ContinuousClock.now }
  }

  /// A journal whose claims go by this clock.
  package init(_ url: URL, now: @escaping @Sendable () -> ContinuousClock.Instant) throws(AnnotationsError) {
    file = try LineFile(url)
    held = ReviewClaims(lease: .seconds(ReviewClaim.lease))
    self.now = now
  }

  /// The decisions that stand, the one made last behind all others.
  ///
  /// - Throws: ``AnnotationsError/badRow(_:)`` for a line that is none of a journal.
  package func entries() async throws -> [ReviewEntry] {
    try await FileLock.holding(file.descriptor, file: file.file) {
      try readNew()
      return lines.standing
    }
  }

  /// Adds a decision; it is on the disk when this returns.
  ///
  /// - Returns: the decisions that stand then.
  /// - Throws: ``AnnotationsError/cannotWrite(file:reason:)``, and then the decision does not stand.
  @discardableResult package func add(_ entry: ReviewEntry) async throws -> [ReviewEntry] {
    try await FileLock.holding(file.descriptor, file: file.file) {
      try readNew()
      try file.append([entry.line])
      held.release(entry.item, by: entry.reviewer)
      // Our own line comes back here, so that the next reading finds only those of others.
      try readNew()
      return lines.standing
    }
  }

  package func claim(firstOf items: [String], for reviewer: String, opinions: Int) async throws -> String? {
    try await FileLock.holding(file.descriptor, file: file.file) {
      try readNew()
      return held.claim(firstOf: items, for: reviewer, opinions: opinions, over: lines.standing, at: now())
    }
  }

  package func release(_ item: String, by reviewer: String) { held.release(item, by: reviewer) }

  package func claims() -> [ReviewClaim] { held.standing(at: now()) }

  /// The label that most people gave to each of the items; none where as many gave another.
  public func labels(for items: [Item]) async throws -> [String: String] {
    let labels = try await entries().labels
    var found: [String: String] = [:]
    for item in items { found[item.id] = labels[item.id] }
    return found
  }

  private func readNew() throws {
    lines += try file.newLines { number, bytes in
      guard let entry = ReviewEntry(line: bytes) else {
        throw AnnotationsError.badRow(
          RowProblem(
            file: file.file, line: number,
            expected:
              "an object with 'item', 'reviewer' and one of 'label', 'skipped' and 'withdrawn' (correct the line, or take "
              + "it out)",
            found: String(decoding: bytes.prefix(40), as: UTF8.self)))
      }
      return entry
    }
  }
}
