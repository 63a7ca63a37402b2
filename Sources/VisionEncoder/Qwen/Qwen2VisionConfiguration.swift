package import Layers

/// The sizes of a Qwen2-VL tower, with the keys of `vision_config` in a model's config.json.
package struct Qwen2VisionConfiguration: QwenTowerConfiguration {
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

  package static let fields: [ModelField<Qwen2VisionConfiguration>] =
    [
      .written("model_type") { _ in "qwen2_vl" },
      ModelField("embed_dim", \.embeddingSize, in: 1...(1 << 20)),
      ModelField("hidden_size", \.hiddenSize, in: 1...(1 << 20)),
      ModelField("mlp_ratio", \.innerRatio, in: .leastNonzeroMagnitude...64),
      ModelField("hidden_act", \.activation),
    ] + sizes

  /// Checks heads and widths.
  package func complete(from file: ConfigJSON) throws {
    try checkModelType(in: file, among: ["qwen2_vl", "qwen2_vl_vision"])
    guard (1...(1 << 20)).contains(innerSize) else {
      throw file.refusal("mlp_ratio", "mlp_ratio \(innerRatio) of embed_dim \(embeddingSize) is out of range")
    }
    try checkHeads(in: file, width: "embed_dim")
  }
}
