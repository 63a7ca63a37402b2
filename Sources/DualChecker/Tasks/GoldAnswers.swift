internal import JSON
public import Foundation
public import TeacherProtocol

extension GoldAnswers where Answer == TaskAnswer {
  /// Reads the gold answers of a data file for a task.
  ///
  /// A class is the value of the label column, by name or alias. Spans are the columns named as the task's types, in the same
  /// letters or others that labels may be spelled in: the words of a span, a list of them, or nothing; each must stand in the
  /// item's text. A row may lack a column, and a file may not: a type that no row has a column for is an error. Or one column
  /// lists the spans by their places, as `FieldMapping.spans` says.
  ///
  /// ```swift
  /// let gold = try GoldAnswers(contentsOf: file, task: task)
  /// gold.answer(of: "8033")   // the spans of that record
  /// ```
  ///
  /// - Parameter mapping: which column means what. The default is that of DualChecker's own files.
  /// - Throws: `TeacherProtocolError`; `TeacherProtocolError.missingSpanColumn(file:type:known:)` for such a type.
  public convenience init(
    contentsOf url: URL, task: LabellingTask, mapping: FieldMapping = .dualChecker, limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    try self.init(RowFile(contentsOf: url, limits: limits), task: task, mapping: mapping)
  }

  /// The same of a file that is read.
  ///
  /// - Parameter mayLackTypes: whether rare types of spans may occur in no row, as in a small file that is scored.
  package convenience init(
    _ rows: RowFile, task: LabellingTask, mapping: FieldMapping, mayLackTypes: Bool = false
  ) throws(TeacherProtocolError) {
    let areWords = task.kind == .spans && mapping.spans == nil
    let columns =
      try areWords ? SpanColumns(of: rows, task: task, mapping: mapping, mayLackTypes: mayLackTypes) : nil
    try self.init(rows, id: mapping.id) { row throws(Fault) in
      if task.kind == .spans {
        do throws(UnreadableAnswer) {
          let text = mapping.text.flatMap(row.text) ?? ""
          if let columns { return .spans(try columns.spans(of: row, text: text)) }
          return .spans(try Self.places(mapping.spans.flatMap(row.value), task: task, text: text))
        } catch {
          throw Fault(
            field: task.names.joined(separator: ", "), expected: "words of the text", found: error.description)
        }
      }
      let column = mapping.label ?? "label"
      if let option = row.decision?.answer(column).flatMap(DecisionRow.option),
        let label = task.labels.label(answered: option)
      {
        return .label(label.name)
      }
      if let raw = row.text(column), let label = task.labels.label(raw) { return .label(label.name) }
      throw Fault(
        field: column, expected: "one of \(task.labels.rawValues.joined(separator: ", "))",
        found: row.text(column).map { "'\($0)'" } ?? "nothing")
    }
  }

  /// Whether any row of a file has something where gold answers stand; of spans, whether the file has one of their columns, as
  /// a record may have none.
  package static func stand(in rows: RowFile, task: LabellingTask, mapping: FieldMapping) -> Bool {
    guard task.kind == .spans else {
      return mapping.label.map { column in rows.rows.contains { $0.text(column) != nil } } ?? false
    }
    guard let column = mapping.spans else { return SpanColumns.stand(in: rows, task: task, mapping: mapping) }
    return rows.rows.contains { $0.value(column) != nil }
  }

  /// Spans by their places: objects with `label` (or `type`), `start` and `end`, in Unicode scalars.
  private static func places(
    _ value: JSONValue?, task: LabellingTask, text: String
  ) throws(UnreadableAnswer) -> [LabelledSpan] {
    guard let elements = value?.elements else { throw UnreadableAnswer("no list of spans") }
    let length = text.unicodeScalars.count
    var spans: [LabelledSpan] = []
    for element in elements {
      guard let name = (element["label"] ?? element["type"])?.string, let label = task.labels.label(name)?.name,
        label != LabellingTask.outside, let start = element["start"]?.integer, let end = element["end"]?.integer,
        0 <= start, start < end, end <= length
      else { throw UnreadableAnswer("a span that is not of a known type inside the text: \(element)") }
      spans.append(LabelledSpan(label: label, range: start..<end))
    }
    guard let settled = task.overlap.settled(spans, types: task.names) else {
      throw UnreadableAnswer("spans that overlap")
    }
    return settled
  }
}

extension FieldMapping {
  /// The columns of DualChecker's own files: `id`, `summary`, `detail` and `label`.
  public static let dualChecker = FieldMapping(text: "summary", label: "label", evidence: ["detail": "detail"])
}
