/// Turns rows into items by a mapping, and lists those that can't be.
struct ItemReader {
  let file: String
  let mapping: FieldMapping
  var items: [Item] = []
  var lines: [Int] = []
  var problems: [RowProblem] = []
  private var firstLine: [String: Int] = [:]

  init(file: String, mapping: FieldMapping) {
    self.file = file
    self.mapping = mapping
  }

  mutating func read(_ row: RowFile.Row, number: Int) {
    do throws(RowProblem) {
      let item = try item(row, number: number)
      if let earlier = firstLine.updateValue(row.line, forKey: item.id) {
        firstLine[item.id] = earlier
        throw RowProblem(
          file: file, line: row.line, field: mapping.id.columns.joined(separator: "+"),
          expected: "an id that did not occur before", found: "'\(item.id)', as on line \(earlier)")
      }
      items.append(item)
      lines.append(row.line)
    } catch {
      problems.append(error)
    }
  }

  private func item(_ row: RowFile.Row, number: Int) throws(RowProblem) -> Item {
    guard let id = row.text(mapping.id, number: number) else {
      let column = mapping.id.columns.first { row.text($0) == nil } ?? "id"
      throw problem(row, column, expected: "an id")
    }
    var fields: [String: String] = [:]
    if let column = mapping.text { fields["text"] = try required(row, column, "a text") }
    for (slot, column) in mapping.evidence { fields[slot] = row.text(column) ?? "" }
    var attributes: [String: String] = [:]
    for (name, column) in mapping.slices { attributes[name] = row.text(column) ?? "" }
    return Item(
      id: id, group: mapping.group.flatMap { row.text($0) },
      split: try mapping.split.map { column throws(RowProblem) in try required(row, column, "the name of a split") }
        ?? "",
      imageSlots: try imageSlots(row), fields: fields, attributes: attributes)
  }

  /// The images of every mapped column. The first column must say something, if only that there is none: `[]`.
  private func imageSlots(_ row: RowFile.Row) throws(RowProblem) -> [ImageSlot] {
    var slots: [ImageSlot] = []
    for (name, column) in zip(mapping.imageSlots, mapping.image?.columns ?? []) {
      if row.text(column) == nil, row.value(column) != .array([]) {
        if slots.isEmpty { throw problem(row, column, expected: "the path of an image") }
        slots.append(ImageSlot(name: name, paths: []))
        continue
      }
      let values = row.list(column)
      let paths = values.compactMap(\.path)
      if let fault = values.indices.first(where: { values[$0].path == nil }) {
        throw RowProblem(
          file: file, line: row.line, field: column, expected: "paths of images",
          found: "\(values[fault].found) in place \(fault + 1) of \(values.count)")
      }
      slots.append(ImageSlot(name: name, paths: paths))
    }
    return slots
  }

  private func required(_ row: RowFile.Row, _ column: String, _ expected: String) throws(RowProblem) -> String {
    guard let text = row.text(column) else { throw problem(row, column, expected: expected) }
    return text
  }

  private func problem(_ row: RowFile.Row, _ column: String, expected: String) -> RowProblem {
    let found = row.value(column).map { $0 == .null ? "null" : "a blank text" } ?? "nothing"
    return RowProblem(file: file, line: row.line, field: column, expected: expected, found: found)
  }
}

extension FieldMapping {
  /// Refuses a mapping whose column no row has: that is a misspelt name and not thousands of bad rows.
  func checkColumns(of table: RowFile, includingLabel: Bool = false) throws(TeacherProtocolError) {
    var wanted: [(key: String, column: String)] = id.columns.map { ("id", $0) }
    wanted += (image?.columns ?? []).map { ("image", $0) }
    for (key, column) in [("text", text), ("group", group), ("split", split)] {
      if let column { wanted.append((key, column)) }
    }
    if includingLabel, let label { wanted.append(("label", label)) }
    wanted += evidence.sorted { $0.key < $1.key }.map { ("evidence.\($0.key)", $0.value) }
    wanted += slices.sorted { $0.key < $1.key }.map { ("slices.\($0.key)", $0.value) }
    guard !table.rows.isEmpty else { return }
    for (key, column) in wanted where !table.rows.contains(where: { $0.value(column) != nil }) {
      throw .missingColumn(file: table.file, column: column, key: key, known: table.columns)
    }
  }
}
