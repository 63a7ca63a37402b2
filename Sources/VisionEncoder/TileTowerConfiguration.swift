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
      ModelField("image_size", \.imageSide, in: SquareSide(1)...SquareSide(1 << 14)),
      ModelField("patch_size", \.patchSide, in: SquareSide(1)...SquareSide(1 << 10)),
      ModelField("layer_norm_eps", \.epsilon), ModelField("hidden_act", \.activation),
      .only("num_channels", 3, isWritten: false), .known("tie_word_embeddings"),
    ]
  }

  private var imageSide: SquareSide {
    get { SquareSide(imageSize) }
    set { imageSize = newValue.length }
  }
  private var patchSide: SquareSide {
    get { SquareSide(patchSize) }
    set { patchSize = newValue.length }
  }

  /// Whole patches along one side of a tile.
  package var side: Int { imageSize / patchSize }

  /// Heads that divide the width, a patch that fits into the tile.
  package func complete(from file: ConfigJSON) throws { try checkSizes(file) }

  /// - Throws: `DecodingError` where heads do not divide the width, or no patch fits into the tile.
  func checkSizes(_ file: ConfigJSON) throws {
    try file.requireWholeHeads("hidden_size", hiddenSize, "num_attention_heads", heads)
    guard imageSize >= patchSize else {
      throw file.refusal("image_size", "image_size \(imageSize) must be at least patch_size \(patchSize)")
    }
  }

  /// - Precondition: pixels [tiles, 3, image size, image size].
  func check(_ pixels: [Int]) {
    precondition(
      pixels.count == 4 && pixels[2] == imageSize && pixels[3] == imageSize,
      "pixels \(pixels) for tiles of \(imageSize) x \(imageSize)")
  }
}

/// The side of a square, in files that say it once and in those that say height and width.
private struct SquareSide: Codable, Comparable, CustomStringConvertible {
  let length: Int

  init(_ length: Int) { self.length = length }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    guard let both = try? value.decode([Int].self) else {
      length = try value.decode(Int.self)
      return
    }
    guard both.count == 2, both[0] == both[1] else {
      throw DecodingError.dataCorruptedError(in: value, debugDescription: "\(both) is not computed here; a square is")
    }
    length = both[0]
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(length)
  }

  static func < (a: SquareSide, b: SquareSide) -> Bool { a.length < b.length }

  var description: String { "\(length)" }
}
