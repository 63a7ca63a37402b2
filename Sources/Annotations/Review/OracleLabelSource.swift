internal import JSON
public import Foundation
public import TeacherProtocol

/// Reads gold labels as if a person were asked, under a budget that is never exceeded.
///
/// ```swift
/// let source = try OracleLabelSource(gold: gold, budget: 400, journal: folder.appending(path: "review.jsonl"))
/// try await source.labels(for: conflicts.map(\.item))  // the first 400
/// await source.spent                                   // 400
/// ```
///
/// The budget counts distinct items: asking again is free. With a journal, a label is on the disk before it is given out,
/// so a run that was killed goes on with what it has spent, and processes that share the journal share the budget. An item
/// without a gold label costs nothing and is left out.
public actor OracleLabelSource: LabelSource {
  /// Most items whose label is given out.
  package let budget: Int
  private let gold: GoldAnswers<String>
  private let journal: LineFile?
  private var given: [String: String] = [:]

  /// A source over a gold column.
  ///
  /// - Parameters:
  ///   - gold: the labels.
  ///   - budget: most items whose label is given out.
  ///   - journal: a JSON Lines file of `{"item", "label"}` that is gone on with; nil to remember in memory alone.
  /// - Throws: ``AnnotationsError/cannotOpen(file:reason:)``.
  /// - Precondition: the budget is not negative.
  public init(gold: GoldAnswers<String>, budget: Int, journal: URL? = nil) throws(AnnotationsError) {
    precondition(budget >= 0, "OracleLabelSource: a budget of \(budget)")
    self.gold = gold
    self.budget = budget
    var file: LineFile?
    if let journal { file = try LineFile(journal) }
    self.journal = file
  }

  /// Items whose label was given out so far, those of the journal included.
  ///
  /// The journal is read by the first ``labels(for:)``; before it, this is 0.
  public var spent: Int { given.count }

  /// The labels of the items, in their order as far as the budget reaches.
  ///
  /// - Throws: ``AnnotationsError/badRow(_:)`` for a damaged journal, as the budget could not be kept by guessing,
  ///   and for two labels of one item;
  ///   ``AnnotationsError/cannotWrite(file:reason:)``, and then no new label is given out.
  public func labels(for items: [Item]) async throws -> [String: String] {
    guard let journal else { return try answer(items) { _ in } }
    return try await FileLock.holding(journal.descriptor, file: journal.file) {
      _ = try journal.newLines { try read($0, $1, of: journal.file) }
      return try answer(items) { new in
        try journal.append(
          new.map { JSONValue.object([.init("item", .string($0.item)), .init("label", .string($0.label))]).text })
        // Our own lines come back once, here, so that the next call finds only those of others.
        _ = try journal.newLines { try read($0, $1, of: journal.file) }
      }
    }
  }

  private func answer(
    _ items: [Item], keep: ([(item: String, label: String)]) throws -> Void
  ) throws -> [String: String] {
    var new: [(item: String, label: String)] = []
    var taken: Set<String> = []
    for item in items where given[item.id] == nil && given.count + new.count < budget {
      if taken.insert(item.id).inserted, let label = gold.answer(of: item.id) { new.append((item.id, label)) }
    }
    try keep(new)
    for entry in new { given[entry.item] = entry.label }
    var found: [String: String] = [:]
    for item in items { found[item.id] = given[item.id] }
    return found
  }

  private func read(_ number: Int, _ bytes: Data, of file: String) throws {
    let value = bytes.withUnsafeBytes { try? JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
    guard let item = value?["item"]?.string, let label = value?["label"]?.string else {
      throw AnnotationsError.badRow(
        RowProblem(
          file: file, line: number, expected: "an object with the texts 'item' and 'label'",
          found: String(decoding: bytes.prefix(40), as: UTF8.self)))
    }
    // Which of two labels was meant can't be known, and the run has learned from one of them.
    if let first = given[item], first != label {
      throw AnnotationsError.badRow(
        RowProblem(
          file: file, line: number, item: item, field: "label",
          expected: "'\(first)' as on an earlier line of the item", found: "'\(label)'"))
    }
    given[item] = label
  }
}
