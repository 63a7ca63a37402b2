internal import Foundation
internal import JSON
internal import Layers
internal import Tensor

extension GGUFModel {
  /// The config.json of a file: every key of its architecture is read, is known to leave the arithmetic as it is, or stops the
  /// load.
  ///
  /// - Parameter projector: what makes features of images for the decoder; nil where it reads text alone.
  static func configuration(
    _ file: Tensor.GGUFFile, _ architecture: Architecture, _ projector: GGUFProjector.Kind?
  ) throws -> JSONValue {
    let reader = GGUFKeyReader(file: file, architecture: architecture.rawValue)
    try reader.require("expert_count", 0)
    // The levels are compared with the tower's.
    try reader.refuse(otherThan: knownKeys.union(architecture == .qwen3VL ? [GGUFProjector.levels] : []))
    let width = try reader.required("embedding_length")
    let heads = try reader.required("attention.head_count")
    guard heads > 0, width > 0 else {
      throw file.invalid(reader.key("attention.head_count"), expected: "heads and a width above 0", found: "\(heads)")
    }
    let headSize = try reader.integer("attention.key_length") ?? width / heads
    guard (1...(1 << 12)).contains(headSize) else {
      throw file.invalid(
        reader.key("attention.key_length"), expected: "1 to \(1 << 12) coordinates of a head", found: "\(headSize)")
    }
    try reader.require("attention.value_length", headSize)
    try reader.require("rope.dimension_count", headSize)
    let layers = try reader.layers()
    let base = try file.float(reader.key("rope.freq_base")) ?? 10_000
    let table = try reader.table()
    let names = Set(file.names)
    let inner = try reader.required("feed_forward_length")
    let keyHeads = try reader.integer("attention.head_count_kv") ?? heads
    guard (1...(1 << 12)).contains(heads), (1...(1 << 12)).contains(keyHeads) else {
      throw file.invalid(
        reader.key("attention.head_count_kv"), expected: "1 to \(1 << 12) heads", found: "\(heads) and \(keyHeads)")
    }
    // Before a network of these sizes is made: what the file does not hold takes no memory.
    try reader.demand("token_embd.weight", [table[0], width])
    for layer in 0..<layers {
      try reader.demand("blk.\(layer).attn_norm.weight", [width])
      try reader.demand("blk.\(layer).attn_q.weight", [heads * headSize, width])
      try reader.demand("blk.\(layer).attn_k.weight", [keyHeads * headSize, width])
      try reader.demand("blk.\(layer).ffn_up.weight", [inner, width])
    }
    let (type, className) = projector?.decoder ?? (architecture.rawValue, architecture.className)
    var members: [JSONValue.Member] = [
      .init("architectures", .array([.string(className)])),
      .init("model_type", .string(type)), .init("dtype", "float32"),
      .init("hidden_size", .number("\(width)")),
      .init("intermediate_size", .number("\(inner)")),
      .init("num_hidden_layers", .number("\(layers)")), .init("num_attention_heads", .number("\(heads)")),
      .init("num_key_value_heads", .number("\(keyHeads)")),
      .init("head_dim", .number("\(headSize)")), .init("vocab_size", .number("\(table[0])")),
      .init("max_position_embeddings", .number("\(try reader.required("context_length"))")),
      .init("rms_norm_eps", .number("\(try reader.epsilon("attention.layer_norm_rms_epsilon"))")),
      .init("hidden_act", "silu"),
      .init("tie_word_embeddings", .bool(!names.contains("output.weight"))),
      .init("rope_parameters", try reader.rope(base: base, headSize: headSize, of: architecture)),
    ]
    if [.llama, .qwen3, .qwen3VL].contains(architecture) {
      members.append(.init("attention_bias", .bool(names.contains("blk.0.attn_q.bias"))))
    }
    for (key, name) in [("bos", "bos_token_id"), ("eos", "eos_token_id"), ("padding", "pad_token_id")] {
      if let id = try file.integer("tokenizer.ggml.\(key)_token_id") { members.append(.init(name, .number("\(id)"))) }
    }
    return .object(members)
  }
}

extension GGUFModel {
  /// Keys that are read, or that say nothing about the arithmetic.
  private static let knownKeys: Set<String> = [
    "embedding_length", "attention.head_count", "attention.head_count_kv", "attention.key_length",
    "attention.value_length", "attention.layer_norm_rms_epsilon", "rope.dimension_count", "rope.freq_base",
    "block_count",
    "feed_forward_length", "context_length", "vocab_size", "rope.scaling.type", "rope.scaling.factor",
    "rope.scale_linear",
    "rope.scaling.original_context_length", "rope.scaling.finetuned", "rope.scaling.attn_factor",
    "rope.dimension_sections", "expert_count", "expert_used_count",
  ]
}

