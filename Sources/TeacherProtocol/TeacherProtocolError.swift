internal import Wording

/// Faults of files, mappings, templates, labels and teachers.
///
/// Each case names the place, what was expected, what came, and its description says what to do.
public enum TeacherProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file can't be opened or read.
  case cannotRead(file: String, reason: String)
  /// A file is larger than the limit, both in bytes.
  case tooLarge(file: String, bytes: Int, limit: Int)
  /// A file is no JSON Lines, JSON array or table in UTF-8.
  case notATable(file: String, found: String, remedy: String)
  /// A file holds no usable row.
  case noRows(file: String, problems: [RowProblem])
  /// One row is unusable, and the reading was strict or can't go on behind it.
  case badRow(RowProblem)
  /// The mapping names a column that no row has.
  case missingColumn(file: String, column: String, key: String, known: [String])
  /// No row has a column for a span type, which would pass for one that never occurs.
  case missingSpanColumn(file: String, type: String, known: [String])
  /// Several columns are spelled like a span type, and none exactly as it is.
  case ambiguousSpanColumn(file: String, type: String, columns: [String])
  /// A field mapping contradicts itself.
  case badMapping(key: String, reason: String)
  /// Items of one group, or with one image, stand in several splits.
  case straddlingGroups(what: String, examples: [String], count: Int)
  /// A data set can't be divided as asked.
  case cannotSplit(reason: String)
  /// A label set contradicts itself.
  case badLabelSet(reason: String)
  /// A value is no label of the set.
  case unknownLabel(String, known: [String])
  /// A template names a slot that nothing fills.
  case unknownSlot(String, template: String, known: [String])
  /// A template that asks the same about every item: none of its slots is a field of the items, and these have no image.
  case asksNothing(template: String, known: [String])
  /// A template shows nothing of an item: it has no image, and what the template's slots name of it is blank.
  case showsNothing(template: String)
  /// A template is not well formed. The offset counts characters from 0.
  case badTemplate(String, offset: Int, expected: String)
  /// An image file can't be used.
  case badImage(file: String, reason: String)
  /// A recorded teacher has nothing on an item.
  case noRecordedReply(teacher: String, item: String, file: String)
  /// A file of recorded replies has none of this teacher.
  case noRecordedTeacher(String, file: String, known: [String])
  /// There is no teacher of this name.
  case unknownTeacher(String, known: [String])

  /// The fault, its place, and the remedy.
  public var description: String {
    switch self {
    case .cannotRead(let file, let reason):
      "\(file) can't be read: \(reason.withoutFullStop). Check the path and its permissions."
    case .tooLarge(let file, let bytes, let limit):
      "\(file) has \(bytes) bytes, more than the limit of \(limit). Split the file or raise the limit."
    case .notATable(let file, let found, let remedy):
      "\(file): expected JSON Lines, a JSON array or a table, in UTF-8, found \(found). \(remedy)"
    case .noRows(let file, let problems):
      "\(file) holds no usable row. "
        + (problems.first.map {
          problems.count == 1 ? "1 row was set aside: \($0)" : "\(problems.count) rows were set aside, the first: \($0)"
        } ?? "It is empty.")
    case .badRow(let problem): "\(problem)"
    case .missingColumn(let file, let column, let key, let known):
      "\(file) has no column '\(column)', which the mapping names for '\(key)'. Its columns: \(known.listed)."
        + (key == "image" ? " Where items have no image, set it to null." : "")
        + (NearestName.nearest(to: column, among: known).map { " Did you mean '\($0)'?" }
          ?? ([".columns.id", ".columns.label"].contains(where: key.hasSuffix)
            ? " Say which column is which: columns: {id: ..., label: ..., rationale: ...}"
              + (key.hasSuffix(".columns.label")
                ? ", or columns: {reply: ...} for whole replies as models write them." : ".")
            : ""))
    case .missingSpanColumn(let file, let type, let known):
      "\(file) has no column for the span type '\(type)' in any row, so the type would pass for one that never occurs. Its "
        + "columns: \(known.listed)."
        + (NearestName.nearest(to: type, among: known).map { " Did you mean '\($0)'?" } ?? "")
        + " Name the type as its column, or give it the column's name as an alias; where no record has such a span, write an"
        + " empty column of that name (in JSON \"\(type)\": null in one row)."
    case .ambiguousSpanColumn(let file, let type, let columns):
      "\(file): each of the columns \(columns.listed) may be that of the span type '\(type)', and none is spelled exactly so. "
        + "Name the type as the column that is meant, or give it that column's name as an alias; rename the others if they "
        + "mean it too."
    case .badMapping(let key, let reason): "Field mapping, key '\(key)': \(reason.withoutFullStop)."
    case .straddlingGroups(let what, let examples, let count):
      "\(count) \(what) stand in more than one split, for example \(examples.listed). Training and test would share "
        + "them: mend the split column, or leave it out and let groups be split here."
    case .cannotSplit(let reason): "The data set can't be split as asked: \(reason.withoutFullStop)."
    case .badLabelSet(let reason): "Label set: \(reason.withoutFullStop)."
    case .unknownLabel(let label, let known): "'\(label)' is no label. Known: \(known.listed)."
    case .unknownSlot(let slot, let template, let known):
      "Template '\(template)' names the slot {\(slot)}, which nothing fills. Known slots: \(known.listed). "
        + "Write {{ and }} for braces that stand for themselves."
    case .asksNothing(let template, let known):
      "Template '\(template)' asks the same about every item: nothing of an item stands in it, and items have no image. Put a "
        + "slot into it: \(known.map { "{\($0)}" }.joined(separator: ", "))."
    case .showsNothing(let template):
      "Template '\(template)' shows nothing of this item: it has no image, and the fields that the template names are blank. Give it "
        + "one of them, or leave the row out."
    case .badTemplate(let template, let offset, let expected):
      "Template '\(template)', character \(offset + 1): expected \(expected.withoutFullStop)."
    case .badImage(let file, let reason): "Image \(file): \(reason.withoutFullStop)."
    case .noRecordedReply(let teacher, let item, let file):
      "\(file) holds no reply of teacher '\(teacher)' on item '\(item)'. Check that both files use the same id."
    case .noRecordedTeacher(let name, let file, let known):
      "\(file) holds no replies of teacher '\(name)'; it has those of \(known.listed). Set recorded_name to the one that is meant."
    case .unknownTeacher(let name, let known): "There is no teacher '\(name)'. Known: \(known.listed)."
    }
  }
}

extension [String] {
  /// At most twelve names in quotes, and how many more there are.
  fileprivate var listed: String {
    guard !isEmpty else { return "none" }
    let shown = prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    return count > 12 ? "\(shown) and \(count - 12) more" : shown
  }
}
