internal import JSON
package import Foundation

/// Images with captions, one row an image: what a base student is pre-trained on.
///
/// ```swift
/// let captions = try CaptionFile(contentsOf: file, image: "image", text: "captions", where: ["split": ["train"]])
/// captions.rows[0].captions  // ["Two dogs on pavement moving toward each other ."]
/// ```
package struct CaptionFile: Sendable {
  /// One image.
  package struct Row: Sendable, Equatable {
    /// The image's path as given.
    package var image: String
    /// Its captions, at least one.
    package var captions: [String]
    /// The line of the file on which it begins, counted from 1.
    package var line: Int
  }

  /// The usable rows, in the file's order.
  package let rows: [Row]
  /// Rows that were not used.
  package let setAside: [RowProblem]

  /// Reads JSON Lines, a JSON array or CSV.
  ///
  /// - Parameters:
  ///   - url: the file.
  ///   - image: the column of the image's path.
  ///   - text: the column of a caption or a list of them.
  ///   - conditions: rows to keep: values by column; empty keeps all.
  ///   - strict: whether the first bad row is thrown in place of being set aside.
  /// - Throws: ``TeacherProtocolError``.
  package init(
    contentsOf url: URL, image: String, text: String, where conditions: [String: [String]] = [:], strict: Bool = false,
    limits: ReadLimits = ReadLimits()
  ) throws(TeacherProtocolError) {
    let table = try RowFile(contentsOf: url, limits: limits)
    if table.rows.isEmpty { throw .noRows(file: table.file, problems: table.problems) }
    for column in [image, text] + conditions.keys.sorted() where !table.columns.contains(column) {
      throw .missingColumn(file: table.file, column: column, key: column, known: table.columns)
    }
    var (rows, problems) = ([Row](), table.problems)
    for row in table.rows {
      guard conditions.allSatisfy({ column, values in row.text(column).map(values.contains) ?? false }) else {
        continue
      }
      var captions: [String] = []
      if case .array(let values)? = row.value(text) {
        captions = values.compactMap(\.cell)
      } else if let one = row.text(text) {
        captions = [one]
      }
      captions = captions.filter { $0.contains { !$0.isWhitespace } }
      let path = row.text(image)
      if let path, !captions.isEmpty {
        rows.append(Row(image: path, captions: captions, line: row.line))
      } else {
        problems.append(
          RowProblem(
            file: table.file, line: row.line, field: path == nil ? image : text,
            expected: path == nil ? "an image" : "a caption", found: "nothing"))
      }
    }
    if strict, let first = problems.first { throw .badRow(first) }
    if rows.isEmpty { throw .noRows(file: table.file, problems: problems) }
    self.rows = rows
    setAside = problems
  }
}
