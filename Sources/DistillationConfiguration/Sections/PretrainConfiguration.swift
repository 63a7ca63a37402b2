package import ConfigurationFiles

/// Training of a fresh base model on images with captions, before any teacher is asked. No label is read.
package struct PretrainConfiguration: ConfigurationSection {
  package var captions: String
  package var images: String?
  package var format = DataFormat.auto
  package var fields = Fields()
  package var rowsWhere: [String: [String]] = [:]
  package var objective = [Objective.contrastive, .captioning]
  package var imageShift = 0
  package var temperature = 0.07
  package var training = TrainingConfiguration(epochs: 10, batch: 64, learningRate: 1e-3)

  /// A loss of pre-training.
  package enum Objective: String, ConfigurationChoice {
    /// Images and captions of a batch find each other.
    case contrastive
    /// The decoder writes the caption.
    case captioning
    /// The decoder says whether image and caption belong together; the others come from the same batch.
    case matching
  }

  /// Which column of the captions file is what.
  package struct Fields: DefaultedSection {
    package var image = "image"
    package var text = "captions"

    /// Columns named `image` and `captions`.
    package init() {}

    /// The keys under `pretrain.fields`.
    package static let keys: [ConfigurationKey<Fields>] = [
      ConfigurationKey("image", \.image, "Column with the image's file name.", range: .nonBlank),
      ConfigurationKey("text", \.text, "Column with a caption or a list of them.", range: .nonBlank),
    ]
  }

  /// Pre-training on a captions file.
  package init(captions: String) {
    self.captions = captions
  }

  /// No file.
  package static let blank = PretrainConfiguration(captions: "")

  package static let example = PretrainConfiguration(captions: "captions.jsonl")

  /// The keys under `pretrain`.
  package static let keys: [ConfigurationKey<PretrainConfiguration>] =
    [
      ConfigurationKey(
        "captions", \.captions, "File of images with captions.", range: .nonBlank, relativeTo: .data,
        requirement: "the file of images with captions"),
      ConfigurationKey(
        "images", \.images, "Folder that image names are relative to; without it data.images.",
        range: .ifGiven(.nonBlank), relativeTo: .data, sample: "images"),
      ConfigurationKey("format", \.format, "Language of the captions file; auto goes by its ending."),
      ConfigurationKey("fields", \.fields, "Which column is what."),
      ConfigurationKey(
        "where", \.rowsWhere, "Rows to keep, {column: [values]}, such as the training split; without it all.",
        range: ConfigurationRange("not empty") { $0.values.allSatisfy { !$0.isEmpty } }),
      ConfigurationKey("objective", \.objective, "Losses that are added up.", range: .nonEmpty()),
      ConfigurationKey(
        "image_shift", \.imageShift,
        "contrastive: the most pixels by which a photo is shifted, each epoch anew, and mirrored half of the time; 0 takes it as "
          + "it is.", range: .from(0, through: 1024)),
      ConfigurationKey(
        "temperature", \.temperature, "contrastive: what cosines are divided by.", range: .above(0, through: 100)),
    ] + TrainingConfiguration.keys.map { $0.lifted(to: \.training) }

  /// Parts that an update is computed in: few unless said otherwise, as captions find their photos within a part.
  package var updateParts: Int { training.parts ?? 2 }

  /// Every objective once.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      Set(objective).count == objective.count, "objective", expected: "every objective once", found: "one twice")
  }
}
