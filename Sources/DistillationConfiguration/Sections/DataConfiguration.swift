package import ConfigurationFiles

/// The labelled items: which file, how its rows are read, and how they are split.
package struct DataConfiguration: ConfigurationSection {
  package var file: String?
  package var files: SplitFiles?
  package var images: String?
  /// Whether services are sent images from outside of the images' folder. The default is none, which is no.
  package var outsideImages: Bool?
  /// How image files become pixels for models in this process. The default is none: as the run in the same folder began,
  /// and for a new run ``PixelConfiguration/init()``.
  package var pixels: PixelConfiguration?
  package var format = DataFormat.auto
  package var fields = FieldConfiguration()
  /// How one file's items come to be train, dev or test. The default is ``SplitConfiguration/init()``.
  package var splits = SplitConfiguration()
  package var rowsWhere: [String: [String]] = [:]
  package var limit = LimitConfiguration()
  /// The share of the training groups whose labels train the teachers that the run makes; teachers and student do not
  /// meet these items again. The default is 0.
  package var teacherShare = 0.0

  /// Items from one file, which a split column or fractions divide.
  package init(file: String) {
    self.file = file
  }

  /// Items from one file a split.
  package init(files: SplitFiles) {
    self.files = files
  }

  /// No file.
  package static let blank = DataConfiguration()

  private init() {}

  /// `items.jsonl`, all of it to train on.
  package static let example = DataConfiguration(file: "items.jsonl")

  /// The keys under `data`.
  package static let keys: [ConfigurationKey<DataConfiguration>] = [
    ConfigurationKey(
      "file", \.file, "All items in one file. Give either this or files.", range: .ifGiven(.nonBlank),
      relativeTo: .data, sample: "items.jsonl"),
    ConfigurationKey("files", \.files, "One file a split, in place of file.", relativeTo: .data),
    ConfigurationKey(
      "images", \.images, "Folder that image names are relative to; without it the data file's own.",
      range: .ifGiven(.nonBlank), relativeTo: .data, sample: "images"),
    ConfigurationKey(
      "outside_images", \.outsideImages,
      "Whether services are sent images that lie outside of that folder, by .., an absolute path or a link; without it no.",
      sample: "true"),
    ConfigurationKey(
      "pixels", \.pixels, "How images become pixels for student and local teachers; without it as transformers does."),
    ConfigurationKey("format", \.format, "Language of the data files; auto goes by their ending."),
    ConfigurationKey("fields", \.fields, "Which column is what; a name with dots reaches into nested objects."),
    ConfigurationKey("splits", \.splits, "How the items of one file are split; groups stay together."),
    ConfigurationKey(
      "where", \.rowsWhere, "Rows to keep, {column: [values]}; without it all.",
      range: ConfigurationRange("not empty") { $0.values.allSatisfy { !$0.isEmpty } }),
    ConfigurationKey("limit", \.limit, "The most items of each split, first ones kept, whole groups."),
    ConfigurationKey(
      "teacher_share", \.teacherShare, "Share of the training groups that teachers of the kind trained learn from.",
      range: ConfigurationRange("0 or more and less than 1") { (0..<1).contains($0) }),
  ]

  /// One of the two ways to name files, and splits that can be told apart.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      images == nil || fields.image != nil, "images", "fields.image",
      expected: "no folder, since data.fields.image is null", found: "the text '\(images ?? "")'")
    if files == nil {
      reader.requirePresence(of: file, "file", expected: "the file with the items, or files with train")
      reader.require(
        file == nil || splits.usesFractions || fields.split != nil || splits == .blank, "splits", "fields.split",
        expected: "fractions such as {train: 0.8, dev: 0.1, test: 0.1}, or a split column named in data.fields.split",
        found: "names of splits and no split column")
      reader.require(
        !splits.usesFractions || fields.split == nil, "splits", "fields.split",
        expected: "names of splits, since data.fields.split names a column with them", found: "fractions")
    } else {
      reader.require(file == nil, "file", "files", expected: "either file or files", found: "both")
      reader.require(
        fields.split == nil, "fields.split", "files",
        expected: "no split column, since data.files names a file a split",
        found: fields.split ?? "")
      reader.require(
        !splits.usesFractions, "splits", "files", expected: "no fractions, since data.files names a file a split",
        found: "fractions")
    }
  }
}

/// The language of a data file.
package enum DataFormat: String, ConfigurationChoice {
  /// By the file's ending: `.jsonl`, `.json` or `.csv`.
  case auto
  /// JSON Lines: one object a line.
  case jsonLines = "jsonl"
  /// One JSON array of objects.
  case json
  /// Comma-separated values with a header line.
  case csv
}

package struct SplitFiles: ConfigurationSection {
  package var train: String
  package var dev: String?
  /// The test items. The default is none: nothing is scored.
  package var test: String?

  /// One file for each split.
  package init(train: String, dev: String? = nil, test: String? = nil) {
    (self.train, self.dev, self.test) = (train, dev, test)
  }

  /// Files without names.
  package static let blank = SplitFiles(train: "")

  package static let example = SplitFiles(train: "train.jsonl", test: "test.jsonl")

  /// The keys under `data.files`.
  package static let keys: [ConfigurationKey<SplitFiles>] = [
    ConfigurationKey(
      "train", \.train, "File of the training items.", range: .nonBlank, relativeTo: .data,
      requirement: "the file of the training items"),
    ConfigurationKey(
      "dev", \.dev, "File of the development items; without it there are none.", range: .ifGiven(.nonBlank),
      relativeTo: .data, sample: "dev.jsonl"),
    ConfigurationKey(
      "test", \.test, "File of the test items; without it nothing is scored.", range: .ifGiven(.nonBlank),
      relativeTo: .data, sample: "test.jsonl"),
  ]
}
