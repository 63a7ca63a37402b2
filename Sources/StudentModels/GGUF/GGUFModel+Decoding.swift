internal import JSON
internal import Tensor

extension GGUFModel {
  /// Reads what stands for config.json. What is wrong with it is told by the file and the keys that it was made from: the
  /// tower's sizes by those of the tower's file.
  ///
  /// - Throws: `GGUFError`.
  func configuration<Value: Decodable>(as type: Value.Type) throws -> Value {
    let json = try configuration()
    do { return try json.decoded(as: type) } catch let error as DecodingError {
      let fault = JSONMismatch(error, in: json)
      let ofTower = ["vision_config", "scale_factor"].contains { fault.place.hasPrefix($0) }
      let names = ofTower ? Self.towerKeys : Self.textKeys
      let prefix = ofTower ? "clip.vision." : "\(architecture.rawValue)."
      func renamed(_ text: String) -> String { text.replacingWords { names[$0].map { prefix + $0 } } }
      let field = fault.place.split(separator: ".").last.map { renamed(String($0)) } ?? prefix
      throw (projector.flatMap { ofTower ? $0.file : nil } ?? file).invalid(
        field, expected: fault.reason == nil ? fault.expected : "sizes that fit each other",
        found: fault.reason.map { "others: \(renamed($0))" } ?? renamed(fault.found))
    }
  }

  /// What files call the keys of a tower's part of config.json, behind `clip.vision.`.
  private static let towerKeys = [
    "hidden_size": "embedding_length", "embed_dim": "embedding_length", "num_attention_heads": "attention.head_count",
    "num_heads": "attention.head_count", "num_hidden_layers": "block_count", "depth": "block_count",
    "intermediate_size": "feed_forward_length", "patch_size": "patch_size", "image_size": "image_size",
    "spatial_merge_size": "spatial_merge_size", "window_size": "window_size", "out_hidden_size": "projection_dim",
    "layer_norm_eps": "attention.layer_norm_epsilon", "scale_factor": "projector.scale_factor",
  ]

  /// The same of a decoder's, behind the name of its architecture.
  private static let textKeys = [
    "hidden_size": "embedding_length", "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv", "head_dim": "attention.key_length",
    "num_hidden_layers": "block_count", "intermediate_size": "feed_forward_length",
    "max_position_embeddings": "context_length", "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "rope_theta": "rope.freq_base", "mrope_section": "rope.dimension_sections",
  ]
}

extension String {
  /// The text with other words for some: runs of letters, digits and underscores.
  fileprivate func replacingWords(_ change: (String) -> String?) -> String {
    var (result, word) = ("", "")
    for character in self + "\n" {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
        continue
      }
      result += change(word) ?? word
      result.append(character)
      word = ""
    }
    return String(result.dropLast())
  }
}
