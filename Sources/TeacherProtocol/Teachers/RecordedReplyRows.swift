internal import JSON

extension RecordedReplies {
  /// The rows, in place of those that an export made of kept replies what they were made of: `metadata` of TRL's rows, `meta`
  /// of Label Studio's tasks. A reply that several rows carry, as of pairs, counts once.
  static func unwrapped(_ rows: [RowFile.Row]) -> [RowFile.Row] {
    var seen: Set<String> = []
    return rows.flatMap { row -> [RowFile.Row] in
      let kept = kept(in: row.value)
      guard !kept.isEmpty else { return [row] }
      return kept.filter { seen.insert($0["key"]?.string ?? "").inserted }
        .map { RowFile.Row(line: row.line, number: row.number, value: $0) }
    }
  }

  private static func kept(in row: JSONValue) -> [JSONValue] {
    func isKept(_ value: JSONValue) -> Bool {
      ["key", "item", "teacher", "outcome"].allSatisfy { value[$0]?.string != nil }
    }
    let metadata = row["metadata"]
    let found =
      ["annotation", "chosen", "rejected"].compactMap { metadata?[$0] } + (row["meta"]?["annotations"]?.elements ?? [])
    return found.filter(isKept)
  }
}
