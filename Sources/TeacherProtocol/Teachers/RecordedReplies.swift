internal import JSON
import ContentDigest
public import Foundation

/// Replies that teachers gave earlier, read from a file.
///
/// Two layouts are understood. One row per item, with an object of teachers:
/// ```json
/// {"id": "7", "teachers": {"a": {"label": 1, "rationale": "...", "raw_prediction": "Yes"}, "b": {"label": null}}}
/// ```
/// and one row per item and teacher, as an annotation store writes them:
/// ```json
/// {"item": "7", "teacher": "a", "label": "falsified", "rationale": "...", "confidence": 0.9}
/// ```
/// Files that `distill replies export` wrote are read as what their rows were made of. A null label is no vote, and neither is one that a few rows lack; a column of labels that no row has is refused. A label
/// that is not in the set is an unreadable reply, kept with its raw text. An object `probabilities` with a number for each label
/// is kept as the reply's. With ``Columns/reply`` the label and the reasons are read out of whole replies, as models write them:
/// ```json
/// {"item": "7", "teacher": "a", "reply": "A stapler is kept on a desk. So the answer is (c)."}
/// ```
public struct RecordedReplies: Sendable {
  /// Names of the teachers in the order of their first reply.
  package private(set) var teachers: [String] = []
  /// The teachers in an order that does not depend on that of the rows: where each has a row of its own by name, in objects of
  /// teachers as they stand there, those of the item with the smallest id first.
  package private(set) var orderedTeachers: [String] = []
  /// Ids of the items in the order of their first reply.
  package private(set) var items: [String] = []
  /// Rows and replies that were not used.
  package private(set) var setAside: [RowProblem]
  /// Path of the file as it was given.
  package let file: String
  /// Whether all replies are of one teacher that no column names.
  package let isOwned: Bool
  /// The columns that name an item, as they were given or found.
  public let id: ColumnList
  /// What labels are called where no set says so.
  package private(set) var rawNames = RawLabelNames()
  /// What the file may call items, by the names that they have in requests.
  package var otherNames: [String: String] = [:]
  private var replies: [String: [String: TeacherReply]] = [:]
  private let labels: LabelSet?

  /// Reads a file of replies.
  ///
  /// - Parameters:
  ///   - url: a JSON Lines, JSON or CSV file.
  ///   - labels: turns raw values into label names; nil takes the raw values as they are.
  ///   - columns: names of the columns.
  ///   - strict: whether the first bad row is thrown in place of being set aside.
  ///   - limits: sizes beyond which nothing is read.
  /// - Throws: ``TeacherProtocolError``, of which ``TeacherProtocolError/missingColumn(file:column:key:known:)`` where no
  ///   row has the label, or another column that was given a name of its own.
  public init(
    contentsOf url: URL, labels: LabelSet?, columns: Columns = Columns(), strict: Bool = false,
    limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    guard columns.reply == nil || labels != nil else {
      throw .badMapping(
        key: "reply", reason: "labels are read out of whole replies where a set of labels is given alone")
    }
    let table = try RowFile(contentsOf: url, limits: limits)
    self.labels = labels
    file = table.file
    setAside = table.problems
    if table.rows.isEmpty { throw .noRows(file: file, problems: table.problems) }
    let all = Self.unwrapped(table.rows)
    let isWide = all.contains { $0.value(columns.teachers) != nil }
    if !isWide, columns.teachers != Columns().teachers {
      throw .missingColumn(file: file, column: columns.teachers, key: "teachers", known: table.columns)
    }
    let guesses = ["id", "item"].filter { name in all.contains { $0.value(name) != nil } }
    id = columns.id ?? ColumnList(guesses.prefix(1).map { $0 })
    let isNamed = all.contains { $0.value(columns.teacher) != nil }
    isOwned = !isWide && !isNamed && columns.owner != nil && ["", Columns().teacher].contains(columns.teacher)
    for (key, column) in id.columns.map({ ("id", $0) }) + (isWide || isOwned ? [] : [("teacher", columns.teacher)])
    where !all.contains(where: { $0.value(column) != nil }) {
      throw .missingColumn(file: file, column: column, key: key, known: table.columns)
    }
    if !isWide, id.columns.isEmpty {
      throw .missingColumn(file: file, column: "id", key: "id", known: table.columns)
    }
    let rows = isWide ? all.flatMap { Self.objects(of: $0, columns) } : all
    try Self.check(columns, of: rows, file: file)
    // Without its column a file may be of several teachers all the same, whose answers must not pass for one's. Where few ids
    // come again they are one teacher's by mistake, and each is named.
    let ids = Set(all.map { $0.text(id) }).count
    if isOwned, columns.teacher == Columns().teacher, all.count - ids > 1, (all.count - ids) * 4 >= ids {
      throw .missingColumn(file: file, column: columns.teacher, key: "teacher", known: table.columns)
    }
    for row in all {
      guard let item = row.text(id) else {
        note(row, id.columns.first ?? "id", "an id", "nothing")
        continue
      }
      if isWide { readWide(row, item, columns) } else { readLong(row, item, columns) }
    }
    let silent = unlabelled.filter { !labelled.contains($0.key) }
    mislabelled = Self.mislabelled(silent, of: rows, columns: columns, file: file) { [rawNames] text in
      labels.map { $0.label(text) != nil } ?? rawNames.has(text)
    }
    (unlabelled, labelled) = ([:], [])
    setAside.sort()
    orderedTeachers = isWide ? orderOfObjects() : teachers.sorted()
    if strict, let first = setAside.first { throw .badRow(first) }
    if teachers.isEmpty { throw .noRows(file: file, problems: setAside) }
  }

