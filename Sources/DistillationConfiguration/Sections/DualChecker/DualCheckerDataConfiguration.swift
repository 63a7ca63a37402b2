package import ConfigurationFiles

/// The records of a DualChecker run and how they are divided.
package struct DualCheckerDataConfiguration: DefaultedSection {
  package var file: String?
  /// One file a split, in place of ``file``; development records are not used. The default is none.
  package var files: SplitFiles?
  package var fields = Fields()
  /// Into how many parts the records are divided, one of which is the test split. The default is 5.
  package var folds = 5
  /// Which part is the test split, from 0 on. The default is 0.
  package var fold = 0
  package var splits: SplitConfiguration?
  package var limit: Int?

  /// Records from one file.
  package init(file: String) { self.file = file }

  /// No file.
  package init() {}

  package static let example = DualCheckerDataConfiguration(file: "cls.json")

  /// The keys under `data`.
  package static let keys: [ConfigurationKey<DualCheckerDataConfiguration>] = [
    ConfigurationKey(
      "file", \.file, "The records: JSON Lines, one JSON array, or CSV. Give either this or files.",
      range: .ifGiven(.nonBlank), relativeTo: .data, sample: "cls.json"),
    ConfigurationKey("files", \.files, "One file a split, in place of file.", relativeTo: .data),
    ConfigurationKey("fields", \.fields, "Which column is what."),
    ConfigurationKey("folds", \.folds, "Parts of the records, one of which is scored.", range: .from(2, through: 1000)),
    ConfigurationKey("fold", \.fold, "The part that is scored, from 0 on.", range: .from(0, through: 999)),
    ConfigurationKey(
      "splits", \.splits, "Values of the column fields.split, in place of folds; without it train and test."),
    ConfigurationKey(
      "limit", \.limit, "The most records, first ones kept; of files and a split column the most of each split.",
      range: .ifGiven(.from(10, through: 1_000_000_000)), sample: "1000"),
  ]

  /// Whether the records come divided, and not by ``folds``.
  package var isDivided: Bool { files != nil || fields.split != nil }

  /// One of the ways to name files, splits that can be told apart, and a fold that is there.
  package func checkRelations(with reader: inout ConfigurationReader) {
    if files == nil {
      reader.requirePresence(of: file, "file", expected: "the file with the records, or files with train and test")
    } else {
      reader.require(file == nil, "file", "files", expected: "either file or files", found: "both")
      reader.require(
        fields.split == nil, "fields.split", "files",
        expected: "no split column, since data.files names a file a split", found: fields.split ?? "")
    }
    reader.require(
      splits == nil || fields.split != nil && splits?.usesFractions == false, "splits", "fields.split",
      expected: "names of splits with a split column in data.fields.split; folds divide records by shares",
      found: fields.split == nil ? "no split column" : "fractions")
    reader.require(
      fold < folds, "fold", "folds", expected: "a number below folds, \(folds)", found: "the number \(fold)")
  }

  /// The columns of the records.
  package struct Fields: DefaultedSection {
    package var id = "id"
    package var text = "summary"
    package var detail: String? = "detail"
    package var label: String? = "label"
    package var spans: String?
    package var group: String?
    package var split: String?

    /// The columns of DualChecker's own files.
    package init() {}

    /// The keys under `data.fields`.
    package static let keys: [ConfigurationKey<Fields>] = [
      ConfigurationKey("id", \.id, "The record's name.", range: .nonBlank),
      ConfigurationKey("text", \.text, "The short text.", range: .nonBlank),
      ConfigurationKey("detail", \.detail, "The longer text; null where there is none.", range: .ifGiven(.nonBlank)),
      ConfigurationKey(
        "label", \.label, "The gold label, null where there is none; spans have columns named as their types.",
        range: .ifGiven(.nonBlank)),
      ConfigurationKey(
        "spans", \.spans, "Spans by places, [{label, start, end}]; without it columns named as the types.",
        range: .ifGiven(.nonBlank), sample: "spans"),
      ConfigurationKey(
        "group", \.group, "Column of the group; a group stays in one part.", range: .ifGiven(.nonBlank),
        sample: "family"),
      ConfigurationKey(
        "split", \.split, "Column with the split; without it folds divide the records.", range: .ifGiven(.nonBlank),
        sample: "split"),
    ]
  }
}
