package import ConfigurationFiles

/// The sizes of a SmolVLM (Idefics3) model that is made from nothing, under the names of its Hugging Face
/// configuration. The defaults are small enough to train on two cores in minutes.
package struct FreshStudentConfiguration: DefaultedSection {
  package var vocabularySize = 2048
  /// Pixel shuffle: this many by this many patches become one image token. The default is 2.
  package var scaleFactor = 2
  package var splitsImages = false
  package var tiesWordEmbeddings = true
  package var text = Text()
  package var vision = Vision()
  /// A base that compares in place of one that writes; the other keys are not read then. The default is none.
  package var matcher: MatcherConfiguration?

  /// The small default model.
  package init() {}

  /// The keys under `student.fresh`.
  package static let keys: [ConfigurationKey<FreshStudentConfiguration>] = [
    // 256 bytes and the special tokens must fit.
    ConfigurationKey(
      "vocab_size", \.vocabularySize, "Tokens of the BPE trained on the run's texts.",
      range: .from(300, through: 1_000_000)),
    ConfigurationKey(
      "scale_factor", \.scaleFactor, "n by n patches become one image token.", range: .from(1, through: 8)),
    ConfigurationKey("do_image_splitting", \.splitsImages, "Cut large images into tiles next to the whole."),
    ConfigurationKey("tie_word_embeddings", \.tiesWordEmbeddings, "Share weights of embedding and output head."),
    ConfigurationKey("text_config", \.text, "The decoder (Llama)."),
    ConfigurationKey("vision_config", \.vision, "The vision tower (SigLIP)."),
    ConfigurationKey(
      "matcher", \.matcher,
      "In place of all these: a tower whose vectors are compared with a sentence model's; it answers by one of two labels."
    ),
  ]

  /// Whole image tokens.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      (vision.imageSize / vision.patchSize).isMultiple(of: scaleFactor),
      "scale_factor", "vision_config.image_size", "vision_config.patch_size",
      expected: "a divisor of image_size / patch_size = \(vision.imageSize / vision.patchSize)",
      found: "\(scaleFactor)")
  }

  /// The sizes of the decoder.
  package struct Text: DefaultedSection {
    package var hiddenSize = 128
    package var intermediateSize = 384
    package var layers = 4
    package var heads = 4
    package var keyValueHeads = 2
    /// Positions that rotary embedding is asked for at most. The default is 2048.
    package var maximumPositions = 2048
    package var ropeTheta = 10_000.0
    package var normEpsilon = 1e-5

    /// A decoder of four layers.
    package init() {}

    /// The keys under `student.fresh.text_config`.
    package static let keys: [ConfigurationKey<Text>] = [
      ConfigurationKey(
        "hidden_size", \.hiddenSize, "Width of the residual stream.", range: .from(1, through: 1_000_000)),
      ConfigurationKey(
        "intermediate_size", \.intermediateSize, "Width of the MLP.", range: .from(1, through: 1_000_000)),
      ConfigurationKey("num_hidden_layers", \.layers, "Layers.", range: .from(1, through: 1000)),
      ConfigurationKey("num_attention_heads", \.heads, "Query heads.", range: .from(1, through: 1024)),
      ConfigurationKey("num_key_value_heads", \.keyValueHeads, "Key and value heads.", range: .from(1, through: 1024)),
      ConfigurationKey(
        "max_position_embeddings", \.maximumPositions, "The most positions.", range: .from(1, through: 1_000_000)),
      ConfigurationKey("rope_theta", \.ropeTheta, "Base of the rotary frequencies.", range: .above(0, through: 1e12)),
      ConfigurationKey(
        "rms_norm_eps", \.normEpsilon, "Added to the mean square in RMSNorm.", range: .above(0, through: 1)),
    ]

    /// Heads that divide the width and one another; rotary positions turn pairs of numbers.
    package func checkRelations(with reader: inout ConfigurationReader) {
      reader.require(
        hiddenSize.isMultiple(of: 2 * heads), "hidden_size", "num_attention_heads",
        expected: "a multiple of 2 x num_attention_heads = \(2 * heads)", found: "\(hiddenSize)")
      reader.require(
        heads.isMultiple(of: keyValueHeads), "num_key_value_heads", "num_attention_heads",
        expected: "a divisor of num_attention_heads = \(heads)", found: "\(keyValueHeads)")
    }
  }

  /// The sizes of the vision tower.
  package struct Vision: DefaultedSection {
    package var hiddenSize = 96
    package var intermediateSize = 384
    package var layers = 4
    /// Heads, a divisor of ``hiddenSize``. The default is 4.
    package var heads = 4
    /// Side of the square image in pixels, a multiple of ``patchSize``. The default is 64.
    package var imageSize = 64
    package var patchSize = 8
    package var normEpsilon = 1e-6

    /// A tower of four layers for images of 64 pixels.
    package init() {}

    /// The keys under `student.fresh.vision_config`.
    package static let keys: [ConfigurationKey<Vision>] = [
      ConfigurationKey("hidden_size", \.hiddenSize, "Width.", range: .from(1, through: 1_000_000)),
      ConfigurationKey(
        "intermediate_size", \.intermediateSize, "Width of the MLP.", range: .from(1, through: 1_000_000)),
      ConfigurationKey("num_hidden_layers", \.layers, "Layers.", range: .from(1, through: 1000)),
      ConfigurationKey("num_attention_heads", \.heads, "Heads.", range: .from(1, through: 1024)),
      ConfigurationKey("image_size", \.imageSize, "Side of the image in pixels.", range: .from(1, through: 4096)),
      ConfigurationKey("patch_size", \.patchSize, "Side of a patch in pixels.", range: .from(1, through: 4096)),
      ConfigurationKey(
        "layer_norm_eps", \.normEpsilon, "Added to the variance in LayerNorm.", range: .above(0, through: 1)),
    ]

    /// Heads that divide the width, patches that fill the image.
    package func checkRelations(with reader: inout ConfigurationReader) {
      reader.require(
        hiddenSize.isMultiple(of: heads), "hidden_size", "num_attention_heads",
        expected: "a multiple of num_attention_heads = \(heads)", found: "\(hiddenSize)")
      reader.require(
        imageSize.isMultiple(of: patchSize), "image_size", "patch_size",
        expected: "a multiple of patch_size = \(patchSize)", found: "\(imageSize)")
    }
  }
}
