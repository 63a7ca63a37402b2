internal import LanguageModel
internal import Layers
internal import Tensor

/// The tensors of a GGUF file under the names that a folder's weights have.
struct GGUFWeights: TensorSource {
  private let model: GGUFModel
  /// Those of the file with the tower; nil for text alone.
  private let tower: GGUFTowerWeights?

  /// Coordinates of a head.
  private let headSize: Int

  init(_ model: GGUFModel, headSize: Int) {
    (self.model, self.headSize) = (model, headSize)
    tower = model.projector.map { GGUFTowerWeights($0.file) }
  }

  var path: String { model.file.path }

  var names: [String] {
    (model.file.names + (tower?.names ?? [])).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether a tensor stands in the file with the tower.
  static func isOfTower(_ name: String) -> Bool { name.hasPrefix("v.") || name.hasPrefix("mm.") }

  func shape(of name: String) -> [Int]? {
    if let tower, Self.isOfTower(name) { return tower.shape(of: name) }
    return model.file.shape(of: name)
  }

  /// llama.cpp turns neighbouring coordinates in models of Llama, and coordinates half a head apart in others: its files
  /// have the rows of Llama's queries and keys in the order that this takes.
  func tensor(named name: String) throws -> Tensor {
    if let tower, Self.isOfTower(name) { return try tower.tensor(named: name) }
    guard model.architecture == .llama, let part = name.split(separator: ".").dropFirst(2).first,
      part == "attn_q" || part == "attn_k", let rows = shape(of: name)?.first, rows % headSize == 0
    else { return try model.file.tensor(named: name) }
    let order = (0..<rows).map { row in
      let place = row % headSize
      return row - place + place % (headSize / 2) * 2 + place / (headSize / 2)
    }
    return try model.file.tensor(named: name, rows: order)
  }

  /// The order of rows that files have: for each of theirs the one of ours.
  static func turned(rows: Int, headSize: Int) -> [Int] {
    (0..<rows).map { row in
      let place = row % headSize
      return row - place + place % 2 * (headSize / 2) + place / 2
    }
  }

  /// The name of the tensor for a parameter's path; the path itself where GGUF has none.
  static func name(of path: String) -> String {
    guard let dot = path.lastIndex(of: ".") else { return path }
    let (stem, ending) = (String(path[..<dot]), path[dot...])
    for (prefix, whole) in stems where stem.hasPrefix(prefix) {
      let rest = stem.dropFirst(prefix.count)
      if let name = whole[String(rest)] { return name + ending }
    }
    for (prefix, start, parts) in layers where stem.hasPrefix(prefix) {
      let rest = stem.dropFirst(prefix.count)
      guard let end = rest.firstIndex(of: "."), let part = parts[String(rest[rest.index(after: end)...])] else {
        continue
      }
      return "\(start)\(rest[..<end]).\(part)\(ending)"
    }
    return path
  }

  /// What a decoder and the towers are called, and the names of what they have once.
  private static let stems: [(String, [String: String])] = [
    ("", ["lm_head": "output", "model.connector.modality_projection.proj": "mm.model.fc"]),
    ("model.text_model.", text), ("model.language_model.", text), ("model.", text),
    (
      "model.vision_model.",
      [
        "embeddings.patch_embedding": "v.patch_embd", "embeddings.position_embedding": "v.position_embd",
        "post_layernorm": "v.post_ln",
      ]
    ),
    (
      "model.visual.",
      [
        "patch_embed.proj": "v.patch_embd", "pos_embed": "v.position_embd", "merger.ln_q": "v.post_ln",
        "merger.mlp.0": "mm.0", "merger.mlp.2": "mm.2", "merger.norm": "v.post_ln", "merger.linear_fc1": "mm.0",
        "merger.linear_fc2": "mm.2",
      ]
    ),
  ]

  private static let text = ["embed_tokens": "token_embd", "norm": "output_norm"]

  /// What comes before the number of a layer here and in files, and the names behind it.
  private static let layers: [(String, String, [String: String])] = [
    ("model.layers.", "blk.", decoderParts), ("model.text_model.layers.", "blk.", decoderParts),
    ("model.language_model.layers.", "blk.", decoderParts),
    ("model.vision_model.encoder.layers.", "v.blk.", towerParts), ("model.visual.blocks.", "v.blk.", towerParts),
    (
      "model.visual.deepstack_merger_list.", GGUFTowerWeights.deep,
      ["norm": "norm", "linear_fc1": "fc1", "linear_fc2": "fc2"]
    ),
  ]

  private static let decoderParts = [
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
  ]

  private static let towerParts = [
    "layer_norm1": "ln1", "layer_norm2": "ln2", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
    "norm1": "ln1", "norm2": "ln2", "attn.qkv": "attn_qkv", "attn.proj": "attn_out", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.linear_fc1": "ffn_up", "mlp.linear_fc2": "ffn_down",
  ]
}

extension FamilyModel {
  /// Takes up the weights of a GGUF file.
  mutating func loadWeights(from model: GGUFModel) throws {
    try loadWeights(
      from: GGUFWeights(model, headSize: text.configuration.headSize), renaming: GGUFWeights.name,
      // Read with config.json.
      ignoring: { $0 == "rope_freqs.weight" })
  }
}
