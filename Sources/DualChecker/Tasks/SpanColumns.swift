internal import JSON
internal import TeacherProtocol
internal import Wording

/// The columns of a file that hold the words of a task's spans, by span type.
struct SpanColumns {
  private let task: LabellingTask
  /// The columns of each type in the task's order, the one that counts first.
  private let columns: [[String]]

  /// - Parameter mayLackTypes: whether a rare type may occur in no row. Then a type is missed only where a column that means
  ///   nothing else is nearly spelled like it.
  /// - Throws: `TeacherProtocolError.missingSpanColumn(file:type:known:)` for a type that no row has a column for, and
  ///   `TeacherProtocolError.ambiguousSpanColumn(file:type:columns:)` for one that several columns are spelled like and none
  ///   exactly: such a type would pass for one that never occurs.
  init(
    of rows: RowFile, task: LabellingTask, mapping: FieldMapping, mayLackTypes: Bool = false
  ) throws(TeacherProtocolError) {
    self.task = task
    columns = Self.columns(of: rows, task: task, mapping: mapping)
    let used = Set(columns.joined()).union(mapping.namedColumns)
    let others = rows.columns.filter { !used.contains($0) }
    for ((type, own), label) in zip(zip(task.names, columns), task.labels.labels) where own.isEmpty {
      let alike = Self.alike(to: [label.name] + label.aliases, among: others)
      guard alike.count < 2 else { throw .ambiguousSpanColumn(file: rows.file, type: type, columns: alike) }
      if mayLackTypes, NearestName.nearest(to: type, among: others) == nil { continue }
      throw .missingSpanColumn(file: rows.file, type: type, known: rows.columns)
    }
  }

  /// Whether a file has a column of any type.
  static func stand(in rows: RowFile, task: LabellingTask, mapping: FieldMapping) -> Bool {
    columns(of: rows, task: task, mapping: mapping).contains { !$0.isEmpty }
  }

  /// The spans of a row, in whose text they must stand.
  func spans(of row: RowFile.Row, text: String) throws(UnreadableAnswer) -> [LabelledSpan] {
    let members = zip(task.names, columns).compactMap { type, columns -> JSONValue.Member? in
      columns.lazy.compactMap { row.value($0) }.first.map { JSONValue.Member(type, $0) }
    }
    return try SpanReader(task: task).spans(in: .object(members), about: text)
  }

  /// By name and aliases as they are written, then by those that the file spells otherwise, as labels may be. Beside an exact
  /// column one that is spelt like it means something else.
  private static func columns(of rows: RowFile, task: LabellingTask, mapping: FieldMapping) -> [[String]] {
    let types = task.labels.labels.dropLast().map { [$0.name] + $0.aliases }
    let exact = types.map { names in names.filter { name in rows.rows.contains { $0.value(name) != nil } } }
    let taken = Set(exact.joined()).union(mapping.namedColumns)
    let others = rows.columns.filter { !taken.contains($0) }
    return zip(types, exact).map { names, exact in
      let taken = Set(exact.map(LabelSpelling.key))
      let alike = alike(to: names.filter { !taken.contains(LabelSpelling.key($0)) }, among: others)
      return exact.isEmpty && alike.count > 1 ? [] : exact + alike
    }
  }

  /// The columns that are spelled like one of these names.
  private static func alike(to names: [String], among columns: [String]) -> [String] {
    let keys = Set(names.map(LabelSpelling.key))
    return columns.filter { keys.contains(LabelSpelling.key($0)) }
  }
}

extension FieldMapping {
  /// The columns that mean something else than spans.
  fileprivate var namedColumns: [String] {
    id.columns + (image?.columns ?? []) + [text, group, split].compactMap(\.self) + evidence.values + slices.values
  }
}
