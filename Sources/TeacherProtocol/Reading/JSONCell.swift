import JSON

extension JSONValue {
  /// The value of a number, or of a table's cell that holds one, with a point or, as spreadsheets write it where the fields
  /// are apart by semicolons, a comma.
  package var decimal: Double? {
    double ?? string.flatMap { Double($0) ?? Double($0.replacing(",", with: ".", maxReplacements: 1)) }
  }

  /// What a person would write into one cell of a table: nil for null, the elements of an array joined by "; ".
  package var cell: String? {
    switch self {
    case .null: nil
    case .bool(let value): value ? "true" : "false"
    case .number(let text), .string(let text): text
    case .array(let elements): elements.compactMap(\.cell).joined(separator: "; ")
    case .object: text
    }
  }
}
