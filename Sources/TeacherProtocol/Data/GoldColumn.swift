public import Foundation

/// The gold labels of a data file: the only door to them, and it counts.
///
/// ```swift
/// let gold = try GoldColumn(contentsOf: file, mapping: mapping, labels: .outOfContext)
/// gold.label(of: "train-17")  // "falsified"
/// gold.asked                  // ["train-17"]
/// ```
///
/// A label source reads it under a budget; an evaluator reads the test split. Make one for each of them, and each one's
/// count says what it saw.
public final class GoldColumn: Sendable {
  /// Rows whose gold label is missing or unknown; their items have no label here.
  public let setAside: [RowProblem]

  /// Those of ``setAside`` that are about these items.
  package func problems(of items: [Item]) -> [RowProblem] {
    let ids = Set(items.map(\.id))
    return setAside.filter { $0.item.map(ids.contains) ?? false }
  }
  /// How many items have a gold label.
  public let count: Int
  private let labels: [String: String]
  private let readings = Locked<Set<String>>([])

  /// Reads the label column of a data file.
  ///
  /// - Parameters:
  ///   - url: the same file as the data set's.
  ///   - mapping: the same mapping; its `label` must be set.
  ///   - labelSet: turns raw values into label names by name or alias; nil takes the raw values as they are, all spellings
  ///     of one label as the first of them.
  ///   - strict: whether the first row with a missing or unknown label is thrown.
  ///   - limits: sizes beyond which nothing is read.
  /// - Throws: ``TeacherProtocolError``.
  public convenience init(
    contentsOf url: URL, mapping: FieldMapping, labels labelSet: LabelSet?, strict: Bool = false,
    limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    try self.init(RowFile(contentsOf: url, limits: limits), mapping: mapping, labels: labelSet, strict: strict)
  }

  /// The label column of a file whose rows are read already.
  ///
  /// - Throws: ``TeacherProtocolError``.
  package init(
    _ table: RowFile, mapping: FieldMapping, labels labelSet: LabelSet?, strict: Bool = false
  ) throws(TeacherProtocolError) {
    guard let column = mapping.label else {
      throw .badMapping(key: "label", reason: "it is not set, so there are no gold labels in \(table.file)")
    }
    var names = FieldMapping(id: mapping.id, text: nil)
    names.label = column
    try names.checkColumns(of: table, includingLabel: true)
    var labels: [String: String] = [:]
    var problems: [RowProblem] = []
    var seen: Set<String> = []
    var rawNames = RawLabelNames()
    for row in table.rows {
      // The data set lists rows without an id and repeated ids; the first row of an id counts, there as here.
      guard let id = row.text(mapping.id), seen.insert(id).inserted else { continue }
      let raw = row.text(column)
      if let raw, let label = labelSet == nil ? rawNames.name(raw) : labelSet?.label(raw)?.name {
        labels[id] = label
      } else {
        problems.append(
          RowProblem(
            file: table.file, line: row.line, row: row.number, item: id, field: column,
            expected: labelSet.map { "one of \($0.rawValues.joined(separator: ", "))" } ?? "a label",
            found: raw.map { "'\($0)'" } ?? "nothing"))
      }
    }
    if strict, let first = problems.first { throw .badRow(first) }
    if labels.isEmpty { throw .noRows(file: table.file, problems: (table.problems + problems).sorted()) }
    self.labels = labels
    count = labels.count
    setAside = problems
  }

  /// Gold labels made in code: id -> label name.
  public convenience init(_ labels: [String: String]) { self.init(labels, setAside: []) }

  /// The columns of several files as one. Their own counts end here.
  ///
  /// - Precondition: no id is in two of them; see ``renamingItems(_:)``.
  public init(joining columns: [GoldColumn]) {
    labels = columns.reduce(into: [:]) { all, column in
      all.merge(column.labels) { _, _ in preconditionFailure("GoldColumn: an id is in two of the columns") }
    }
    count = labels.count
    setAside = columns.flatMap(\.setAside)
  }

  /// The same labels under other ids: what joins the files of splits in which ids repeat. The count begins anew.
  ///
  /// - Precondition: other ids have other names.
  public func renamingItems(_ name: (String) -> String) -> GoldColumn {
    GoldColumn(
      Dictionary(uniqueKeysWithValues: labels.map { (name($0), $1) }),
      setAside: setAside.map { problem in
        RowProblem(
          file: problem.file, line: problem.line, row: problem.row, item: problem.item.map(name), field: problem.field,
          expected: problem.expected, found: problem.found)
      })
  }

  private init(_ labels: [String: String], setAside: [RowProblem]) {
    self.labels = labels
    count = labels.count
    self.setAside = setAside
  }

  /// The gold label of an item, or nil where it has none. The question is counted either way.
  public func label(of id: String) -> String? {
    readings.withLock { _ = $0.insert(id) }
    return labels[id]
  }

  /// The gold labels of several items; those without one are left out. Every question is counted.
  public func labels(of ids: some Sequence<String>) -> [String: String] {
    var found: [String: String] = [:]
    for id in ids { found[id] = label(of: id) }
    return found
  }

  /// The ids that were asked for so far, each once.
  public var asked: Set<String> { readings.withLock { $0 } }
}
