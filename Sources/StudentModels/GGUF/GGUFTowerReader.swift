internal import JSON
internal import Tensor

/// Reads the keys of a projector's file, and makes SmolVLM's configuration of them. Each key is read, is known to leave the
/// arithmetic as it is, or stops the load.
struct GGUFTowerReader {
  let file: Tensor.GGUFFile

  private static let known: Set<String> = [
    "has_vision_encoder", "has_text_encoder", "has_llava_projector", "has_qwen2vl_merger", "projector_type", "use_gelu",
    "use_silu", "vision.projector_type", "vision.image_size", "vision.patch_size", "vision.embedding_length",
    "vision.feed_forward_length", "vision.projection_dim", "vision.block_count", "vision.image_mean",
    "vision.image_std",
    "vision.attention.head_count", "vision.attention.layer_norm_epsilon", "vision.projector.scale_factor",
    "vision.preproc_image_size", "vision.spatial_merge_size", "vision.image_min_pixels", "vision.image_max_pixels",
  ]

  /// Those that one kind alone has.
  private static func known(of kind: GGUFProjector.Kind) -> Set<String> {
    switch kind {
    case .idefics3, .qwen2VL: []
    case .qwen25VL: ["vision.n_wa_pattern", "vision.window_size"]
    case .qwen3VL: ["vision.is_deepstack_layers"]
    }
  }

  init(_ file: Tensor.GGUFFile, of kind: GGUFProjector.Kind) throws {
    self.file = file
    let known = Self.known.union(Self.known(of: kind))
    for key in file.keys where key.hasPrefix("clip.") && !known.contains(String(key.dropFirst(5))) {
      guard try key == "clip.has_audio_encoder" && file.bool(key) == false else {
        throw file.unsupported(key, expected: "no such key, since what it asks for is not computed here", found: "it")
      }
    }
  }

  func number(_ name: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
    let key = "clip.vision.\(name)"
    guard let value = try file.integer(key) ?? fallback, range.contains(value) else {
      throw file.invalid(
        key, expected: "\(range.lowerBound) to \(range.upperBound)",
        found: try file.integer(key).map { "\($0)" } ?? "no such key")
    }
    return value
  }

  /// Stops the load where a tensor has other extents than those of the metadata.
  func demand(_ tensor: String, _ shape: [Int]) throws {
    let found = file.shape(of: tensor)
    guard found == shape else {
      throw file.invalid(
        "tensor \"\(tensor)\"", expected: "\(shape), by the keys of clip.vision", found: found.map { "\($0)" } ?? "none"
      )
    }
    try file.demand(tensor)
  }

  /// What a layer's MLP has between its matrices.
  func activation() throws -> String {
    if try file.bool("clip.use_gelu") == true { return "gelu_pytorch_tanh" }
    return try file.bool("clip.use_silu") == true ? "silu" : "quick_gelu"
  }

  /// Width, heads, layers, inner width and side of a patch: what the file does not hold takes no memory.
  func sizes() throws -> (width: Int, heads: Int, layers: Int, inner: Int, patch: Int) {
    let width = try number("embedding_length", in: 1...(1 << 20))
    let heads = try number("attention.head_count", in: 1...(1 << 12))
    let layers = try number("block_count", in: 0...(1 << 12))
    let patch = try number("patch_size", in: 1...(1 << 10))
    try demand("v.patch_embd.weight", [width, 3, patch, patch])
    for layer in 0..<layers {
      try demand("v.blk.\(layer).ln1.weight", [width])
      try demand("v.blk.\(layer).attn_out.weight", [width, width])
    }
    // Some converters write the key of another width; the matrix is as wide as it is.
    let weights = GGUFTowerWeights(file)
    guard layers > 0 else {
      return (width, heads, 0, try number("feed_forward_length", in: 1...(1 << 20), default: width), patch)
    }
    guard let inner = weights.shape(of: "v.blk.0.ffn_up.weight")?.first, inner > 0 else {
      throw file.invalid("tensor \"v.blk.0.ffn_up.weight\"", expected: "a matrix", found: "none")
    }
    for layer in 0..<layers {
      guard weights.shape(of: "v.blk.\(layer).ffn_up.weight") == [inner, width] else {
        throw file.invalid(
          "tensor \"v.blk.\(layer).ffn_up.weight\"", expected: "\([inner, width])",
          found: weights.shape(of: "v.blk.\(layer).ffn_up.weight").map { "\($0)" } ?? "none")
      }
    }
    return (width, heads, layers, inner, patch)
  }

