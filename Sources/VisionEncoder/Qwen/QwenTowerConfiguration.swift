package import Layers

/// The sizes of a tower of Qwen-VL, with the keys of `vision_config` in a model's config.json.
package protocol QwenTowerConfiguration: ModelConfiguration {
  /// Transformer layers (`depth`).
  var layers: Int { get set }
  /// The width inside of the tower.
  var embeddingSize: Int { get set }
  /// The width of a feature, the decoder's.
  var hiddenSize: Int { get set }
  /// Attention heads (`num_heads`).
  var heads: Int { get set }
  /// The inner width of the MLP.
  var innerSize: Int { get }
  /// The side of a patch in pixels (`patch_size`).
  var patchSize: Int { get set }
  /// Patches along each side that become one feature (`spatial_merge_size`).
  var mergeSize: Int { get set }
  /// Frames that a patch spans (`temporal_patch_size`).
  var frames: Int { get set }
  /// The base of the rotary positions.
  var ropeBase: Double { get set }
  /// Matrices of a layer's MLP: 3 where it is gated.
  static var innerMatrices: Int { get }
  /// Weights of mergers and of tables, besides the layers and the patches' map.
  var otherWeights: Int { get }
}

extension QwenTowerConfiguration {
  package static var innerMatrices: Int { 2 }
  package var otherWeights: Int { mergerWeights }

  /// Numbers of one patch.
  package var patchValues: Int { 3 * frames * patchSize * patchSize }
  /// The width of the patches that become one feature.
  package var mergedSize: Int { embeddingSize * mergeSize * mergeSize }
  /// Weights of one merger.
  var mergerWeights: Int { mergedSize * (mergedSize + hiddenSize) }

  /// The keys that all have.
  static var sizes: [ModelField<Self>] {
    [
      ModelField("depth", \.layers, in: 0...(1 << 12)),
      ModelField("num_heads", \.heads, in: 1...(1 << 12)),
      // Older files have the second names.
      ModelField("patch_size", or: "spatial_patch_size", \.patchSize, in: 1...(1 << 10)),
      ModelField("spatial_merge_size", \.mergeSize, in: 1...64),
      ModelField("temporal_patch_size", \.frames, in: 1...64),
      ModelField("rope_parameters", \.rope),
      .only("in_channels", 3, isWritten: false), .only("in_chans", 3, isWritten: false),
      .known("tie_word_embeddings"),
    ]
  }

  fileprivate var rope: AxialRope {
    get { AxialRope(rope_theta: ropeBase) }
    set { ropeBase = newValue.rope_theta ?? ropeBase }
  }

  /// - Throws: `DecodingError` where the file is another tower's.
  func checkModelType(in file: ConfigJSON, among types: [String]) throws {
    guard let type: String = try file["model_type"], !types.contains(type) else { return }
    throw file.refusal("model_type", "model_type \"\(type)\" is no tower of this family; \(types[1]) is")
  }

  /// Checks the rotary positions, which turn pairs of a head's coordinates by row and column.
  ///
  /// - Parameter key: what the file calls the width.
  func checkHeads(in file: ConfigJSON, width key: String) throws {
    guard ropeBase > 0, ropeBase.isFinite else {
      throw file.refusal("rope_parameters", "rope_theta \(ropeBase) must be more than 0")
    }
    try file.requireWholeHeads(key, embeddingSize, "num_heads", heads)
    guard embeddingSize / heads % 4 == 0 else {
      throw file.refusal("num_heads", "a head of \(embeddingSize / heads) coordinates must have a multiple of 4")
    }
  }
}

/// `rope_parameters` of a tower.
private struct AxialRope: Codable {
  var rope_theta: Double?
  var rope_type = "axial"
}
