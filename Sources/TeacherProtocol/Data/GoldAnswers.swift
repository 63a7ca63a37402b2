public import Foundation
internal import JSON

/// The gold answers of a data file, labels or others: the only door to them, and it counts.
///
/// ```swift
/// let gold = try GoldAnswers(contentsOf: file, mapping: mapping, labels: labels)
/// gold.answer(of: "train-17")  // "falsified"
/// ```
///
/// A label source reads it under a budget; an evaluator reads the test split. Make one for each of them, and each one's
/// count says what it saw.
public final class GoldAnswers<Answer: Sendable>: Sendable {
  /// Rows whose gold answer is missing or can't be used; their items have none here.
  package let setAside: [RowProblem]
  private let answers: [String: Answer]
  private let readings = Locked<Set<String>>([])

  private init(_ answers: [String: Answer], setAside: [RowProblem]) {
    self.answers = answers
    self.setAside = setAside
  }

  /// Gold answers made in code, by the items' ids.
  public convenience init(_ answers: [String: Answer]) { self.init(answers, setAside: []) }

  /// Why a row has no gold answer.
  package struct Fault: Error {
    let field: String
    let expected: String
    let found: String

    package init(field: String, expected: String, found: String) {
      self.field = field
      self.expected = expected
      self.found = found
    }
  }

  /// The gold answers of a file whose rows are read already.
  ///
  /// - Throws: ``TeacherProtocolError``.
  package convenience init(
    _ table: RowFile, id: ColumnList, strict: Bool = false, reading answer: (RowFile.Row) throws(Fault) -> Answer
  ) throws(TeacherProtocolError) {
    var (answers, problems, seen) = ([String: Answer](), [RowProblem](), Set<String>())
    for row in table.rows {
      // The data set lists rows without an id and repeated ids; the first row of an id counts, there as here.
      guard let id = row.text(id), seen.insert(id).inserted else { continue }
      do throws(Fault) {
        answers[id] = try answer(row)
      } catch {
        problems.append(
          RowProblem(
            file: table.file, line: row.line, row: row.number, item: id, field: error.field, expected: error.expected,
            found: error.found))
      }
    }
    if strict, let first = problems.first { throw .badRow(first) }
    if answers.isEmpty { throw .noRows(file: table.file, problems: (table.problems + problems).sorted()) }
    self.init(answers, setAside: problems)
  }

  /// The gold answers of several files as one. Their own counts end here.
  ///
  /// - Precondition: no id is in two of them; see `renamingItems(_:)`.
  public convenience init(joining parts: [GoldAnswers]) {
    let all = parts.reduce(into: [String: Answer]()) { all, part in
      all.merge(part.answers) { _, _ in preconditionFailure("GoldAnswers: an id is in two of the parts") }
    }
    self.init(all, setAside: parts.flatMap(\.setAside))
  }

  /// The same answers under other ids: what joins the files of splits in which ids repeat. The count begins anew.
  ///
  /// - Precondition: other ids have other names.
  package func renamingItems(_ name: (String) -> String) -> GoldAnswers {
    GoldAnswers(
      Dictionary(uniqueKeysWithValues: answers.map { (name($0), $1) }),
      setAside: setAside.map { problem in
        RowProblem(
          file: problem.file, line: problem.line, row: problem.row, item: problem.item.map(name), field: problem.field,
          expected: problem.expected, found: problem.found)
      })
  }

  /// How many items have a gold answer.
  public var count: Int { answers.count }

  /// The gold answer of an item, or nil where it has none. The question is counted either way.
  public func answer(of id: String) -> Answer? {
    readings.withLock { _ = $0.insert(id) }
    return answers[id]
  }

  /// The gold answers of several items; those without one are left out. Every question is counted.
  package func answers(of ids: some Sequence<String>) -> [String: Answer] {
    var found: [String: Answer] = [:]
    for id in ids { found[id] = answer(of: id) }
    return found
  }

  /// The ids that were asked for so far, each once.
  package var asked: Set<String> { readings.withLock { $0 } }

  /// Whether an item has a gold answer, which says nothing of what it is and is not counted.
  package func has(_ id: String) -> Bool { answers[id] != nil }

  /// Those of ``setAside`` that are about these items.
  package func problems(of items: [Item]) -> [RowProblem] {
    let ids = Set(items.map(\.id))
    return setAside.filter { $0.item.map(ids.contains) ?? false }
  }
}

extension GoldAnswers where Answer == String {
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
  package convenience init(
    _ table: RowFile, mapping: FieldMapping, labels labelSet: LabelSet?, strict: Bool = false
  ) throws(TeacherProtocolError) {
    guard let column = mapping.label else {
      throw .badMapping(key: "label", reason: "it is not set, so there are no gold labels in \(table.file)")
    }
    var names = FieldMapping(id: mapping.id, text: nil)
    names.label = column
    try names.checkColumns(of: table, includingLabel: true)
    var rawNames = RawLabelNames()
    try self.init(table, id: mapping.id, strict: strict) { row throws(Fault) in
      if let labelSet, let answer = row.decision?.answer(column) { return try labelSet.gold(answer, column) }
      let raw = row.text(column)
      if let raw, let label = labelSet == nil ? rawNames.name(raw) : labelSet?.label(raw)?.name { return label }
      throw Fault(
        field: column, expected: labelSet.map { "one of \($0.rawValues.joined(separator: ", "))" } ?? "a label",
        found: raw.map { "'\($0)'" } ?? "nothing")
    }
  }
}

extension LabelSet {
  /// The label of an answer in a decision row.
  fileprivate func gold(_ answer: JSONValue, _ column: String) throws(GoldAnswers<String>.Fault) -> String {
    func fault(_ expected: String, _ found: String) -> GoldAnswers<String>.Fault {
      .init(field: column, expected: expected, found: found)
    }
    guard let option = DecisionRow.option(of: answer) else {
      let isRefusal = answer["type"]?.string == "refusal"
      throw fault(
        "an answer of the type noul, choice or score with what was answered", isRefusal ? "a refusal" : answer.text)
    }
    guard let label = label(answered: option) else {
      throw fault("one of \(rawValues.joined(separator: ", "))", "'\(option.cell ?? option.text)'")
    }
    return label.name
  }
}
