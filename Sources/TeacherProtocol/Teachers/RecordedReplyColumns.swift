internal import JSON

extension RecordedReplies {
  /// Refuses a column that no reply has: the label or the whole reply, and each that was given another name than the default.
  ///
  /// - Parameter replies: rows of one item and teacher, or the objects of teachers.
  static func check(_ columns: Columns, of replies: [RowFile.Row], file: String) throws(TeacherProtocolError) {
    guard !replies.isEmpty else { return }
    func stands(_ column: String) -> Bool { replies.contains { $0.value(column) != nil } }
    let defaults = Columns()
    // A store of replies that all failed has no label and says so by the outcome.
    let isStore = columns.label == defaults.label && stands("outcome")
    var wanted: [(key: String, column: String)] =
      isStore ? [] : [columns.reply.map { ("reply", $0) } ?? ("label", columns.label)]
    for (key, path) in [("rationale", \Columns.rationale), ("confidence", \.confidence)] {
      let column = columns[keyPath: path]
      if column != defaults[keyPath: path] { wanted.append((key, column)) }
    }
    if columns.raw != defaults.raw, !columns.raw.contains(where: stands), let first = columns.raw.first {
      wanted.append(("raw", first))
    }
    for (key, column) in wanted where !stands(column) {
      throw .missingColumn(file: file, column: column, key: key, known: names(in: replies))
    }
  }

  /// Why the replies of a teacher can't be taken for abstentions, by teacher: none of them has the label's column, and in
  /// another one, which no reply with a label has, stand labels.
  ///
  /// - Parameters:
  ///   - unlabelled: rows of the teachers of which no row has the column.
  ///   - isLabel: whether a value is one of the labels.
  static func mislabelled(
    _ unlabelled: [String: [RowFile.Row]], of replies: [RowFile.Row], columns: Columns, file: String,
    isLabel: (String) -> Bool
  ) -> [String: TeacherProtocolError] {
    guard !unlabelled.isEmpty else { return [:] }
    let ordinary = Set(names(in: replies.filter { $0.value(columns.label) != nil }))
    return unlabelled.compactMapValues { rows in
      let known = names(in: rows)
      let isMisnamed = known.contains { name in
        let values = ordinary.contains(name) ? [] : rows.compactMap { $0.text(name) }
        return !values.isEmpty && values.allSatisfy(isLabel)
      }
      return isMisnamed
        ? .missingColumn(file: file, column: columns.label, key: "label", known: known) : nil
    }
  }

  private static func names(in replies: [RowFile.Row]) -> [String] {
    var seen: Set<String> = []
    return replies.flatMap { row -> [String] in
      guard case .object(let members) = row.value else { return [] }
      return members.map(\.name).filter { seen.insert($0).inserted }
    }
  }
}
