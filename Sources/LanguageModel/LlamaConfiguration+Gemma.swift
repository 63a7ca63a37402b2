internal import Layers

extension LlamaConfiguration {
  /// Reads what Gemma's file says besides, and refuses its keys in the files of others.
  mutating func readGemma(_ file: ConfigJSON) throws {
    guard kind == .gemma3 else {
      // The class of Gemma 3 reads the first and computes nothing of it.
      for key in ["attn_logit_softcapping", "final_logit_softcapping"] {
        if let cap: Double = try file[key] {
          throw file.refusal(
            key, "\(key) \(Int(exactly: cap).map { "\($0)" } ?? "\(cap)") is not computed here; null is")
        }
      }
      try file.require("hidden_activation", "silu")
      try file.require("use_bidirectional_attention", false)
      return
    }
    try file.require("hidden_activation", "gelu_pytorch_tanh")
    guard try !file.has("sliding_window") || file["sliding_window"] as Int? != nil else {
      throw file.refusal(
        "sliding_window", "sliding_window null is not computed in gemma3_text, whose layers have windows")
    }
    logitCap = try file["final_logit_softcapping"]
    guard logitCap.map({ $0 > 0 && $0.isFinite }) ?? true else {
      throw file.refusal("final_logit_softcapping", "final_logit_softcapping must be more than 0")
    }
    seesBothWays = try file["use_bidirectional_attention"] ?? false
    queryScalar = try file["query_pre_attn_scalar"] ?? queryScalar
    windowedRopeBase = try file["rope_local_base_freq"] ?? windowedRopeBase
    if let parts = try file.part("rope_parameters"), let local = try parts.part("sliding_attention") {
      try local.require("rope_type", "default")
      try local.refuseKeys(otherThan: ["rope_type", "rope_theta"])
      windowedRopeBase = try local["rope_theta"] ?? windowedRopeBase
    }
    for (key, value) in [("query_pre_attn_scalar", queryScalar), ("rope_local_base_freq", windowedRopeBase)] {
      guard let value, value > 0, value.isFinite else { throw file.refusal(key, "\(key) must be more than 0") }
    }
  }

  /// The object that says how positions turn in layers without a window, which is a part of its own in Gemma's files.
  func ropePart(_ key: String, _ file: ConfigJSON) throws -> ConfigJSON? {
    guard let part = try file.part(key), kind == .gemma3, key == "rope_parameters" else { return try file.part(key) }
    try part.refuseKeys(otherThan: ["full_attention", "sliding_attention"])
    return try part.part("full_attention")
  }
}
