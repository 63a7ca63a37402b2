package import Layers

/// The sizes of a CLIP tower, with the keys of `vision_config` in a model's config.json.
public struct CLIPConfiguration: Sendable, Equatable, Codable {
  /// The width of a row. The default is 768.
  public var hiddenSize = 768
  /// The inner width of the MLP. The default is 3072.
  package var intermediateSize = 3072
  /// Transformer layers. The default is 12.
  public var layers = 12
  /// Attention heads; divides ``hiddenSize``. The default is 12.
  public var heads = 12
  /// The side of a tile in pixels. The default is 224.
  public var imageSize = 224
  /// The side of a patch in pixels; divides ``imageSize``. The default is 32.
  public var patchSize = 32
  /// Added to variances. The default is 1e-5.
  package var epsilon: Float = 1e-5
  /// Inside the MLP. The default is quick_gelu.
  package var activation = Activation.geluQuick

  /// The defaults of transformers.
  public init() {}

  /// Patches along one side of a tile.
  package var side: Int { imageSize / patchSize }

  enum CodingKeys: String, CodingKey {
    case hiddenSize = "hidden_size"
    case intermediateSize = "intermediate_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case epsilon = "layer_norm_eps"
    case activation = "hidden_act"
    case modelType = "model_type"
    case channels = "num_channels"
  }

  /// Reads `vision_config`; a key that is missing keeps its default.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this tower does not compute.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    let type = try keys.decodeIfPresent(String.self, forKey: .modelType) ?? "clip_vision_model"
    guard type == "clip_vision_model" else {
      throw DecodingError.dataCorruptedError(
        forKey: .modelType, in: keys, debugDescription: "a tower \"\(type)\" is not read here; clip_vision_model is")
    }
    hiddenSize = try keys.decodeIfPresent(Int.self, forKey: .hiddenSize) ?? hiddenSize
    intermediateSize = try keys.decodeIfPresent(Int.self, forKey: .intermediateSize) ?? intermediateSize
    layers = try keys.decodeIfPresent(Int.self, forKey: .layers) ?? layers
    heads = try keys.decodeIfPresent(Int.self, forKey: .heads) ?? heads
    imageSize = try keys.decodeIfPresent(Int.self, forKey: .imageSize) ?? imageSize
    patchSize = try keys.decodeIfPresent(Int.self, forKey: .patchSize) ?? patchSize
    epsilon = try keys.decodeIfPresent(Float.self, forKey: .epsilon) ?? epsilon
    activation = try keys.decodeIfPresent(Activation.self, forKey: .activation) ?? activation
    let channels = try keys.decodeIfPresent(Int.self, forKey: .channels) ?? 3
    try VisionSizes(
      width: hiddenSize, innerWidth: intermediateSize, layers: layers, heads: heads, patchSize: patchSize,
      channels: channels, epsilon: epsilon
    ).check(decoder.codingPath)
    try VisionSizes.check(imageSize: imageSize, patchSize: patchSize, decoder.codingPath)
  }

  /// Writes the keys that `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode("clip_vision_model", forKey: .modelType)
    try keys.encode(hiddenSize, forKey: .hiddenSize)
    try keys.encode(intermediateSize, forKey: .intermediateSize)
    try keys.encode(layers, forKey: .layers)
    try keys.encode(heads, forKey: .heads)
    try keys.encode(imageSize, forKey: .imageSize)
    try keys.encode(patchSize, forKey: .patchSize)
    try keys.encode(epsilon, forKey: .epsilon)
    try keys.encode(activation, forKey: .activation)
  }
}
