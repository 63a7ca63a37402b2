package import Layers

/// The sizes of a CLIP tower, with the keys of `vision_config` in a model's config.json.
public struct CLIPConfiguration: TileTowerConfiguration {
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
  /// The side of a patch in pixels; what is left of ``imageSize`` beside whole patches is not read. The default is 32.
  public var patchSize = 32
  /// Added to variances. The default is 1e-5.
  package var epsilon: Float = 1e-5
  /// Inside the MLP. The default is quick_gelu.
  package var activation = Activation.geluQuick

  /// The defaults of transformers.
  public init() {}

  package static let fields: [ModelField<CLIPConfiguration>] =
    // Of the projection into the space that CLIP shares with texts, which is not computed.
    [.only("model_type", "clip_vision_model"), .known("projection_dim", "vocab_size")] + sizes
}
