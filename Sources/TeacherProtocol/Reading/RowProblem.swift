internal import Wording

/// A row of a data file that could not be used: where it stands, what was expected there and what was found.
///
/// ```text
/// news.jsonl:17: item 'a-4', field 'caption': expected a text, found null
/// ```
public struct RowProblem: Error, Sendable, Equatable, Codable, CustomStringConvertible {
  /// Path of the file as it was given.
  public let file: String
  /// Line on which the row begins, counted from 1.
  public let line: Int
  /// Place among the rows of the file, counted from 1; nil where it is not known. Several rows may stand on one line of a
  /// JSON array.
  package let row: Int?
  /// The id of the row's item; nil where it has none.
  package let item: String?
  /// Column or member concerned; nil where the row as a whole is at fault.
  package let field: String?
  /// What would have been accepted.
  package let expected: String
  /// What stood there.
  package let found: String

  /// A problem with one row.
  package init(
    file: String, line: Int, row: Int? = nil, item: String? = nil, field: String? = nil, expected: String, found: String
  ) {
    self.file = file
    self.line = line
    self.row = row
    self.item = item
    self.field = field
    self.expected = expected
    self.found = found
  }

  /// One line, in the `file:line:` form that editors make clickable. The row's place is named where rows share lines.
  public var description: String {
    let place = row.flatMap { $0 > line ? "\(file):\(line): row \($0): " : nil } ?? "\(file):\(line): "
    let names = [item.map { "item '\($0)'" }, field.map { "field '\($0)'" }].compactMap(\.self)
    return place + (names.isEmpty ? "" : names.joined(separator: ", ") + ": ") + reason
  }

  /// What is wrong, without the place: `expected a text, found null`.
  package var reason: String { "expected \(expected.withoutFullStop), found \(found)" }
}

extension RowProblem: Comparable {
  /// In the order of the file.
  public static func < (one: RowProblem, other: RowProblem) -> Bool {
    (one.line, one.row ?? 0) < (other.line, other.row ?? 0)
  }
}

extension [RowProblem] {
  /// How many rows were not used, and the first of them with their reasons, a line each: what every command says of them.
  /// Nil for none.
  package var listed: String? { listed(upTo: Self.shown) }

  /// The same under another heading.
  package func listed(as heading: String) -> String? { listed(upTo: Self.shown, as: heading) }

  /// All of them with their reasons, a line each. Nil for none.
  package var allListed: String? { listed(upTo: count) }

  private func listed(upTo shown: Int, as heading: String? = nil) -> String? {
    guard !isEmpty else { return nil }
    let head = heading ?? (count == 1 ? "1 row can't be used" : "\(count) rows can't be used")
    let more = count > shown ? ["  and \(count - shown) more"] : []
    return (["\(head):"] + prefix(shown).map { "  \($0)" } + more).joined(separator: "\n")
  }

  private static var shown: Int { 8 }
}
