package import Layers

/// The sizes of a Qwen2-VL tower, with the keys of `vision_config` in a model's config.json.
package struct Qwen2VisionConfiguration: Sendable, Equatable, Codable {
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

  enum CodingKeys: String, CodingKey {
    case layers = "depth"
    case embeddingSize = "embed_dim"
    case hiddenSize = "hidden_size"
    case heads = "num_heads"
    case innerRatio = "mlp_ratio"
    case patchSize = "patch_size"
    case mergeSize = "spatial_merge_size"
    case frames = "temporal_patch_size"
    case rope = "rope_parameters"
    case activation = "hidden_act"
    case channels = "in_channels"
    /// The older name of `in_channels`.
    case inChans = "in_chans"
    /// The older name of `patch_size`.
    case spatialPatchSize = "spatial_patch_size"
    case modelType = "model_type"
  }

  private struct Rope: Codable {
    var rope_theta: Double?
    var rope_type = "axial"
  }

  /// Reads `vision_config`; a key that is missing keeps its default, as many do in published files.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this tower does not compute.
  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    func integer(_ key: CodingKeys) throws -> Int? { try keys.decodeIfPresent(Int.self, forKey: key) }
    layers = try integer(.layers) ?? layers
    embeddingSize = try integer(.embeddingSize) ?? embeddingSize
    hiddenSize = try integer(.hiddenSize) ?? hiddenSize
    heads = try integer(.heads) ?? heads
    innerRatio = try keys.decodeIfPresent(Double.self, forKey: .innerRatio) ?? innerRatio
    patchSize = try integer(.patchSize) ?? integer(.spatialPatchSize) ?? patchSize
    mergeSize = try integer(.mergeSize) ?? mergeSize
    frames = try integer(.frames) ?? frames
    ropeBase = try keys.decodeIfPresent(Rope.self, forKey: .rope)?.rope_theta ?? ropeBase
    activation = try keys.decodeIfPresent(Activation.self, forKey: .activation) ?? activation
    let path = decoder.codingPath
    guard innerRatio > 0, innerRatio <= 64, ropeBase > 0, ropeBase.isFinite, (1...(1 << 20)).contains(hiddenSize),
      (1...64).contains(mergeSize), (1...64).contains(frames)
    else {
      throw VisionSizes.refusal(
        "mlp_ratio \(innerRatio), rope_theta \(ropeBase), hidden_size \(hiddenSize), spatial_merge_size \(mergeSize) or "
          + "temporal_patch_size \(frames) is out of range", path)
    }
    try VisionSizes(
      width: embeddingSize, innerWidth: innerSize, layers: layers, heads: heads, patchSize: patchSize,
      channels: integer(.channels) ?? integer(.inChans) ?? 3, epsilon: Qwen2Vision.epsilon
    ).check(path)
    guard embeddingSize / heads % 4 == 0 else {
      throw VisionSizes.refusal("a head of \(embeddingSize / heads) coordinates must have a multiple of 4", path)
    }
  }

  /// Writes the keys that `init(from:)` reads.
  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode("qwen2_vl", forKey: .modelType)
    try keys.encode(layers, forKey: .layers)
    try keys.encode(embeddingSize, forKey: .embeddingSize)
    try keys.encode(hiddenSize, forKey: .hiddenSize)
    try keys.encode(heads, forKey: .heads)
    try keys.encode(innerRatio, forKey: .innerRatio)
    try keys.encode(patchSize, forKey: .patchSize)
    try keys.encode(mergeSize, forKey: .mergeSize)
    try keys.encode(frames, forKey: .frames)
    try keys.encode(Rope(rope_theta: ropeBase), forKey: .rope)
    try keys.encode(activation, forKey: .activation)
  }
}
