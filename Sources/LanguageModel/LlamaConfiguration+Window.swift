internal import Layers

extension LlamaConfiguration.Kind {
  /// Whether a file's window counts only where it switches it on (`use_sliding_window`).
  var hasWindowSwitch: Bool { self == .qwen2 || self == .qwen3 || self == .smolLM3 }
}

extension LlamaConfiguration {
  /// What each layer is called in `layer_types`.
  var layerTypes: [String] {
    (0..<layers).map { window(ofLayer: $0) == nil ? "full_attention" : "sliding_attention" }
  }

  /// Reads the window and which layers have it.
  mutating func readWindow(_ file: ConfigJSON) throws {
    let isQwen = kind == .qwen2 || kind == .qwen3
    // Absence and null differ: of these the class has a window of its own.
    let standard = isQwen || kind == .mistral || kind == .gemma3 ? 4096 : nil
    let asked: Int? = try file.has("sliding_window") ? file["sliding_window"] : standard
    let listed: [String] = try file["layer_types"] ?? []
    if let other = listed.first(where: { !["full_attention", "sliding_attention"].contains($0) }) {
      throw file.refusal(
        "layer_types",
        "layer_types has \"\(other)\", which is not computed here; full_attention and sliding_attention are")
    }
    guard listed.isEmpty || listed.count == layers else {
      throw file.refusal("layer_types", "layer_types has \(listed.count) entries for \(layers) layers")
    }
    let isSwitchedOn = kind.hasWindowSwitch ? try file["use_sliding_window"] ?? false : true
    guard isSwitchedOn, let length = asked else {
      guard !listed.contains("sliding_attention") else {
        throw file.refusal("layer_types", "layer_types has sliding_attention, and the file has no window")
      }
      return (window, layersWithoutWindow) = (nil, [])
    }
    guard length > 0 else { throw file.refusal("sliding_window", "sliding_window \(length) must be more than 0") }
    guard kind != .llama || length >= maxPositions else {
      throw file.refusal(
        "sliding_window",
        "a sliding_window of \(length) tokens is not computed in llama, which has none; mistral has. Set model_type to "
          + "mistral, or take the key out of the file")
    }
    let without = try kind == .llama ? Set(0..<layers) : fullLayers(listed, file)
    (window, layersWithoutWindow) = without.count == layers ? (nil, []) : (length, without)
  }

  /// The layers that see all, where the file has a window.
  private func fullLayers(_ listed: [String], _ file: ConfigJSON) throws -> Set<Int> {
    // Mistral's class knows of no kinds of layers.
    if kind == .mistral { return [] }
    if !listed.isEmpty { return Set((0..<layers).filter { listed[$0] == "full_attention" }) }
    if kind == .smolLM3 { return Set(0..<layers).subtracting(layersWithoutPositions) }
    if kind == .gemma3 {
      let pattern = try file["sliding_window_pattern"] ?? 6
      guard pattern > 0 else {
        throw file.refusal("sliding_window_pattern", "sliding_window_pattern \(pattern) must be more than 0")
      }
      return Set((0..<layers).filter { ($0 + 1) % pattern == 0 })
    }
    let first = try file["max_window_layers"] ?? 28
    return Set((0..<layers).filter { $0 < first })
  }
}