  func epsilon() throws -> Float {
    let key = "clip.vision.attention.layer_norm_epsilon"
    guard let value = try file.float(key), value.isFinite, value >= 0 else {
      throw file.invalid(key, expected: "a number from 0 on", found: "none, or another")
    }
    return value
  }

  /// Means and deviations of the pixels' colours.
  func scaling() throws -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("do_convert_rgb", true), .init("do_resize", true), .init("do_rescale", true),
      .init("rescale_factor", .number("\(1.0 / 255)")), .init("do_normalize", true),
    ]
    for name in ["image_mean", "image_std"] {
      let key = "clip.vision.\(name)"
      guard let values = try file.floats(key), values.count == 3, values.allSatisfy(\.isFinite) else {
        throw file.invalid(key, expected: "three numbers", found: "others")
      }
      members.append(.init(name, .array(values.map { .number("\($0)") })))
    }
    return members
  }

  /// The side of a tile and of a patch in pixels, patches along a tile's side, and how many of them become one feature.
  func idefics3Sizes() throws -> (image: Int, side: Int, factor: Int) {
    let image = try number("image_size", in: 1...(1 << 14))
    let patch = try number("patch_size", in: 1...(1 << 10))
    let factor = try number("projector.scale_factor", in: 1...(1 << 10))
    // Pixels of the last rows and columns that make no patch are not seen.
    guard image >= patch, image / patch % factor == 0 else {
      throw file.invalid(
        "clip.vision.image_size",
        expected: "whole patches of \(patch) pixels along a tile's side, their number a multiple of \(factor)",
        found: "\(image)")
    }
    return (image, image / patch, factor)
  }

  /// `vision_config` and `scale_factor`.
  func idefics3(textWidth: Int) throws -> (tower: JSONValue, factor: Int) {
    let (width, heads, layers, inner, patch) = try sizes()
    let (image, side, factor) = try idefics3Sizes()
    try demand("v.position_embd.weight", [side * side, width])
    try demand("mm.model.fc.weight", [textWidth, width * factor * factor])
    let tower = JSONValue.object([
      .init("model_type", "idefics3_vision"), .init("hidden_size", .number("\(width)")),
      .init("intermediate_size", .number("\(inner)")), .init("num_hidden_layers", .number("\(layers)")),
      .init("num_attention_heads", .number("\(heads)")), .init("image_size", .number("\(image)")),
      .init("patch_size", .number("\(patch)")), .init("layer_norm_eps", .number("\(try epsilon())")),
      .init("hidden_act", .string(try activation())),
    ])
    return (tower, factor)
  }

  /// preprocessor_config.json: an image is made as long as the file says and cut into tiles.
  func idefics3Processor() throws -> JSONValue {
    let image = try idefics3Sizes().image
    // Files of early converters do not say, and SmolVLM's own processors have four tiles.
    let longest = try number("preproc_image_size", in: 1...1_000_000, default: 4 * image)
    func edge(_ side: Int) -> JSONValue { .object([.init("longest_edge", .number("\(side)"))]) }
    return .object(
      [
        .init("image_processor_type", "Idefics3ImageProcessor"), .init("size", edge(longest)),
        .init("max_image_size", edge(image)), .init("do_image_splitting", true), .init("do_pad", true),
        .init("resample", .number("1")),
      ] + (try scaling()))
  }
}
