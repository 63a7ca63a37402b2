package import ConfigurationFiles

/// A teacher whose replies a file holds: one row for each item and teacher, one row for each item with an object of all
/// teachers, or one row for each item of this teacher alone; also what `distill replies export` writes.
package struct RecordedTeacherConfiguration: ConfigurationSection {
  /// The file with the replies, JSON Lines, JSON or CSV; there is no default.
  package var file: String
  package var recordedName: String?
  package var columns = Columns()

  /// Replies from a file.
  package init(file: String) {
    self.file = file
  }

  /// No file.
  package static let blank = RecordedTeacherConfiguration(file: "")

  package static let example = RecordedTeacherConfiguration(file: "teachers.jsonl")

  package static let keys: [ConfigurationKey<RecordedTeacherConfiguration>] = [
    ConfigurationKey(
      "file", \.file, "File with the replies: a row an item and teacher, or a row an item.", range: .nonBlank,
      relativeTo: .data, requirement: "the file with the recorded replies"),
    ConfigurationKey(
      "recorded_name", \.recordedName, "The teacher's name in the file; without it the same name.",
      range: .ifGiven(.nonBlank), sample: "gpt4o"),
    ConfigurationKey("columns", \.columns, "Which column is what."),
  ]

  /// Which column of a file of replies is what.
  package struct Columns: DefaultedSection {
    /// The column with the item's identifier. The default is `id`, or `item` where no row has that.
    package var id = "id"
    /// The column with the teacher's name, in a file with one row for each item and teacher; nil for a file of this teacher
    /// alone. The default is `teacher`, and a file without it in which each item has one row is this teacher's.
    package var teacher: String? = "teacher"
    package var teachers = "teachers"
    package var label = "label"
    /// The column with the whole reply as a model wrote it, from which label and reasons are read, in place of `label`; nil
    /// where labels have a column.
    package var reply: String?
    /// The column with the rationale, which may be missing. The default is `rationale`.
    package var rationale = "rationale"
    /// The column with the confidence from 0 to 1, which may be missing. The default is `confidence`.
    package var confidence = "confidence"

    /// Columns with the names of the properties.
    package init() {}

    /// The keys under `columns`.
    package static let keys: [ConfigurationKey<Columns>] = [
      ConfigurationKey(
        "id", \.id, "Column with the item's identifier; id stands for item too, where there is no id.", range: .nonBlank
      ),
      ConfigurationKey(
        "teacher", \.teacher,
        "Column with the teacher's name (a row an item and teacher); null for a file of this teacher alone.",
        range: .ifGiven(.nonBlank)),
      ConfigurationKey(
        "teachers", \.teachers, "Column with an object of teachers by name (a row an item).", range: .nonBlank),
      ConfigurationKey("label", \.label, "Column with the label; null abstains.", range: .nonBlank),
      ConfigurationKey(
        "reply", \.reply,
        "Column with the whole reply as a model wrote it, from which label and reasons are read, in place of label.",
        range: .ifGiven(.nonBlank)),
      ConfigurationKey("rationale", \.rationale, "Column with the rationale.", range: .nonBlank),
      ConfigurationKey("confidence", \.confidence, "Column with the confidence, 0 to 1.", range: .nonBlank),
    ]
  }
}
