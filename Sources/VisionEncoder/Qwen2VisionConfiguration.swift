package import Layers

/// The sizes of a Qwen2-VL tower, with the keys of `vision_config` in a model's config.json.
package struct Qwen2VisionConfiguration: ModelConfiguration {
  /// Transformer layers (`depth`). The default is 32.
  package var layers = 32
  /// The width inside of the tower (`embed_dim`). The default is 1280.
  package var embeddingSize = 1280
  /// The width of a feature, the decoder's (`hidden_size`). The default is 3584.
  package var hiddenSize = 3584
  /// Attention heads (`num_heads`). The default is 16.
  package var heads = 16
  /// The inner width of the MLP by that of the tower (`mlp_ratio`). The default is 4.
  package var innerRatio = 4.0
  /// The side of a patch in pixels (`patch_size`). The default is 14.
  package var patchSize = 14
  /// Patches along each side that become one feature (`spatial_merge_size`). The default is 2.
  package var mergeSize = 2
  /// Frames that a patch spans (`temporal_patch_size`). The default is 2.
  package var frames = 2
  /// The base of the rotary positions. The default is 10,000.
  package var ropeBase = 10_000.0
  /// Inside the MLP. The default is quick_gelu.
  package var activation = Activation.geluQuick

  /// The defaults of transformers.
  package init() {}

  /// The inner width of the MLP.
  package var innerSize: Int { Int(Double(embeddingSize) * innerRatio) }
  /// Numbers of one patch.
  package var patchValues: Int { 3 * frames * patchSize * patchSize }

  package static let fields: [ModelField<Qwen2VisionConfiguration>] = [
    .written("model_type") { _ in "qwen2_vl" },
    ModelField("depth", \.layers, in: 0...(1 << 12)),
    ModelField("embed_dim", \.embeddingSize, in: 1...(1 << 20)),
    ModelField("hidden_size", \.hiddenSize, in: 1...(1 << 20)),
    ModelField("num_heads", \.heads, in: 1...(1 << 12)),
    ModelField("mlp_ratio", \.innerRatio, in: .leastNonzeroMagnitude...64),
    // Older files have the second names.
    ModelField("patch_size", or: "spatial_patch_size", \.patchSize, in: 1...(1 << 10)),
    ModelField("spatial_merge_size", \.mergeSize, in: 1...64),
    ModelField("temporal_patch_size", \.frames, in: 1...64),
    ModelField("rope_parameters", \.rope),
    ModelField("hidden_act", \.activation),
    .only("in_channels", 3, isWritten: false), .only("in_chans", 3, isWritten: false),
    .known("tie_word_embeddings"),
  ]

  private struct Rope: Codable {
    var rope_theta: Double?
    var rope_type = "axial"
  }

  private var rope: Rope {
    get { Rope(rope_theta: ropeBase) }
    set { ropeBase = newValue.rope_theta ?? ropeBase }
  }

  /// Checks the rotary positions, which turn pairs of a head's coordinates by row and column, and the widths.
  package func complete(from file: ConfigJSON) throws {
    if let type: String = try file["model_type"], !["qwen2_vl", "qwen2_vl_vision"].contains(type) {
      throw file.refusal("model_type", "model_type \"\(type)\" is no tower of this family; qwen2_vl_vision is")
    }
    guard ropeBase > 0, ropeBase.isFinite else {
      throw file.refusal("rope_parameters", "rope_theta \(ropeBase) must be more than 0")
    }
    guard (1...(1 << 20)).contains(innerSize) else {
      throw file.refusal("mlp_ratio", "mlp_ratio \(innerRatio) of embed_dim \(embeddingSize) is out of range")
    }
    try file.requireWholeHeads("embed_dim", embeddingSize, "num_heads", heads)
    guard embeddingSize / heads % 4 == 0 else {
      throw file.refusal("num_heads", "a head of \(embeddingSize / heads) coordinates must have a multiple of 4")
    }
  }
}
