package import ConfigurationFiles

/// The records of a DualChecker run and how they are divided.
package struct DualCheckerDataConfiguration: ConfigurationSection {
  /// The file with the records; there is no default.
  package var file: String
  package var fields = Fields()
  /// Into how many parts the records are divided, one of which is the test split. The default is 5.
  package var folds = 5
  /// Which part is the test split, from 0 on. The default is 0.
  package var fold = 0
  package var limit: Int?

  /// Records from one file.
  package init(file: String) { self.file = file }

  /// No file.
  package static let blank = DualCheckerDataConfiguration(file: "")

  /// `cls.json`.
  package static let example = DualCheckerDataConfiguration(file: "cls.json")

  /// The keys under `data`.
  package static let keys: [ConfigurationKey<DualCheckerDataConfiguration>] = [
    ConfigurationKey(
      "file", \.file, "The records: JSON Lines, one JSON array, or CSV.", range: .nonBlank, relativeTo: .data,
      requirement: "the file with the records"),
    ConfigurationKey("fields", \.fields, "Which column is what."),
    ConfigurationKey("folds", \.folds, "Parts of the records, one of which is scored.", range: .from(2, through: 1000)),
    ConfigurationKey("fold", \.fold, "The part that is scored, from 0 on.", range: .atLeast(0)),
    ConfigurationKey(
      "limit", \.limit, "The most records, first ones kept.", range: .ifGiven(.atLeast(10)), sample: "1000"),
  ]

  /// A fold that is there.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      fold < folds, "fold", "folds", expected: "a number below folds, \(folds)", found: "the number \(fold)")
  }

  /// The columns of the records.
  package struct Fields: DefaultedSection {
    package var id = "id"
    package var text = "summary"
    package var detail: String? = "detail"
    package var label = "label"
    package var spans: String?
    package var group: String?

    /// The columns of DualChecker's own files.
    package init() {}

    /// The keys under `data.fields`.
    package static let keys: [ConfigurationKey<Fields>] = [
      ConfigurationKey("id", \.id, "The record's name.", range: .nonBlank),
      ConfigurationKey("text", \.text, "The short text.", range: .nonBlank),
      ConfigurationKey("detail", \.detail, "The longer text; null where there is none.", range: .ifGiven(.nonBlank)),
      ConfigurationKey("label", \.label, "The gold label; spans have columns named as their types.", range: .nonBlank),
      ConfigurationKey(
        "spans", \.spans, "Spans by places, [{label, start, end}]; without it columns named as the types.",
        range: .ifGiven(.nonBlank), sample: "spans"),
      ConfigurationKey(
        "group", \.group, "Column of the group; a group stays in one part.", range: .ifGiven(.nonBlank),
        sample: "family"),
    ]
  }
}
