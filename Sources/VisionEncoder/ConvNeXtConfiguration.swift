package import Layers

/// The sizes of a ConvNeXt tower, with the keys of its config.json in transformers.
package struct ConvNeXtConfiguration: ModelConfiguration {
  /// The width of each stage; the side of the grid halves from one to the next. The default is 96, 192, 384, 768.
  package var widths = [96, 192, 384, 768]
  /// Layers of each stage. The default is 3, 3, 9, 3.
  package var depths = [3, 3, 9, 3]
  /// The side of an image in pixels, a multiple of ``patchSize`` and all halvings. The default is 224.
  package var imageSize = 224
  /// The side in pixels of a place of the first stage. The default is 4.
  package var patchSize = 4
  /// Added to the variance in the last norm. The default is 1e-12.
  package var epsilon: Float = 1e-12
  /// Inside the MLP. The default is gelu.
  package var activation = Activation.gelu
  /// By what each layer's output is multiplied before training. The default is 1e-6.
  package var layerScale: Float = 1e-6

  /// The defaults of transformers.
  package init() {}

  /// The width of the vector that an image becomes.
  package var width: Int { widths.last ?? 0 }

  package static let fields: [ModelField<ConvNeXtConfiguration>] = [
    .only("model_type", "convnext"),
    ModelField("hidden_sizes", \.widths), ModelField("depths", \.depths),
    .written("num_stages") { $0.widths.count },
    ModelField("image_size", \.imageSize, in: 1...(1 << 14)), ModelField("patch_size", \.patchSize, in: 1...(1 << 10)),
    ModelField("layer_norm_eps", \.epsilon), ModelField("hidden_act", \.activation),
    ModelField("layer_scale_init_value", \.layerScale, in: 0.leastAbove...1),
    .only("num_channels", 3, isWritten: false),
    // Of training alone, and of what reads a stage of the tower.
    .known("drop_path_rate", "out_features", "out_indices", "stage_names", "id2label", "label2id"),
  ]

  /// Stages that fit each other and the image.
  package func complete(from file: ConfigJSON) throws {
    guard (1...8).contains(widths.count), widths.allSatisfy((1...(1 << 16)).contains) else {
      throw file.refusal("hidden_sizes", "hidden_sizes \(widths) must be 1 to 8 widths in 1...65536")
    }
    guard depths.count == widths.count, depths.allSatisfy((0...(1 << 10)).contains) else {
      throw file.refusal("depths", "depths \(depths) must be \(widths.count) numbers of layers in 0...1024")
    }
    if let stages: Int = try file["num_stages"], stages != widths.count {
      throw file.refusal("num_stages", "num_stages \(stages) must be that of the hidden_sizes, \(widths.count)")
    }
    let step = patchSize << (widths.count - 1)
    guard imageSize.isMultiple(of: step) else {
      throw file.refusal(
        "image_size",
        "image_size \(imageSize) must be a multiple of \(step), patch_size with a halving for each later stage")
    }
  }
}

extension Int {
  /// The least number of Float32 above this.
  fileprivate var leastAbove: Float { Float(self).nextUp }
}
