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
    for scaling in [RotaryScaling.none, .linear(factor: 3), .llama3(factor: 8, low: 1, high: 4, original: 64)] {
      for biases in [LlamaConfiguration.AttentionBiases.none, .inputs, .all] {
        (c.ropeScaling, c.biases) = (scaling, biases)
        #expect(try JSONDecoder().decode(LlamaConfiguration.self, from: JSONEncoder().encode(c)) == c)
      }
    }
  }

  @Test(arguments: [
    #"{"rope_scaling": {"rope_type": "llama3", "factor": 8}}"#, #"{"rope_scaling": {"type": "linear"}}"#,
    #"{"rope_scaling": {"type": "linear", "factor": 0.5}}"#, #"{"rope_scaling": {"type": "dynamic", "factor": 2}}"#,
    #"{"rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 25]}}"#, #"{"use_sliding_window": true}"#,
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
