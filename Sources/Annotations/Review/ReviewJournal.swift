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
/// leaves none. Pages, terminals and runs may share the file at the same time.
public actor ReviewJournal: LabelSource {
  private let file: LineFile
  private var lines: [ReviewEntry] = []

  /// Opens or makes a journal.
  ///
  /// - Throws: ``AnnotationsError/cannotOpen(file:reason:)``.
  public init(_ url: URL) throws(AnnotationsError) { file = try LineFile(url) }

  /// The decisions that stand, the one made last behind all others.
  ///
  /// - Throws: ``AnnotationsError/badRow(_:)`` for a line that is none of a journal.
  package func entries() async throws -> [ReviewEntry] {
    try await FileLock.holding(file.descriptor, file: file.file) {
      try readNew()
      return Self.standing(lines)
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
      // Our own line comes back here, so that the next reading finds only those of others.
      try readNew()
      return Self.standing(lines)
    }
  }

  /// Takes back what a person decided last.
  ///
  /// - Returns: what was taken back; nil where nothing stood.
  package func undo(_ reviewer: String) async throws -> ReviewEntry? {
    guard let last = try await entries().last(where: { $0.reviewer == reviewer }) else { return nil }
    try await add(ReviewEntry(item: last.item, reviewer: reviewer, decision: .withdrawn))
    return last
  }

  /// The label that most people gave to each of the items; none where as many gave another.
  public func labels(for items: [Item]) async throws -> [String: String] {
    let labels = Self.labels(of: try await entries())
    var found: [String: String] = [:]
    for item in items { found[item.id] = labels[item.id] }
    return found
  }

  /// The label that most people gave to each item; none where as many gave another.
  package static func labels(of entries: [ReviewEntry]) -> [String: String] {
    let rule = MajorityRule(minimumVotes: 1)
    return Dictionary(grouping: entries, by: \.item).compactMapValues { entries in
      rule.verdict(on: entries.compactMap { entry in entry.label.map { Vote(teacher: entry.reviewer, label: $0) } })
        .agreedLabel
    }
  }

  private func readNew() throws {
    for line in try file.newLines() {
      guard let entry = ReviewEntry(line: line.bytes) else {
        throw AnnotationsError.badRow(
          RowProblem(
            file: file.file, line: line.number,
            expected: "an object with 'item', 'reviewer' and one of 'label', 'skipped' and 'withdrawn'",
            found: String(decoding: line.bytes.prefix(40), as: UTF8.self)))
      }
      lines.append(entry)
    }
  }

  /// The decisions that stand among those of a journal, in the order in which they were made.
  static func standing(_ lines: [ReviewEntry]) -> [ReviewEntry] {
    var last: [[String]: Int] = [:]
    for (number, entry) in lines.enumerated() { last[[entry.reviewer, entry.item]] = number }
    return last.values.sorted().map { lines[$0] }.filter { $0.decision != .withdrawn }
  }
}
