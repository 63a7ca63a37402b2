package import ConfigurationFiles

/// A base that compares a photo with a text and answers by one of two labels, in place of a decoder that writes: a
/// convolutional tower (ConvNeXt) from nothing, whose vectors learn to lie in the space of a published sentence model.
package struct MatcherConfiguration: ConfigurationSection {
  package var textModel: String
  /// Side of the square image in pixels. The default is 64.
  package var imageSize = 64
  package var patchSize = 4
  package var widths = [64, 128, 256]
  package var depths = [2, 2, 2]

  /// A matcher on a sentence model in a folder.
  package init(textModel: String) {
    self.textModel = textModel
  }

  /// No sentence model.
  package static let blank = MatcherConfiguration(textModel: "")

  package static let example = MatcherConfiguration(textModel: "models/all-MiniLM-L6-v2")

  /// The keys under `student.fresh.matcher`.
  package static let keys: [ConfigurationKey<MatcherConfiguration>] = [
    ConfigurationKey(
      "text_model", \.textModel, "Folder of the sentence model (sentence-transformers); it is not trained.",
      range: .nonBlank, relativeTo: .configuration, requirement: "the folder of a sentence model"),
    ConfigurationKey("image_size", \.imageSize, "Side of the image in pixels.", range: .from(1, through: 4096)),
    ConfigurationKey(
      "patch_size", \.patchSize, "Side of a place of the first stage in pixels.", range: .from(1, through: 1024)),
    ConfigurationKey(
      "hidden_sizes", \.widths, "Width of each stage; the grid halves from one to the next.",
      range: .each(.from(1, through: 65_536))),
    ConfigurationKey("depths", \.depths, "Layers of each stage.", range: .each(.from(0, through: 1024))),
  ]

  /// Stages that fit each other and the image.
  package func checkRelations(with reader: inout ConfigurationReader) {
    guard (1...8).contains(widths.count) else {
      return reader.require(false, "hidden_sizes", expected: "1 to 8 stages", found: "\(widths.count)")
    }
    reader.require(
      depths.count == widths.count, "depths", "hidden_sizes", expected: "\(widths.count) numbers, one a stage",
      found: "\(depths.count)")
    let step = patchSize << (widths.count - 1)
    reader.require(
      imageSize.isMultiple(of: step), "image_size", "patch_size", "hidden_sizes",
      expected: "a multiple of \(step), patch_size with a halving for each later stage", found: "\(imageSize)")
  }
}