  /// The reply of a teacher on an item, or nil.
  package func reply(of teacher: String, on item: String) -> TeacherReply? {
    replies[teacher]?[item] ?? otherNames[item].flatMap { replies[teacher]?[$0] }
  }

  /// Refuses a teacher whose rows lack the label's column and have labels in another, which other teachers' rows have not.
  ///
  /// - Throws: ``TeacherProtocolError/missingColumn(file:column:key:known:)``.
  package func checkLabels(of teacher: String) throws(TeacherProtocolError) {
    guard case .missingColumn(let file, let column, let key, let known)? = mislabelled[teacher] else { return }
    throw .missingColumn(file: "\(file): teacher '\(teacher)'", column: column, key: key, known: known)
  }

  /// Digest of a teacher's replies, 16 hexadecimal digits: other replies are another model.
  func digest(of teacher: String) -> String {
    var digest = ContentDigest()
    for item in items {
      guard let reply = replies[teacher]?[item] else { continue }
      for field in [item, reply.raw, reply.label ?? "", reply.rationale] { digest.update(field: field) }
      if let confidence = reply.confidence { digest.update(field: "\(confidence.source.rawValue) \(confidence.value)") }
      for (label, probability) in reply.probabilities.sorted(by: { $0.key < $1.key }) {
        digest.update(field: "\(label) \(probability)")
      }
    }
    return String(digest.hexadecimal().prefix(16))
  }

  private mutating func readWide(_ row: RowFile.Row, _ item: String, _ columns: Columns) {
    guard case .object(let members)? = row.value(columns.teachers) else {
      note(row, columns.teachers, "an object of teachers", row.value(columns.teachers)?.kind ?? "nothing")
      return
    }
    for member in members {
      guard case .object = member.value else {
        note(row, "\(columns.teachers).\(member.name)", "an object with '\(columns.label)'", member.value.kind)
        continue
      }
      keep(RowFile.Row(line: row.line, number: row.number, value: member.value), member.name, item, columns)
    }
  }

  /// The teachers' objects in a row, as rows.
  private static func objects(of row: RowFile.Row, _ columns: Columns) -> [RowFile.Row] {
    guard case .object(let members)? = row.value(columns.teachers) else { return [] }
    return members.compactMap { member in
      guard case .object = member.value else { return nil }
      return RowFile.Row(line: row.line, number: row.number, value: member.value)
    }
  }

