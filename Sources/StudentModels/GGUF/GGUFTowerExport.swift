internal import Foundation
internal import ImageDecoding
internal import LanguageModel
internal import Layers
internal import Tensor
internal import VisionEncoder

extension FamilyStudent {
  /// The layers of Qwen3-VL's tower that give a feature further levels; nil in other families.
  var deepLayers: [Int]? { (model.configuration as? Qwen3VLConfiguration)?.vision.deepLayers }

  /// The metadata of the file with the tower; nil for a student that reads text alone.
  ///
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` of a tower, or of a way of cutting images, that such files have
  ///   no place for.
  func ggufTower(
    _ url: URL, _ type: Tensor.GGUFFile.ElementType
  ) throws -> [(key: String, value: Tensor.GGUFFile.Metadatum)]? {
    var keys = GGUFTowerKeys(path: url.path, type: type, projectionSize: decoder.hiddenSize)
    switch model.configuration {
    case is TextDecoderConfiguration: return nil
    case let c as SmolVLMConfiguration:
      guard let processor = processor as? Idefics3ImageProcessor else {
        throw keys.fault("its image processor", "none")
      }
      try keys.add(c, processor.configuration)
    case let c as any QwenVLConfiguration:
      guard let processor = processor as? Qwen2VLImageProcessor else { throw keys.fault("its image processor", "none") }
      try keys.add(c, processor.configuration)
    default:
      let type = Model.Configuration.modelTypes.first ?? "another"
      throw keys.fault("a decoder that reads text alone, SmolVLM, or one from Qwen2-VL to Qwen3-VL", type)
    }
    return keys.metadata
  }
}

/// The keys of the file with a tower.
private struct GGUFTowerKeys {
  private let path: String
  private(set) var metadata: [(key: String, value: Tensor.GGUFFile.Metadatum)]

  init(path: String, type: Tensor.GGUFFile.ElementType, projectionSize: Int) {
    self.path = path
    metadata = [
      ("general.architecture", .text("clip")), ("general.type", .text("mmproj")),
      ("general.file_type", .count(type.fileType)), ("general.quantization_version", .count(2)),
      ("clip.has_vision_encoder", .flag(true)),
    ]
    add("projection_dim", projectionSize)
  }

  func fault(_ expected: String, _ found: String) -> StudentError {
    .unusableFile(path, expected: expected, found: found)
  }

  private mutating func add(_ key: String, _ count: Int) {
    metadata.append(("clip.vision.\(key)", .count(UInt32(clamping: count))))
  }

  private mutating func add(
    image: Int, patch: Int, width: Int, inner: Int, layers: Int, heads: Int, epsilon: Float
  ) {
    add("image_size", image)
    add("patch_size", patch)
    add("embedding_length", width)
    add("feed_forward_length", inner)
    add("block_count", layers)
    add("attention.head_count", heads)
    metadata.append(("clip.vision.attention.layer_norm_epsilon", .number(epsilon)))
  }

  /// What a layer's MLP has between its matrices: one of two flags, or neither.
  private mutating func add(_ activation: Activation) throws {
    switch activation {
    case .geluTanh: metadata.append(("clip.use_gelu", .flag(true)))
    case .silu: metadata.append(("clip.use_silu", .flag(true)))
    case .geluQuick: break
    case .gelu, .relu:
      throw fault("a tower with gelu_pytorch_tanh, quick_gelu or silu, which such files name", activation.rawValue)
    }
  }

  private mutating func add(_ scaling: PixelScaling, _ filter: ResamplingFilter, expected: ResamplingFilter) throws {
    guard scaling.normalizes, let factor = scaling.factor, abs(factor * 255 - 1) < 1e-9, filter == expected else {
      throw fault(
        "images resized by \(expected) and scaled by 1/255, a mean and a deviation, as such files mean it",
        "\(filter), \(scaling.factor ?? 1)\(scaling.normalizes ? "" : ", neither mean nor deviation")")
    }
    metadata.append(("clip.vision.image_mean", .numbers(scaling.mean.map { Float($0) })))
    metadata.append(("clip.vision.image_std", .numbers(scaling.deviation.map { Float($0) })))
  }

  mutating func add(_ c: SmolVLMConfiguration, _ images: Idefics3ImageProcessor.Configuration) throws {
    metadata.append(("clip.projector_type", .text(GGUFProjector.Kind.idefics3.rawValue)))
    let v = c.vision
    add(
      image: v.imageSize, patch: v.patchSize, width: v.hiddenSize, inner: v.intermediateSize, layers: v.layers,
      heads: v.heads, epsilon: v.epsilon)
    try add(v.activation)
    add("projector.scale_factor", c.scaleFactor)
    guard case .longestEdge(let longest)? = images.size, images.splits || longest <= v.imageSize else {
      throw fault(
        "images that are resized by their longest edge and cut into tiles, or no longer than a tile, as such files mean it",
        "another size, or do_image_splitting off")
    }
    add("preproc_image_size", longest)
    try add(images.scaling, images.filter, expected: .lanczos)
  }

  mutating func add(_ c: some QwenVLConfiguration, _ images: Qwen2VLImageProcessor.Configuration) throws {
    let v = c.vision
    guard v.frames == 2, v.ropeBase == 10_000 else {
      throw fault("patches of 2 frames and positions on a base of 10000", "\(v.frames) and \(v.ropeBase)")
    }
    // Images have any size; the number is that of llama.cpp's converter, which of Qwen3-VL is that of the table's places.
    var side = 560
    switch v {
    case let v as Qwen2VisionConfiguration:
      metadata.append(("clip.projector_type", .text(GGUFProjector.Kind.qwen2VL.rawValue)))
      try add(v.activation)
    case let v as Qwen25VisionConfiguration:
      metadata.append(("clip.projector_type", .text(GGUFProjector.Kind.qwen25VL.rawValue)))
      try add(.silu)
      guard v.windowSize == GGUFTowerReader.windowSide else {
        throw fault("windows of \(GGUFTowerReader.windowSide) pixels, as such files mean it", "\(v.windowSize)")
      }
      // More than there are layers where none sees the whole image.
      let whole = Set(v.wholeLayers)
      let every = (1...(v.layers + 1)).first { every in
        (0..<v.layers).allSatisfy { whole.contains($0) == (($0 + 1) % every == 0) }
      }
      guard let every else {
        throw fault("a tower of which each layer of so many sees the whole image", "layers \(v.wholeLayers)")
      }
      add("n_wa_pattern", every)
    case let v as Qwen3VisionConfiguration:
      metadata.append(("clip.projector_type", .text(GGUFProjector.Kind.qwen3VL.rawValue)))
      try add(v.activation)
      metadata.append(("clip.vision.is_deepstack_layers", .flags((0..<v.layers).map(v.deepLayers.contains))))
      side = v.side * v.patchSize
    default: throw fault("a tower of Qwen2-VL, Qwen2.5-VL or Qwen3-VL", "\(type(of: v))")
    }
    add(
      image: side, patch: v.patchSize, width: v.embeddingSize, inner: v.innerSize, layers: v.layers, heads: v.heads,
      epsilon: 1e-6)
    add("spatial_merge_size", v.mergeSize)
    add("image_min_pixels", images.minimumPixels)
    add("image_max_pixels", images.maximumPixels)
    try add(images.scaling, images.filter, expected: .bicubic)
  }
}
