/// A row of a data file that could not be used: where it stands, what was expected there and what was found.
///
/// ```text
/// news.jsonl:17: field 'caption': expected a text, found null
/// ```
public struct RowProblem: Error, Sendable, Equatable, Codable, CustomStringConvertible {
  /// Path of the file as it was given.
  public let file: String
  /// Line on which the row begins, counted from 1.
  public let line: Int
  /// Column or member concerned; nil where the row as a whole is at fault.
  public let field: String?
  /// What would have been accepted.
  public let expected: String
  /// What stood there.
  public let found: String

  /// A problem with one row.
  public init(file: String, line: Int, field: String? = nil, expected: String, found: String) {
    self.file = file
    self.line = line
    self.field = field
    self.expected = expected
    self.found = found
  }

  /// One line, in the `file:line:` form that editors make clickable.
  public var description: String {
    "\(file):\(line): " + (field.map { "field '\($0)': " } ?? "")
      + "expected \(expected.withoutFullStop), found \(found)"
  }
}
