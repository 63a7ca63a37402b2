package import Layers

/// The sizes of a tower that reads square tiles of one size, as CLIP's and SigLIP's do.
package protocol TileTowerConfiguration: ModelConfiguration {
  var hiddenSize: Int { get set }
  var intermediateSize: Int { get set }
  var layers: Int { get set }
  var heads: Int { get set }
  var imageSize: Int { get set }
  var patchSize: Int { get set }
  var epsilon: Float { get set }
  var activation: Activation { get set }
}

extension TileTowerConfiguration {
  /// The keys that both have.
  package static var sizes: [ModelField<Self>] {
    [
      ModelField("hidden_size", \.hiddenSize, in: 1...(1 << 20)),
      ModelField("intermediate_size", \.intermediateSize, in: 1...(1 << 20)),
      ModelField("num_hidden_layers", \.layers, in: 0...(1 << 12)),
      ModelField("num_attention_heads", \.heads, in: 1...(1 << 12)),
      ModelField("image_size", \.imageSize, in: 1...(1 << 14)),
      ModelField("patch_size", \.patchSize, in: 1...(1 << 10)),
      ModelField("layer_norm_eps", \.epsilon), ModelField("hidden_act", \.activation),
      .only("num_channels", 3, isWritten: false), .known("tie_word_embeddings"),
    ]
  }

  /// Patches along one side of a tile.
  package var side: Int { imageSize / patchSize }

  /// Heads that divide the width, patches that fill the tile.
  package func complete(from file: ConfigJSON) throws { try checkSizes(file) }

  /// - Throws: `DecodingError` where heads do not divide the width, or patches do not fill the tile.
  func checkSizes(_ file: ConfigJSON) throws {
    try file.requireWholeHeads("hidden_size", hiddenSize, "num_attention_heads", heads)
    guard imageSize % patchSize == 0 else {
      throw file.refusal("image_size", "image_size \(imageSize) must be a multiple of patch_size \(patchSize)")
    }
  }

  /// - Precondition: pixels [tiles, 3, image size, image size].
  func check(_ pixels: [Int]) {
    precondition(
      pixels.count == 4 && pixels[2] == imageSize && pixels[3] == imageSize,
      "pixels \(pixels) for tiles of \(imageSize) x \(imageSize)")
  }
}