extension GGUFModel.Architecture {
  /// What transformers calls the class of the decoder by itself.
  fileprivate var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2, .qwen2VL: "Qwen2ForCausalLM"
    case .qwen3, .qwen3VL: "Qwen3ForCausalLM"
    }
  }
}

extension GGUFKeyReader {
  /// The positions: as they are, linearly scaled, or each pair's frequency divided by a number of its own, which stand in a
  /// tensor.
  fileprivate func rope(base: Float, headSize: Int, of architecture: GGUFModel.Architecture) throws -> JSONValue {
    guard base > 0, base.isFinite, headSize > 1 else {
      throw file.invalid(key("rope.freq_base"), expected: "a number above 0", found: "\(base)")
    }
    let theta = JSONValue.Member("rope_theta", .number("\(base)"))
    if let sections = try sections(headSize: headSize, of: architecture) {
      guard try ["none", nil].contains(file.string(key("rope.scaling.type"))) else {
        throw file.unsupported(
          key("rope.scaling.type"), expected: "none beside parts by row and column", found: "another")
      }
      var members = [theta, .init("rope_type", "default"), .init("mrope_section", sections)]
      if architecture == .qwen3VL { members.append(.init("mrope_interleaved", true)) }
      return .object(members)
    }
    if file.shape(of: "rope_freqs.weight") != nil {
      return try .object([theta] + divided(base: Double(base), headSize: headSize))
    }
    let factor = try file.float(key("rope.scaling.factor")) ?? file.float(key("rope.scale_linear")) ?? 1
    let type = try file.string(key("rope.scaling.type")) ?? (factor == 1 ? "none" : "linear")
    switch type {
    case "none": return .object([theta, .init("rope_type", "default")])
    case "linear" where factor >= 1 && factor.isFinite:
      return .object([theta, .init("rope_type", "linear"), .init("factor", .number("\(factor)"))])
    default:
      throw file.unsupported(
        key("rope.scaling.type"), expected: "none, or linear with a factor from 1 on", found: "\(type), \(factor)")
    }
  }

  /// How many pairs of a head's coordinates turn by time, row and column; nil where all turn by place in the text.
  private func sections(headSize: Int, of architecture: GGUFModel.Architecture) throws -> JSONValue? {
    let name = "rope.dimension_sections"
    guard architecture == .qwen2VL || architecture == .qwen3VL else {
      guard try file.integers(key(name)) == nil else {
        throw file.unsupported(key(name), expected: "no such key in this architecture", found: "it")
      }
      return nil
    }
    let found = try file.integers(key(name)) ?? []
    guard found.count >= 3, found.allSatisfy({ (0...128).contains($0) }), found.dropFirst(3).allSatisfy({ $0 == 0 }),
      found.prefix(3).reduce(0, +) == headSize / 2
    else {
      throw file.invalid(
        key(name), expected: "three parts of a head's \(headSize / 2) pairs", found: "\(found.prefix(8))")
    }
    return .array(found.prefix(3).map { .number("\($0)") })
  }

  /// The scaling by the numbers of `rope_freqs.weight`: those of Llama 3.1 to 3.3 under its name, others as they are.
  private func divided(base: Double, headSize: Int) throws -> [JSONValue.Member] {
    let name = "rope_freqs.weight"
    let found = try file.tensor(named: name).scalars.map { Double($0) }
    guard found.count == headSize / 2, let factor = found.max(), found.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw file.invalid(
        "tensor \"\(name)\"", expected: "\(headSize / 2) numbers above 0, one for each pair of a head's coordinates",
        found: "\(found.count), from \(found.min() ?? 0) to \(found.max() ?? 0)")
    }
    let expected = RotaryScaling.llama3(factor: factor, low: 1, high: 4, original: 8192)
      .divisors(base: base, headSize: headSize)
    guard factor >= 1, zip(found, expected).allSatisfy({ abs($0 - $1) <= 1e-4 * $1 }) else {
      let numbers = JSONValue.array(found.map { .number("\($0)") })
      return [
        .init("rope_type", "longrope"), .init("short_factor", numbers), .init("long_factor", numbers),
        .init("attention_factor", .number("1.0")),
        .init("original_max_position_embeddings", .number("\(try required("context_length"))")),
      ]
    }
    return [
      .init("rope_type", "llama3"), .init("factor", .number("\(factor)")), .init("low_freq_factor", .number("1.0")),
      .init("high_freq_factor", .number("4.0")), .init("original_max_position_embeddings", .number("8192")),
    ]
  }
}

extension RotaryScaling {
  /// What the frequency of each pair of a head's coordinates is divided by, as `rope_freqs.weight` has it.
  func divisors(base: Double, headSize: Int) -> [Double] {
    (0..<(headSize / 2)).map { pair in
      let frequency = pow(base, -2 * Double(pair) / Double(headSize))
      return frequency / scaled(frequency, ofPair: pair)
    }
  }
}
