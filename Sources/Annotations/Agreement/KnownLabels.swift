internal import JSON
package import Foundation
package import TeacherProtocol

/// Labels that are known to be right, out of a file with an item and a label a row: true labels, anchors, a run's journal of
/// labels, or what people decided on the review page.
///
/// Of several rows of an item the first with a label counts, and a row that contradicts it is set aside. Of a file with the
/// column `reviewer` the label that most people gave an item counts, each person's last word, as in ``ReviewJournal``. Rows
/// without a label are still to do.
package struct KnownLabels: Sendable, Equatable {
  /// Item -> label, spelled as in `names`.
  package private(set) var labels: [String: String] = [:]
  /// Rows that can't be used, in the order of the file.
  package private(set) var setAside: [RowProblem] = []
  /// What the labels are called.
  package private(set) var names: RawLabelNames
  private let file: String

  /// What a file may hold.
  package struct Scope: Sendable {
    /// The labels that may occur; those without a set take any label as it is spelled first.
    package var set: LabelSet?
    /// How labels are spelled that were seen elsewhere.
    package var names = RawLabelNames()
    /// Whether other labels than those of `names` are unknown.
    package var isComplete = false
    /// The items that may occur; nil for any.
    package var items: Set<String>?

    /// Anything.
    package init(set: LabelSet? = nil) { self.set = set }

    /// What the table's teachers said of the table's items.
    package init(_ table: VoteTable) {
      for label in table.votes.joined().compactMap(\.self) { _ = names.name(label) }
      (isComplete, items) = (true, Set(table.items))
    }
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - item: the columns that name an item.
  ///   - label: the column of the label.
  ///   - key: what the caller's user named the file or column by, for the message about a column that is not there.
  /// - Throws: `TeacherProtocolError`.
  package init(
    contentsOf url: URL, item: ColumnList = ["item"], label: String = "label", key: String, scope: Scope = Scope()
  ) throws(TeacherProtocolError) {
    let table = try RowFile(contentsOf: url)
    for column in item.columns + [label]
    where !table.rows.isEmpty && !table.rows.contains(where: { $0.value(column) != nil }) {
      throw .missingColumn(file: table.file, column: column, key: key, known: table.columns)
    }
    (file, names, setAside) = (table.file, scope.names, table.problems)
    var found: [Found] = []
    let isJournal = label == "label" && table.columns.contains("reviewer")
    let column = item.columns.first ?? "id"
    for row in table.rows {
      guard let raw = row.text(label) ?? (isJournal ? "" : nil) else { continue }
      guard let id = row.text(item) else {
        note(row, column, expected: "an item's id", found: "nothing")
        continue
      }
      if let items = scope.items, !items.contains(id) {
        note(row, column, expected: "an item of the replies", found: "'\(id)'")
        continue
      }
      guard let spelled = raw.isEmpty ? "" : name(raw, scope) else {
        let known = scope.set?.names ?? names.all
        note(row, label, id, expected: "one of \(known.prefix(12).joined(separator: ", "))", found: "'\(raw)'")
        continue
      }
      found.append(Found(row: row, item: id, label: spelled))
    }
    if isJournal { takeVotes(found, label) } else { takeFirsts(found, label) }
    setAside.sort()
  }

  private struct Found {
    let row: RowFile.Row
    let item: String
    let label: String
  }

  private mutating func name(_ raw: String, _ scope: Scope) -> String? {
    if let set = scope.set { return set.label(raw)?.name }
    return !scope.isComplete || names.has(raw) ? names.name(raw) : nil
  }

  private mutating func takeFirsts(_ found: [Found], _ column: String) {
    var lines: [String: Int] = [:]
    for one in found {
      guard let first = labels[one.item], let line = lines[one.item] else {
        (labels[one.item], lines[one.item]) = (one.label, one.row.line)
        continue
      }
      if first != one.label {
        note(one.row, column, one.item, expected: "'\(first)' as on line \(line)", found: "'\(one.label)'")
      }
    }
  }

  private mutating func takeVotes(_ found: [Found], _ column: String) {
    let entries = found.map { one in
      ReviewEntry(
        item: one.item, reviewer: one.row.text("reviewer") ?? "",
        decision: one.row.value("withdrawn") == .bool(true)
          ? .withdrawn : one.label.isEmpty ? .skipped : .label(one.label))
    }
    let standing = entries.standing
    labels = standing.labels
    let undecided = Set(standing.filter { $0.label != nil && labels[$0.item] == nil }.map(\.item))
    var named: Set<String> = []
    for one in found.reversed() where undecided.contains(one.item) && named.insert(one.item).inserted {
      let votes = standing.filter { $0.item == one.item }.compactMap { entry in
        entry.label.map { "'\($0)' by \(entry.reviewer)" }
      }
      note(
        one.row, column, one.item, expected: "one label that most people gave", found: votes.joined(separator: ", "))
    }
  }

  private mutating func note(
    _ row: RowFile.Row, _ field: String?, _ item: String? = nil, expected: String, found: String
  ) {
    setAside.append(
      RowProblem(
        file: file, line: row.line, row: row.number, item: item, field: field, expected: expected, found: found))
  }
}
