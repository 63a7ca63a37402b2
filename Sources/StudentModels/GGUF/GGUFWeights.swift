internal import LanguageModel
internal import Layers
internal import Tensor

/// The tensors of a GGUF file under the names that a folder's weights have.
struct GGUFWeights: TensorSource {
  private let model: GGUFModel

  /// Coordinates of a head.
  private let headSize: Int

  init(_ model: GGUFModel, headSize: Int) { (self.model, self.headSize) = (model, headSize) }

  var path: String { model.file.path }

  var names: [String] { model.file.names }

  func shape(of name: String) -> [Int]? { model.file.shape(of: name) }

  /// llama.cpp turns neighbouring coordinates in models of Llama, and coordinates half a head apart in others: its files
  /// have the rows of Llama's queries and keys in the order that this takes.
  func tensor(named name: String) throws -> Tensor {
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

  /// The name of the tensor for a parameter's path.
  static func name(of path: String) -> String {
    let parts = path.split(separator: ".").map(String.init)
    let ending = parts.last ?? ""
    if let whole = names[parts.dropLast().joined(separator: ".")] { return "\(whole).\(ending)" }
    guard parts.count > 4, parts[0] == "model", parts[1] == "layers",
      let part = names[parts[3..<(parts.count - 1)].joined(separator: ".")]
    else { return path }
    return "blk.\(parts[2]).\(part).\(ending)"
  }

  private static let names = [
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
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