  private mutating func readLong(_ row: RowFile.Row, _ item: String, _ columns: Columns) {
    guard let teacher = isOwned ? columns.owner : row.text(columns.teacher) else {
      note(row, columns.teacher, "a teacher's name", "nothing")
      return
    }
    keep(row, teacher, item, columns)
  }

  private mutating func keep(_ row: RowFile.Row, _ teacher: String, _ item: String, _ columns: Columns) {
    guard replies[teacher]?[item] == nil else {
      note(
        row, id.columns.first ?? "id", "one reply per item and teacher",
        "a second one of '\(teacher)' on '\(item)'")
      return
    }
    var confidence: Confidence?
    if let value = row.value(columns.confidence), value != .null, value != .string("") {
      guard let number = value.decimal, (0...1).contains(number) else {
        note(row, columns.confidence, "a number from 0 to 1", value.text)
        return
      }
      confidence = Confidence(number, source: .recorded)
    }
    if row.value(columns.reply ?? columns.label) == nil {
      unlabelled[teacher, default: []].append(row)
    } else {
      labelled.insert(teacher)
    }
    var reply: TeacherReply
    if let labels, let column = columns.reply {
      reply = Self.reply(written: row.text(column), labels: labels)
      if let rationale = row.text(columns.rationale) { (reply.rationale, reply.isRationaleCut) = (rationale, false) }
      if let confidence { reply.confidence = confidence }
    } else if let labels, let answer = row.decision?.answer(columns.label) {
      do throws(TypedQuestion.Fault) {
        reply = try Self.reply(answer, labels: labels)
      } catch {
        note(row, columns.label, error.expected, error.found)
        return
      }
      reply.rationale = row.text(columns.rationale) ?? ""
    } else {
      reply = self.reply(row, columns)
      reply.confidence = confidence
    }
    if replies[teacher] == nil { teachers.append(teacher) }
    namesOfItem[item, default: []].append(teacher)
    if !knownItems.contains(item) {
      knownItems.insert(item)
      items.append(item)
    }
    replies[teacher, default: [:]][item] = reply
  }

  /// What a model wrote as a reply; nothing at all is no vote.
  private static func reply(written text: String?, labels: LabelSet) -> TeacherReply {
    guard let text else { return TeacherReply(outcome: .abstained, raw: "") }
    return TeacherReply(reading: text, with: AnswerReader(labels: labels))
  }

  /// The reply in a row, without its confidence.
  private mutating func reply(_ row: RowFile.Row, _ columns: Columns) -> TeacherReply {
    let text = row.text(columns.label)
    let outcome: TeacherReply.Outcome =
      switch text {
      case nil: .abstained
      case let text?:
        if let labels {
          labels.label(text).map { .answered($0.name) } ?? .unknownLabel(text)
        } else {
          .answered(rawNames.name(text))
        }
      }
    var reply = TeacherReply(
      outcome: outcome, rationale: row.text(columns.rationale) ?? "",
      raw: columns.raw.lazy.compactMap { row.text($0) }.first ?? text ?? "")
    reply.probabilities = labels.map(row.probabilities) ?? [:]
    // As stores write it; tables have texts.
    reply.isRationaleCut = row.text(Self.cutColumn).map { ["true", "1"].contains($0.lowercased()) } ?? false
    return reply
  }

  private var knownItems: Set<String> = []
  /// While reading: rows without the label's column by teacher, and the teachers of rows with it.
  private var unlabelled: [String: [RowFile.Row]] = [:]
  private var labelled: Set<String> = []
  /// Why a teacher's replies are no abstentions.
  private var mislabelled: [String: TeacherProtocolError] = [:]
  /// The teachers of each item in the order of its row.
  private var namesOfItem: [String: [String]] = [:]

  private mutating func orderOfObjects() -> [String] {
    var seen: Set<String> = []
    let names = items.sorted().flatMap { namesOfItem[$0] ?? [] }.filter { seen.insert($0).inserted }
    namesOfItem = [:]
    return names
  }

  private mutating func note(_ row: RowFile.Row, _ field: String, _ expected: String, _ found: String) {
    setAside.append(
      RowProblem(file: file, line: row.line, row: row.number, field: field, expected: expected, found: found))
  }
}
