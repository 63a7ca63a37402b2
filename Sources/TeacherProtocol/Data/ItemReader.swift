internal import ContentDigest
internal import JSON
import Foundation

/// Turns rows into items by a mapping, and lists those that can't be.
struct ItemReader {
  let file: String
  let mapping: FieldMapping
  var items: [Item] = []
  /// Where each item stands, parallel to `items`.
  var places: [Dataset.Place] = []
  var problems: [RowProblem] = []
  private var firstLine: [String: Int] = [:]
  /// Hashes of the ids that may come again; nil where any may.
  private let repeats: Set<UInt64>?

  init(file: String, mapping: FieldMapping, repeats: Set<UInt64>? = nil) {
    self.file = file
    self.mapping = mapping
    self.repeats = repeats
  }

  /// Gives what was read since it was asked last, and keeps none of it.
  mutating func take() -> (items: [Item], places: [Dataset.Place], problems: [RowProblem]) {
    defer { (items, places, problems) = ([], [], []) }
    return (items, places, problems)
  }

  /// The id of a row; nil where it has none.
  func id(of row: RowFile.Row) -> String? { try? id(row) }

  /// Notes a row that others read.
  mutating func pass(_ row: RowFile.Row) {
    if let id = id(of: row) { _ = note(id, row) }
  }

  /// - Returns: the line on which the id stood before; nil where it is new.
  private mutating func note(_ id: String, _ row: RowFile.Row) -> Int? {
    if let earlier = firstLine[id] { return earlier }
    if repeats?.contains(FNV1a.hash(id)) ?? true { firstLine[id] = row.line }
    return nil
  }

  mutating func read(_ row: RowFile.Row) {
    do throws(RowProblem) {
      let id = try id(row)
      // Also where the first row can't be used: gold labels are joined by id, and which row is meant can't be known.
      if let earlier = note(id, row) {
        throw problem(
          row, id, mapping.id.columns.joined(separator: "+"), expected: "an id that did not occur before",
          found: "'\(id)', as on line \(earlier)")
      }
      items.append(try item(row, id: id))
      places.append(Dataset.Place(row))
    } catch {
      problems.append(error)
    }
  }

  private func id(_ row: RowFile.Row) throws(RowProblem) -> String {
    for column in mapping.id.columns { _ = try required(row, nil, column, "an id") }
    guard let id = row.text(mapping.id) else { throw problem(row, nil, "id", expected: "an id", found: "nothing") }
    return id
  }

  private func item(_ row: RowFile.Row, id: String) throws(RowProblem) -> Item {
    var fields: [String: String] = [:]
    if let column = mapping.text { fields["text"] = try required(row, id, column, "a text") }
    for (slot, column) in mapping.evidence {
      let value = row.value(column)
      if let value, value.isMadeLikeChoices, value.choices == nil {
        throw problem(row, id, column, expected: "choices with a label and a text each", found: value.summary)
      }
      fields[slot] = value?.choices ?? row.text(column) ?? ""
    }
    var attributes: [String: String] = [:]
    for (name, column) in mapping.slices { attributes[name] = row.text(column) ?? "" }
    return Item(
      id: id, group: mapping.group.flatMap { row.text($0) },
      split: try mapping.split.map { column throws(RowProblem) in
        // Spaces around a name are of the table, as around ids and labels.
        try required(row, id, column, "the name of a split").trimmingCharacters(in: .whitespacesAndNewlines)
      } ?? "",
      imageSlots: try imageSlots(row, id: id, beside: fields), fields: fields, attributes: attributes)
  }

  /// The images of every mapped column. The first column must say something, if only that there is none: `[]`. An item without a
  /// word has an image in one of them.
  private func imageSlots(
    _ row: RowFile.Row, id: String, beside fields: [String: String]
  ) throws(RowProblem) -> [ImageSlot] {
    let columns = mapping.image?.columns ?? []
    let isWordless = !fields.values.contains { $0.contains { !$0.isWhitespace } }
    var slots: [ImageSlot] = []
    for (name, column) in zip(mapping.imageSlots, columns) {
      if row.text(column) == nil, row.value(column) != .array([]) {
        if slots.isEmpty {
          throw problem(
            row, id, column,
            expected: isWordless && columns.count == 1
              ? "the path of an image" : "the path of an image, or [] where the item has none",
            found: row.value(column).map {
              $0 == .null ? "null" : $0.elements == nil ? "a blank text" : "a list of blanks"
            } ?? "nothing")
        }
        slots.append(ImageSlot(name: name, paths: []))
        continue
      }
      let values = row.list(column)
      let paths = values.compactMap(\.path)
      if let fault = values.indices.first(where: { values[$0].path == nil }) {
        throw problem(
          row, id, column, expected: "paths of images",
          found: "\(values[fault].found) in place \(fault + 1) of \(values.count)")
      }
      slots.append(ImageSlot(name: name, paths: paths))
    }
    if isWordless, !columns.isEmpty, slots.allSatisfy(\.paths.isEmpty) {
      throw problem(
        row, id, columns.joined(separator: ", "),
        expected:
          "the path of an image, as the row has no text that could be judged without one: give it, or leave the row out",
        found: columns.count == 1 ? "an empty list" : "no image in any of them")
    }
    return slots
  }

  private func required(
    _ row: RowFile.Row, _ id: String?, _ column: String, _ expected: String
  ) throws(RowProblem) -> String {
    let value = row.value(column)
    // A message, a span or an image's bytes are no text, though they could be written as one.
    if let value, value.holdsObjects {
      throw problem(
        row, id, column, expected: expected, found: value.elements == nil ? value.kind : "a list of objects")
    }
    guard let text = row.text(column) else {
      throw problem(
        row, id, column, expected: expected,
        found: value.map { $0 == .null ? "null" : "a blank text" } ?? "nothing")
    }
    return text
  }

  private func problem(
    _ row: RowFile.Row, _ id: String?, _ column: String, expected: String, found: String
  ) -> RowProblem {
    RowProblem(
      file: file, line: row.line, row: row.number, item: id, field: column, expected: expected, found: found)
  }
}

extension FieldMapping {
  /// Refuses a mapping whose column no row has: that is a misspelt name and not thousands of bad rows.
  func checkColumns(of table: RowFile, includingLabel: Bool = false) throws(TeacherProtocolError) {
    guard !table.rows.isEmpty else { return }
    for (key, column) in columns(includingLabel: includingLabel)
    where !table.rows.contains(where: { $0.value(column) != nil }) {
      throw .missingColumn(file: table.file, column: column, key: key, known: table.columns)
    }
  }

  /// The columns that some row has to have, by what names them.
  func columns(includingLabel: Bool = false) -> [(key: String, column: String)] {
    var wanted: [(key: String, column: String)] = id.columns.map { ("id", $0) }
    wanted += (image?.columns ?? []).map { ("image", $0) }
    for (key, column) in [("text", text), ("group", group), ("split", split)] {
      if let column { wanted.append((key, column)) }
    }
    if includingLabel, let label { wanted.append(("label", label)) }
    wanted += evidence.sorted { $0.key < $1.key }.map { ("evidence.\($0.key)", $0.value) }
    wanted += slices.sorted { $0.key < $1.key }.map { ("slices.\($0.key)", $0.value) }
    return wanted
  }
}

extension JSONValue {
  fileprivate var holdsObjects: Bool {
    switch self {
    case .object: true
    case .array(let elements): elements.contains { $0.holdsObjects }
    default: false
    }
  }
}
