internal import JSON
package import Foundation
package import TeacherProtocol

/// Labels that are known to be right, out of a file with an item and a label a row: true labels, anchors, a run's journal of
/// labels, or what people decided on the review page.
///
/// Of several rows of an item the first with a label counts, and a row that contradicts it is set aside. Of a file with the
/// column `reviewer` the label that most people gave an item counts, each person's last word, as in ``ReviewJournal``. Rows
/// without a label are still to do. A label may be a name, an alias or the words of an answer, as in a review file.
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
    /// What could be answered about an item, where its replies were kept with that: one set for each way it was asked.
    private var asked: [String: [LabelSet]] = [:]

    /// Anything.
    package init(set: LabelSet? = nil) { self.set = set }

    /// What the table's teachers said of the table's items.
    package init(_ table: VoteTable) {
      for label in table.votes.joined().compactMap(\.self) { _ = names.name(label) }
      (isComplete, items) = (true, Set(table.items))
    }

    /// What was said, and what could be answered, of the items of these replies.
    package init(_ annotations: [Annotation]) {
      self.init(VoteTable(annotations))
      var sets: [[Annotation.Question.Label]: LabelSet] = [:]
      for annotation in annotations {
        guard let labels = annotation.question?.labels else { continue }
        if sets[labels] == nil { sets[labels] = try? LabelSet(labels.map { .init(name: $0.name, answer: $0.answer) }) }
        guard let set = sets[labels], asked[annotation.item, default: []].contains(set) == false else { continue }
        asked[annotation.item, default: []].append(set)
        for name in set.names { _ = names.name(name) }
      }
    }

    /// What a label is called that a person gave to the item; nil for one that it can't have.
    fileprivate func name(_ raw: String, of item: String, _ names: inout RawLabelNames) -> String? {
      if let set { return set.label(written: raw)?.name }
      if !isComplete || names.has(raw) { return names.name(raw) }
      // An answer that stands for several labels, as an item was asked about with, says nothing.
      let said = Set(asked[item, default: []].compactMap { $0.label(written: raw)?.name })
      return said.count == 1 ? said.first : nil
    }

    /// What a label may be, for messages.
    fileprivate func expected(_ names: RawLabelNames) -> String {
      "one of \((set?.names ?? names.all).prefix(12).joined(separator: ", "))"
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
      guard let id = row.text(item).map({ ReviewFile.id($0, among: scope.items) }) else {
        note(row, column, expected: "an item's id", found: "nothing")
        continue
      }
      if let items = scope.items, !items.contains(id) {
        note(row, column, expected: "an item of the replies", found: "'\(id)'")
        continue
      }
      guard let spelled = raw.isEmpty ? "" : scope.name(raw, of: id, &names) else {
        note(row, label, id, expected: scope.expected(names), found: "'\(raw)'")
        continue
      }
      found.append(Found(row: row, item: id, label: spelled))
    }
    if isJournal { takeVotes(found, label) } else { takeFirsts(found, label) }
    setAside.sort()
  }

  /// What people decided, wherever that is kept: the label that most of them gave an item counts.
  ///
  /// - Parameter place: where it is kept, for messages.
  package init(_ decisions: [ReviewEntry], in place: String, scope: Scope = Scope()) {
    (file, names) = (place, scope.names)
    for (item, raw) in decisions.standing.labels.sorted(by: { $0.key < $1.key }) {
      if let label = scope.name(raw, of: item, &names) {
        labels[item] = label
      } else {
        setAside.append(
          RowProblem(
            file: place, line: 0, item: item, field: "label", expected: scope.expected(names), found: "'\(raw)'"))
      }
    }
  }

  private struct Found {
    let row: RowFile.Row
    let item: String
    let label: String
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
