internal import JSON
public import Foundation
public import TeacherProtocol

extension GoldAnswers where Answer == TaskAnswer {
  /// Reads the gold answers of a data file for a task.
  ///
  /// A class is the value of the label column, by name or alias. Spans are the columns named as the task's types: the words of
  /// a span, a list of them, or nothing; each must stand in the item's text. Or one column lists them by their places, as
  /// `FieldMapping.spans` says.
  ///
  /// ```swift
  /// let gold = try GoldAnswers(contentsOf: file, task: task)
  /// gold.answer(of: "8033")   // the spans of that record
  /// ```
  ///
  /// - Parameter mapping: which column means what. The default is that of DualChecker's own files.
  /// - Throws: `TeacherProtocolError`.
  public convenience init(
    contentsOf url: URL, task: LabellingTask, mapping: FieldMapping = .dualChecker, limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    try self.init(RowFile(contentsOf: url, limits: limits), task: task, mapping: mapping)
  }

  /// The same of a file that is read.
  package convenience init(_ rows: RowFile, task: LabellingTask, mapping: FieldMapping) throws(TeacherProtocolError) {
    try self.init(rows, id: mapping.id) { row throws(Fault) in
      if task.kind == .spans {
        do throws(UnreadableAnswer) {
          let text = mapping.text.flatMap(row.text) ?? ""
          guard let column = mapping.spans else { return .spans(try Self.spans(of: row, task: task, text: text)) }
          return .spans(try Self.places(row.value(column), task: task, text: text))
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
    let columns = mapping.spans.map { [$0] } ?? task.labels.labels.dropLast().flatMap { [$0.name] + $0.aliases }
    return rows.rows.contains { row in columns.contains { row.value($0) != nil } }
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

  private static func spans(
    of row: RowFile.Row, task: LabellingTask, text: String
  ) throws(UnreadableAnswer) -> [LabelledSpan] {
    let members = task.labels.labels.dropLast().compactMap { type -> JSONValue.Member? in
      ([type.name] + type.aliases).lazy.compactMap { row.value($0) }.first.map { JSONValue.Member(type.name, $0) }
    }
    return try SpanReader(task: task).spans(in: .object(members), about: text)
  }
}

extension FieldMapping {
  /// The columns of DualChecker's own files: `id`, `summary`, `detail` and `label`.
  public static let dualChecker = FieldMapping(text: "summary", label: "label", evidence: ["detail": "detail"])
}
