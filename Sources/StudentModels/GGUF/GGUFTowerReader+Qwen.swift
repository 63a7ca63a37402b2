internal import JSON
internal import Tensor

/// The towers of Qwen2-VL and its successors.
extension GGUFTowerReader {
  /// What their towers share: the parts whose values are the same in all, and the sizes.
  private struct Qwen {
    let width: Int
    let layers: Int
    let inner: Int
    /// The width of the patches that become a feature.
    let merged: Int
    /// Heads, and the sizes of patches and of the blocks that become a feature.
    let shared: [JSONValue.Member]
  }

  private func qwen(textWidth: Int) throws -> Qwen {
    let (width, heads, layers, inner, patch) = try sizes()
    try demand("v.patch_embd.weight.1", [width, 3, patch, patch])
    let merge = try number("spatial_merge_size", in: 1...64, default: 2)
    let merged = width * merge * merge
    try demand("mm.0.weight", [merged, merged])
    try demand("mm.2.weight", [textWidth, merged])
    guard try epsilon() == 1e-6 else {
      throw file.unsupported(
        "clip.vision.attention.layer_norm_epsilon", expected: "1e-06", found: "\(try epsilon())")
    }
    return Qwen(
      width: width, layers: layers, inner: inner, merged: merged,
      shared: [
        .init("depth", .number("\(layers)")), .init("num_heads", .number("\(heads)")),
        .init("patch_size", .number("\(patch)")), .init("spatial_merge_size", .number("\(merge)")),
        .init("temporal_patch_size", .number("2")),
      ])
  }

  /// `vision_config` of Qwen2-VL.
  func qwen2VL(textWidth: Int) throws -> JSONValue {
    let tower = try qwen(textWidth: textWidth)
    // The ratio of which the whole part is the inner width.
    var ratio = Double(tower.inner) / Double(tower.width)
    while Int(Double(tower.width) * ratio) < tower.inner { ratio = ratio.nextUp }
    return .object(
      [
        .init("model_type", "qwen2_vl"), .init("embed_dim", .number("\(tower.width)")),
        .init("hidden_size", .number("\(textWidth)")), .init("mlp_ratio", .number("\(ratio)")),
        .init("hidden_act", .string(try activation())),
      ] + tower.shared)
  }

  /// `vision_config` of Qwen2.5-VL, whose files say after how many layers one sees the whole image; windows have 112 pixels
  /// where they do not say.
  func qwen25VL(textWidth: Int) throws -> JSONValue {
    let tower = try qwen(textWidth: textWidth)
    guard try activation() == "silu" else {
      throw file.unsupported("clip.use_silu", expected: "true", found: "an MLP with \(try activation())")
    }
    for layer in 0..<tower.layers { try demand("v.blk.\(layer).ffn_gate.weight", [tower.inner, tower.width]) }
    let every = try number("n_wa_pattern", in: 0...(1 << 20))
    let whole = (0..<tower.layers).filter { every == 0 || ($0 + 1) % every == 0 }
    return .object(
      [
        .init("model_type", "qwen2_5_vl"), .init("hidden_size", .number("\(tower.width)")),
        .init("out_hidden_size", .number("\(textWidth)")), .init("intermediate_size", .number("\(tower.inner)")),
        .init("window_size", .number("\(try number("window_size", in: 1...(1 << 20), default: Self.windowSide))")),
        .init("fullatt_block_indexes", .array(whole.map { .number("\($0)") })), .init("hidden_act", "silu"),
      ] + tower.shared)
  }

  /// `vision_config` of Qwen3-VL, whose table of positions is a square.
  ///
  /// - Parameter levels: further levels of a feature, as the decoder's file says; nil where it does not say.
  func qwen3VL(textWidth: Int, levels: Int?) throws -> JSONValue {
    let tower = try qwen(textWidth: textWidth)
    let table = file.shape(of: "v.position_embd.weight") ?? []
    let side = Int(Double(table.first ?? 0).squareRoot())
    guard table == [side * side, tower.width], (1...(1 << 10)).contains(side) else {
      throw file.invalid(
        "tensor \"v.position_embd.weight\"", expected: "a square of rows of \(tower.width), by the keys of clip.vision",
        found: table.isEmpty ? "none" : "\(table)")
    }
    try demand("v.position_embd.weight", table)
    let deep = GGUFTowerWeights(file).deepLayers
    if let beyond = deep.last, beyond >= tower.layers {
      throw file.invalid(
        "tensors \"v.deepstack.\(beyond)\"", expected: "one of \(tower.layers) layers", found: "\(beyond)")
    }
    for layer in deep {
      try demand("v.deepstack.\(layer).fc1.weight", [tower.merged, tower.merged])
      try demand("v.deepstack.\(layer).fc2.weight", [textWidth, tower.merged])
    }
    let key = "clip.vision.is_deepstack_layers"
    if let flags = try file.bools(key), flags != (0..<tower.layers).map(deep.contains) {
      throw file.invalid(
        key, expected: "layers \(deep), by the tensors", found: "layers \(flags.indices.filter { flags[$0] })")
    }
    guard levels == nil || levels == deep.count else {
      throw file.invalid(
        "tensors \"v.deepstack\"", expected: "\(levels ?? 0) of them, by \(GGUFProjector.levels) of the decoder's file",
        found: "\(deep.count)")
    }
    return .object(
      [
        .init("model_type", "qwen3_vl_vision"), .init("hidden_size", .number("\(tower.width)")),
        .init("out_hidden_size", .number("\(textWidth)")), .init("intermediate_size", .number("\(tower.inner)")),
        .init("num_position_embeddings", .number("\(side * side)")),
        .init("deepstack_visual_indexes", .array(deep.map { .number("\($0)") })),
        .init("hidden_act", .string(try activation())),
      ] + tower.shared)
  }

  /// The side of a window in pixels where a file does not say.
  static let windowSide = 112

  /// preprocessor_config.json; where the file does not bound images llama.cpp's bounds hold, 8 to 4,096 features.
  func qwenProcessor() throws -> JSONValue {
    let patch = try number("patch_size", in: 1...256)
    let merge = try number("spatial_merge_size", in: 1...64, default: 2)
    let feature = patch * merge * patch * merge
    let most = 4096 * 4096
    let largest = try number("image_max_pixels", in: 1...most, default: min(most, 4096 * feature))
    let least = try number("image_min_pixels", in: 1...largest, default: min(largest, 8 * feature))
    return .object(
      [
        .init("image_processor_type", "Qwen2VLImageProcessor"), .init("min_pixels", .number("\(least)")),
        .init("max_pixels", .number("\(largest)")), .init("patch_size", .number("\(patch)")),
        .init("merge_size", .number("\(merge)")), .init("temporal_patch_size", .number("2")),
        .init("resample", .number("3")),
      ] + (try scaling()))
  }
}
