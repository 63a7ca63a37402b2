public import Foundation
public import TeacherProtocol

/// The gold answers of a data file: the only door to them, and it counts.
///
/// ```swift
/// let gold = try GoldAnswers(contentsOf: file, task: task, fields: TaskFields())
/// gold.answer(of: "8033")   // the spans of that record
/// gold.asked                // ["8033"]
/// ```
public final class GoldAnswers: Sendable {
  /// Rows whose gold answer is missing or can't be used.
  public let setAside: [RowProblem]
  /// How many items have a gold answer.
  public let count: Int
  private let answers: [String: TaskAnswer]
  private let readings = Locked<Set<String>>([])

  /// Reads the gold answers of a data file.
  ///
  /// A class is the value of the label column, by name or alias. Spans are the columns named as the task's types: the words of
  /// a span, a list of them, or nothing; each must stand in the item's text. Or one column lists them by their places, as
  /// ``TaskFields/spans`` says.
  ///
  /// - Throws: `TeacherProtocolError`.
  public init(
    contentsOf url: URL, task: LabellingTask, fields: TaskFields = TaskFields(), limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    let table = try RowFile(contentsOf: url, limits: limits)
    var (answers, problems) = ([String: TaskAnswer](), [RowProblem]())
    var seen: Set<String> = []
    for row in table.rows {
      // The data set lists repeated ids; the first row of an id counts, there as here, whether it can be used or not.
      guard let id = row.text(fields.id), seen.insert(id).inserted else { continue }
      func problem(_ column: String, _ expected: String, _ found: String) {
        problems.append(
          RowProblem(
            file: table.file, line: row.line, row: row.number, item: id, field: column, expected: expected, found: found
          ))
      }
      if task.kind == .spans {
        do throws(UnreadableAnswer) {
          let text = row.text(fields.text) ?? ""
          let spans =
            if let column = fields.spans { try Self.places(row.value(column), task: task, text: text) } else {
              try Self.spans(of: row, task: task, text: text)
            }
          answers[id] = .spans(spans)
        } catch {
          problem(task.names.joined(separator: ", "), "words of the text", error.description)
        }
      } else if let raw = row.text(fields.label), let label = task.labels.label(raw) {
        answers[id] = .label(label.name)
      } else {
        problem(
          fields.label, "one of \(task.labels.rawValues.joined(separator: ", "))",
          row.text(fields.label).map { "'\($0)'" } ?? "nothing")
      }
    }
    if answers.isEmpty { throw .noRows(file: table.file, problems: problems) }
    self.answers = answers
    count = answers.count
    setAside = problems
  }

  /// Gold answers made in code.
  public init(_ answers: [String: TaskAnswer]) {
    self.answers = answers
    count = answers.count
    setAside = []
  }

  /// The gold answer of an item, or nil where it has none. The question is counted either way.
  public func answer(of id: String) -> TaskAnswer? {
    readings.withLock { _ = $0.insert(id) }
    return answers[id]
  }

  /// The ids that were asked for so far, each once.
  public var asked: Set<String> { readings.withLock { $0 } }

  /// Whether an item has a gold answer, which says nothing of what it is and is not counted.
  public func has(_ id: String) -> Bool { answers[id] != nil }

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

/// Which column of a data file means what. The defaults are those of DualChecker's own files.
public struct TaskFields: Sendable, Equatable {
  /// The item's name. The default is `id`.
  public var id: ColumnList = "id"
  /// The short text. The default is `summary`.
  public var text = "summary"
  /// The longer text; nil where there is none. The default is `detail`.
  public var detail: String? = "detail"
  /// The class, for tasks with classes. The default is `label`.
  public var label = "label"
  /// The spans of span tasks by their places: a list of objects with `label`, `start` and `end` (in Unicode scalars, as Python
  /// counts). The default is nil: columns named as the types hold their words.
  public var spans: String?
  /// What must stay in one split; nil for nothing. The default is nil.
  public var group: String?
  /// The name of the split; nil for none. The default is nil.
  public var split: String?

  /// The columns of DualChecker's files.
  public init() {}

  /// The same columns for a `Dataset`, whose items then have the field `detail`.
  public var mapping: FieldMapping {
    FieldMapping(
      id: id, text: text, group: group, split: split, evidence: detail.map { ["detail": $0] } ?? [:])
  }
}
