internal import JSON
public import Foundation
public import TeacherProtocol
internal import Wording

/// Conflicts written into a file for a person to fill in, and read back.
///
/// ```swift
/// try ReviewFile.write(conflicts, to: URL(fileURLWithPath: "review.csv"))
/// // a person fills the column `label`
/// let source = try ReviewFileSource(URL(fileURLWithPath: "review.csv"), labels: labels)
/// ```
///
/// `image` is the path of an item's image, or an object of lists of paths by slot where there are several. A name that ends in `.csv`
/// is a table for spreadsheets: item, label, image, the fields of the item, and label and rationale of each teacher. It begins with
/// a byte-order mark, by which Excel knows UTF-8, and a text that a spreadsheet would compute (`=HYPERLINK(...)`) stands behind an
/// apostrophe, since captions and rationales are other people's. Any other name is JSON Lines with the same.
public enum ReviewFile {
  /// Writes conflicts with an empty label each; a file that was there is replaced as a whole.
  ///
  /// - Parameters:
  ///   - conflicts: in the order in which they should be seen.
  ///   - answers: earlier answers to write in, item -> label.
  ///   - url: the file.
  /// - Throws: ``AnnotationsError/cannotWrite(file:reason:)``.
  public static func write(
    _ conflicts: [Conflict], answers: [String: String] = [:], to url: URL
  ) throws(AnnotationsError) {
    let text =
      url.pathExtension.lowercased() == "csv" ? csv(conflicts, answers) : jsonLines(conflicts, answers)
    do {
      try OwnerOnly.makeFolder(url.deletingLastPathComponent())
      try OwnerOnly.write(Data(text.utf8), to: url)
    } catch {
      throw .cannotWrite(file: url.relativePath, reason: FaultText.reason(of: error))
    }
  }

  private static func jsonLines(_ conflicts: [Conflict], _ labels: [String: String]) -> String {
    conflicts.map { conflict in
      let item = conflict.item
      let fields = item.fields.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
      let teachers = conflict.annotations.map { annotation in
        JSONValue.Member(
          annotation.teacher,
          .object([
            .init("label", annotation.reply.label.map { .string($0) } ?? .null),
            .init("rationale", .string(annotation.reply.rationale)),
            .init("confidence", annotation.reply.confidence.map { .number($0.value) } ?? .null),
          ]))
      }
      let members: [JSONValue.Member] =
        [
          .init("item", .string(item.id)), .init("label", .string(labels[item.id] ?? "")),
          .init("image", image(of: item)), .init("fields", .object(fields)), .init("teachers", .object(teachers)),
        ]
      return JSONValue.object(members).text + "\n"
    }.joined()
  }

  /// The path of an item's only image, null where it has none; lists by slot where there is more to tell.
  private static func image(of item: Item) -> JSONValue {
    guard item.imageSlots.count > 1 || item.images.count > 1 else {
      return item.images.first.map { .string($0) } ?? .null
    }
    return .object(item.imageSlots.map { .init($0.name, .array($0.paths.map { .string($0) })) })
  }

  private static func csv(_ conflicts: [Conflict], _ labels: [String: String]) -> String {
    let fields = Set(conflicts.flatMap(\.item.fields.keys)).sorted()
    var seen: Set<String> = []
    let teachers = conflicts.flatMap(\.annotations).map(\.teacher).filter { seen.insert($0).inserted }
    // Prefixes keep a field or teacher called "label" from taking the place of the column that is read back.
    let head =
      ["item", "label", "image"] + fields.map { "field: \($0)" }
      + teachers.flatMap { ["\($0): label", "\($0): rationale"] }
    return conflicts.reduce(into: "\u{FEFF}" + CSV.record(head.map(shown))) { text, conflict in
      let item = conflict.item
      let replies = Dictionary(
        conflict.annotations.map { ($0.teacher, $0.reply) }, uniquingKeysWith: { first, _ in first })
      text += CSV.record(
        [shown(item.id), labels[item.id] ?? "", shown(image(of: item).cell ?? "")]
          + fields.map { shown(item.fields[$0] ?? "") }
          + teachers.flatMap { [replies[$0]?.label ?? "", shown(replies[$0]?.rationale ?? "")] })
    }
  }

  /// A cell that a spreadsheet shows as it is: what it would take for a formula stands behind an apostrophe. A number is none.
  private static func shown(_ text: String) -> String {
    guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first), Double(text) == nil else {
      return text
    }
    return "'" + text
  }

  /// The id that stands in a cell: without the apostrophe of ``shown(_:)``, unless an item is called like that.
  static func id(_ cell: String, among items: Set<String>?) -> String {
    let text = String(cell.dropFirst())
    return cell.hasPrefix("'") && items?.contains(cell) != true && shown(text) == cell ? text : cell
  }
}

/// Labels from a review file that a person filled in, as JSON Lines or CSV with the columns `item` and `label`.
public struct ReviewFileSource: LabelSource {
  /// Item -> label name, of the rows that are filled in.
  package let labels: [String: String]
  /// Rows with an unknown label, an unknown item, or a second and different label.
  package let setAside: [RowProblem]

  /// Reads a review file. Rows with an empty label are still to do and are passed over.
  ///
  /// - Parameters:
  ///   - url: the file.
  ///   - labels: a label may be a name, an alias, or the words of an answer.
  ///   - items: the ids that may occur; nil for any.
  ///   - strict: whether the first bad row is thrown in place of being set aside.
  /// - Throws: `TeacherProtocolError`.
  public init(
    _ url: URL, labels: LabelSet, items: Set<String>? = nil, strict: Bool = false
  ) throws(TeacherProtocolError) {
    let table = try RowFile(contentsOf: url)
    for column in ["item", "label"] where !table.rows.isEmpty && !table.columns.contains(column) {
      throw .missingColumn(file: table.file, column: column, key: column, known: table.columns)
    }
    var found: [String: String] = [:]
    var problems = table.problems
    for row in table.rows {
      guard let raw = row.text("label") else { continue }
      func note(_ field: String, _ expected: String, _ value: String) {
        problems.append(
          RowProblem(file: table.file, line: row.line, field: field, expected: expected, found: value))
      }
      guard let item = row.text(["item"]).map({ ReviewFile.id($0, among: items) }) else {
        note("item", "an item's id", "nothing")
        continue
      }
      guard items?.contains(item) ?? true else {
        note("item", "an item of this run", "'\(item)'")
        continue
      }
      guard let label = labels.label(written: raw) else {
        note("label", "one of \(labels.names.joined(separator: ", "))", "'\(raw)'")
        continue
      }
      if let earlier = found[item], earlier != label.name {
        note("label", "'\(earlier)' as in an earlier row of '\(item)'", "'\(label.name)'")
        continue
      }
      found[item] = label.name
    }
    self.labels = found
    setAside = problems.sorted { $0.line < $1.line }
    if strict, let first = setAside.first { throw .badRow(first) }
  }

  /// How many items have a label.
  public var spent: Int { labels.count }

  /// The labels of those of the items that are filled in.
  public func labels(for items: [Item]) async throws -> [String: String] {
    var found: [String: String] = [:]
    for item in items { found[item.id] = labels[item.id] }
    return found
  }
}
