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
  /// a span, a list of them, or nothing; each must stand in the item's text.
  ///
  /// - Throws: `TeacherProtocolError`.
  public init(
    contentsOf url: URL, task: LabellingTask, fields: TaskFields = TaskFields(), limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    let table = try RowFile(contentsOf: url, limits: limits)
    var (answers, problems) = ([String: TaskAnswer](), [RowProblem]())
    for (index, row) in table.rows.enumerated() {
      guard let id = row.text(fields.id, number: index + 1), answers[id] == nil else { continue }
      func problem(_ column: String, _ expected: String, _ found: String) {
        problems.append(RowProblem(file: table.file, line: row.line, field: column, expected: expected, found: found))
      }
      if task.kind == .spans {
        do throws(UnreadableAnswer) {
          answers[id] = .spans(try Self.spans(of: row, task: task, text: row.text(fields.text) ?? ""))
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
