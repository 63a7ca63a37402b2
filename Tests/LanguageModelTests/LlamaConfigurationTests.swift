import Foundation
import LanguageModel
import Layers
import Testing

@Suite struct LlamaConfigurationTests {
  private func read(_ text: String) throws -> LlamaConfiguration {
    try JSONDecoder().decode(LlamaConfiguration.self, from: Data(text.utf8))
  }

  @Test func `missing keys have the defaults of transformers`() throws {
    let c = try read(#"{"model_type": "llama", "torch_dtype": "bfloat16"}"#)
    #expect(c == LlamaConfiguration())
    #expect(c.hiddenSize == 4096 && c.intermediateSize == 11008 && c.layers == 32 && c.heads == 32)
    #expect(c.keyValueHeads == 32 && c.headSize == 128 && c.vocabularySize == 32000 && c.ropeBase == 10_000)
  }

  @Test func `rope_theta stands beside the sizes or inside rope_parameters`() throws {
    let sizes = #""hidden_size": 576, "num_attention_heads": 9, "num_key_value_heads": 3"#
    let old = try read("{\(sizes), \"rope_theta\": 100000.0, \"rope_scaling\": null}")
    let new = try read("{\(sizes), \"rope_parameters\": {\"rope_theta\": 100000, \"rope_type\": \"default\"}}")
    #expect(old == new && old.ropeBase == 100_000 && old.headSize == 64 && old.keyValueHeads == 3)
  }

  @Test func `scaled positions are read from both places, and sections with them`() throws {
    let llama3 = #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "#
    let scaling = RotaryScaling.llama3(factor: 8, low: 1, high: 4, original: 8192)
    #expect(try read("{\"rope_scaling\": \(llama3)\"original_max_position_embeddings\": 8192}}").ropeScaling == scaling)
    let new = try read(
      "{\"rope_parameters\": \(llama3)\"original_max_position_embeddings\": 8192, \"rope_theta\": 5e5}}")
    #expect(new.ropeScaling == scaling && new.ropeBase == 500_000 && new.rotary.scaling == scaling)
    #expect(try read(#"{"rope_scaling": {"type": "linear", "factor": 2}}"#).ropeScaling == .linear(factor: 2))
    let sections = try read(#"{"rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}}"#)
    #expect(sections.ropeSections == [16, 24, 24] && sections.ropeScaling == .none)
  }

  @Test func `the defaults of a file are those of its decoder in transformers`() throws {
    let mistral = try read(#"{"model_type": "mistral", "sliding_window": null}"#)
    #expect(mistral == LlamaConfiguration(kind: .mistral))
    #expect(mistral.intermediateSize == 14336 && mistral.keyValueHeads == 8 && mistral.maxPositions == 131_072)
    let qwen3 = try read(#"{"model_type": "qwen3", "hidden_size": 1024, "num_attention_heads": 64}"#)
    #expect(qwen3.headSize == 128 && qwen3.hasHeadNorms && qwen3.biases == .none && qwen3.vocabularySize == 151_936)
    let smol = try read(#"{"model_type": "smollm3"}"#)
    #expect(smol.hiddenSize == 2048 && smol.tiesEmbeddings && smol.ropeBase == 2_000_000 && smol.layers == 36)
    #expect(smol.layersWithoutPositions == [3, 7, 11, 15, 19, 23, 27, 31, 35])
    #expect(try read(#"{"model_type": "qwen2"}"#).maxPositions == 32768)
  }

  @Test func `layers have no positions where their flag is 0, or by the interval`() throws {
    func layers(_ text: String) throws -> Set<Int> {
      try read(#"{"model_type": "smollm3", "num_hidden_layers": 6, \#(text)}"#).layersWithoutPositions
    }
    #expect(try layers(#""no_rope_layers": [1, 0, 1, 1, 0, 1, 0]"#) == [1, 4])
    #expect(try layers(#""no_rope_layer_interval": 2"#) == [1, 3, 5])
    #expect(try layers(#""no_rope_layers": null"#) == [3])
  }

  @Test func `a window counts where the family and the file switch it on, in the layers that they say`() throws {
    let sizes = #""num_hidden_layers": 4, "sliding_window": 16"#
    func windows(_ text: String) throws -> [Int?] {
      let c = try read("{\(text)}")
      return (0..<c.layers).map(c.window(ofLayer:))
    }
    // Of Mistral's class the default; null is none.
    #expect(try windows(#""model_type": "mistral", "num_hidden_layers": 1"#) == [4096])
    #expect(try windows(#""model_type": "mistral", "num_hidden_layers": 1, "sliding_window": null"#) == [nil])
    #expect(try windows(#""model_type": "mistral", \#(sizes)"#) == [16, 16, 16, 16])
    for qwen in ["qwen2", "qwen3"] {
      func windows(_ text: String) throws -> [Int?] {
        let c = try read(#"{"model_type": "\#(qwen)", \#(sizes)\#(text)}"#)
        return (0..<4).map(c.window(ofLayer:))
      }
      #expect(try windows("") == [nil, nil, nil, nil])
      #expect(try windows(#", "use_sliding_window": false, "max_window_layers": 0"#) == [nil, nil, nil, nil])
      #expect(try windows(#", "use_sliding_window": true"#) == [nil, nil, nil, nil])  // from layer 28 on
      #expect(try windows(#", "use_sliding_window": true, "max_window_layers": 3"#) == [nil, nil, nil, 16])
      let kinds = #"["sliding_attention", "full_attention", "full_attention", "sliding_attention"]"#
      #expect(try windows(#", "use_sliding_window": true, "layer_types": \#(kinds)"#) == [16, nil, nil, 16])
    }
    #expect(
      try windows(#""model_type": "smollm3", \#(sizes), "use_sliding_window": true, "no_rope_layer_interval": 2"#)
        == [nil, 16, nil, 16])
  }

  @Test func `Gemma's file says which layers have windows and how positions turn in both kinds`() throws {
    let old = try read(
      #"{"model_type": "gemma3_text", "num_hidden_layers": 7, "rope_scaling": {"rope_type": "linear", "factor": 8}}"#)
    #expect((old.hiddenSize, old.heads, old.keyValueHeads, old.headSize) == (2304, 8, 4, 256))
    #expect((old.vocabularySize, old.window, old.layersWithoutWindow) == (262_208, 4096, [5]))
    #expect(
      (old.ropeBase, old.windowedRopeBase, old.ropeScaling, old.queryScalar) == (1e6, 1e4, .linear(factor: 8), 256))
    let new = try read(
      #"""
      {"model_type": "gemma3_text", "num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"],
       "query_pre_attn_scalar": 168, "sliding_window": 512, "_sliding_window_pattern": 6, "attn_logit_softcapping": 50,
       "rope_parameters": {
         "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 2e6},
         "sliding_attention": {"rope_type": "default", "rope_theta": 5e3}}}
      """#)
    #expect((new.window, new.layersWithoutWindow, new.queryScalar) == (512, [0], 168))
    #expect((new.ropeBase, new.windowedRopeBase, new.ropeScaling) == (2e6, 5e3, .linear(factor: 4)))
    #expect(
      try read(#"{"model_type": "gemma3_text", "sliding_window_pattern": 3, "num_hidden_layers": 7}"#)
        .layersWithoutWindow == [2, 5])
  }

  @Test func `a value that asks for nothing is taken, and so is what leaves the arithmetic as it is`() throws {
    let plain = try read("{}")
    for text in [
      #""partial_rotary_factor": 1"#, #""residual_multiplier": 1.0, "embedding_multiplier": 1, "logits_scaling": 1"#,
      #""attention_multiplier": 0.08838834764831845, "query_pre_attn_scalar": 128"#,
      #""final_logit_softcapping": null, "use_bidirectional_attention": false, "pruned_heads": {}"#,
      #""attention_dropout": 0.1, "use_cache": false, "unsloth_version": "2025.1", "vision_token_id": 3"#,
      #""_attn_implementation": "flash_attention_2", "auto_map": {"AutoModel": "x.y"}, "id2label": {"0": "a"}"#,
      #""is_causal": true, "sliding_window": 2048, "temperature": 0.7, "quantization_config": null"#,
    ] {
      #expect(try read("{\(text)}") == plain, "\(text)")
    }
    // Up to the positions that the model was made for.
    var long = plain
    long.extendsDynamically = true
    #expect(try read(#"{"rope_scaling": {"rope_type": "dynamic", "factor": 2}}"#) == long)
  }

  @Test(arguments: [
    (#""partial_rotary_factor": 0.5"#, "partial_rotary_factor 0.5"),
    (#""rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.25}"#, "partial_rotary_factor 0.25"),
    (#""rope_parameters": {"full_attention": {"rope_theta": 1}}"#, "full_attention {…}"),
    (#""final_logit_softcapping": 30.0"#, "final_logit_softcapping 30"),
    (#""attn_logit_softcapping": 50.5"#, "attn_logit_softcapping 50.5"),
    (#""embedding_multiplier": 12"#, "embedding_multiplier 12.0"), (#""logits_scaling": 8"#, "logits_scaling 8.0"),
    (#""residual_multiplier": 0.22"#, "residual_multiplier 0.22"),
    (#""attention_multiplier": 0.0078125"#, "attention_multiplier 0.0078125"),
    (#""query_pre_attn_scalar": 256"#, "query_pre_attn_scalar 256"),
    (#""use_bidirectional_attention": true"#, "use_bidirectional_attention true"),
    (#""layer_types": ["full_attention", "linear_attention"]"#, "linear_attention"),
    (#""layer_types": ["full_attention", "full_attention"]"#, "2 entries for 1 layers"),
    (#""layer_types": ["sliding_attention"]"#, "sliding_attention"),
    (#""sliding_window": 2047"#, "sliding_window of 2047"),
    (#""model_type": "mistral", "sliding_window": 0"#, "sliding_window 0"),
    (#""model_type": "gemma3_text", "sliding_window": null"#, "sliding_window null"),
    (#""model_type": "gemma3_text", "final_logit_softcapping": 0"#, "final_logit_softcapping"),
    (#""model_type": "gemma3_text", "hidden_activation": "relu""#, "hidden_activation \"relu\""),
    (#""model_type": "gemma3_text", "use_bidirectional_attention": true"#, "use_bidirectional_attention true"),
    (
      #""model_type": "gemma3_text", "rope_parameters": {"sliding_attention": {"rope_type": "linear", "factor": 2}}"#,
      "rope_type \"linear\""
    ),
    (#""hidden_activation": "gelu_pytorch_tanh""#, "hidden_activation"),
    (#""model_type": "mistral", "sliding_window": null, "attention_bias": true"#, "attention_bias true"),
    (#""attention_bias": true, "attention_out_bias": false"#, "attention_out_bias false"),
    (#""no_rope_layers": [0]"#, "no_rope_layers"), (#""num_local_experts": 8"#, "num_local_experts 8"),
    (#""quantization_config": {"bits": 4}"#, "quantization_config"), (#""is_causal": false"#, "is_causal false"),
    (#""clip_qkv": 8"#, "clip_qkv 8"), (#""scale_depth": 1.4"#, "scale_depth 1.4"),
    (
      #""head_dim": 4, "rope_scaling": {"rope_type": "longrope", "short_factor": [1, 2], "long_factor": [1, 3], "attention_factor": 1}"#,
      "the same 2 numbers above 0"
    ),
    (
      #""head_dim": 4, "rope_scaling": {"rope_type": "longrope", "short_factor": [1, 2], "long_factor": [1, 2], "factor": 2}"#,
      "attention_factor is 1"
    ),
    (#""model_type": "gemma2""#, "gemma2"), (#""rope_scaling": {"rope_type": "yarn", "factor": 4}"#, "yarn"),
  ])
  func `what a file asks for besides is refused by its name and value`(text: String, expected: String) {
    do {
      _ = try read(#"{"num_hidden_layers": 1, \#(text)}"#)
      Issue.record("\(text) was read")
    } catch { #expect("\(error)".contains(expected), "\(error)") }
  }

  @Test func `attention has the offsets that the family says`() throws {
    #expect(try read(#"{"attention_bias": true}"#).biases == .all)
    #expect(try read(#"{"model_type": "llama", "attention_bias": false}"#).biases == .none)
    #expect(try read(#"{"model_type": "qwen2"}"#).biases == .inputs)
    #expect(try read(#"{"model_type": "qwen2_vl_text"}"#).biases == .inputs)
  }

  @Test func `what is written is read again`() throws {
    var c = LlamaConfiguration()
    (c.hiddenSize, c.intermediateSize, c.layers, c.heads, c.keyHeads, c.headDimensions) = (10, 23, 3, 4, 2, 6)
    (c.vocabularySize, c.maxPositions, c.epsilon, c.ropeBase, c.tiesEmbeddings) = (61, 99, 1e-5, 5e4, true)
    #expect(try JSONDecoder().decode(LlamaConfiguration.self, from: JSONEncoder().encode(c)) == c)
    c.ropeSections = [1, 1, 1]
    for scaling in [
      RotaryScaling.none, .linear(factor: 3), .llama3(factor: 8, low: 1, high: 4, original: 64),
      .divisors([1, 1.5, 8]),
    ] {
      for kind in LlamaConfiguration.Kind.allCases {
        (c.ropeScaling, c.kind, c.hasAttentionBias) = (scaling, kind, kind == .llama || kind == .qwen3)
        (c.window, c.layersWithoutPositions) = (kind == .llama ? nil : 99, kind == .smolLM3 ? [0, 2] : [])
        c.layersWithoutWindow = kind == .llama || kind == .mistral ? [] : [1]
        (c.windowedRopeBase, c.queryScalar, c.logitCap) = kind == .gemma3 ? (77, 5, 30) : (nil, nil, nil)
        if kind == .gemma3 { c.ropeSections = [] }
        #expect(try JSONDecoder().decode(LlamaConfiguration.self, from: JSONEncoder().encode(c)) == c)
      }
    }
  }

  @Test(arguments: [
    #"{"rope_scaling": {"rope_type": "llama3", "factor": 8}}"#, #"{"rope_scaling": {"type": "linear"}}"#,
    #"{"rope_scaling": {"type": "linear", "factor": 0.5}}"#, #"{"rope_scaling": {"type": "longrope", "factor": 2}}"#,
    #"{"rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 25]}}"#, #"{"sliding_window": 16}"#,
    #"{"rope_scaling": {"type": "mrope", "mrope_section": [-1, 32, 33]}}"#,
    #"{"rope_scaling": {"type": "mrope", "mrope_section": [32, 32]}}"#,
    #"{"rope_parameters": {"rope_type": "yarn", "rope_theta": 10000}}"#, #"{"hidden_act": "gelu"}"#,
    #"{"mlp_bias": true}"#,
  ])
  func `what this decoder does not compute is refused`(text: String) {
    #expect(throws: DecodingError.self) { try read(text) }
  }

  @Test(arguments: [
    #"{"num_attention_heads": 0}"#, #"{"num_attention_heads": -1}"#, #"{"num_key_value_heads": 0}"#,
    #"{"num_key_value_heads": 5}"#, #"{"num_key_value_heads": -2}"#, #"{"head_dim": 7}"#, #"{"head_dim": 0}"#,
    #"{"head_dim": 258}"#, #"{"hidden_size": 0}"#, #"{"hidden_size": 9000000000000}"#, #"{"intermediate_size": -1}"#,
    #"{"vocab_size": 0}"#, #"{"num_hidden_layers": -1}"#, #"{"num_hidden_layers": 100000000}"#,
    #"{"max_position_embeddings": 0}"#, #"{"rms_norm_eps": -1}"#, #"{"rope_theta": 0}"#, #"{"hidden_size": "12"}"#,
    #"{"hidden_size": 8, "num_attention_heads": 16}"#,
  ])
  func `a size out of range is refused`(text: String) {
    #expect(throws: DecodingError.self) { try read(text) }
  }
}
