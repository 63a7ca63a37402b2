import Foundation
import JSON
import LanguageModel
import StudentModels
import TestSupport
import Testing
import VisionEncoder

/// The config.json that transformers writes for each of many model types; `Golden/make_model_types.py` wrote them down.
///
/// A type that is not computed is refused by name wherever it stands, and one that is computed has figures of transformers.
@Suite struct ModelTypesTests {
  private static let configurations: [String: JSONValue] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/model_types.json")
    guard let data = try? Data(contentsOf: file), let value = try? JSONParser.value(of: Array(data)),
      value["format"]?.string == "model types"
    else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: (value["configurations"]?.members ?? []).map { ($0.name, $0.value) })
  }()
  static let types = configurations.keys.sorted()

  private static let ofStudents = Set(StudentFamily.modelTypes)
  private static let ofEncoders = Set(TextEncoderConfiguration.Family.allCases.map(\.rawValue))

  private func refusal(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return "\(error)" }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ configuration: JSONValue) throws {
    _ = try JSONDecoder().decode(type, from: Data(configuration.text(.python()).utf8))
  }

  @Test func `there are configurations of at least 40 model types`() {
    #expect(Self.types.count >= 40)
  }

  @Test(arguments: types) func `a configuration is read, or refused by the name of its type`(type: String) throws {
    let configuration = try #require(Self.configurations[type])
    let student = try withTemporaryFolder { folder -> String? in
      try Data(configuration.text(.python()).utf8).write(to: folder.appending(path: "config.json"))
      return refusal { _ = try StudentFamily.configuration(contentsOf: folder) }
    }
    let encoder = refusal { try decode(TextEncoderConfiguration.self, configuration) }
    // Defaults that no published model has: parts that do not fit each other, a head of the tower.
    let unfit = [
      "idefics3": "scale_factor 2", "smolvlm": "scale_factor 2", "qwen2_vl": "features of 3584",
      "qwen2_5_vl": "features of 3584", "qwen3_vl": "deepstack_visual_indexes [8, 16, 24]",
      "gemma3": "vision_use_head true",
    ]
    if Self.ofStudents.contains(type), unfit[type] == nil {
      #expect(student == nil)
    } else {
      #expect(student?.contains(unfit[type] ?? "\"\(type)\"") == true, "\(student ?? "read")")
    }
    if Self.ofEncoders.contains(type) {
      #expect(encoder == nil)
    } else {
      #expect(encoder?.contains(type) == true, "\(encoder ?? "read")")
    }
  }

  @Test(arguments: types) func `a decoder inside a model of images is read, or refused by the name of its type`(
    type: String
  ) throws {
    let text = try #require(Self.configurations[type])
    let whole = JSONValue.object([
      JSONValue.Member("model_type", "llava_next"),
      JSONValue.Member("vision_config", .object([JSONValue.Member("model_type", "clip_vision_model")])),
      JSONValue.Member("text_config", text),
    ])
    let refused = refusal { try decode(LlavaNextConfiguration.self, whole) }
    if LlamaConfiguration.Kind(rawValue: type) != nil {
      #expect(refused == nil)
    } else {
      #expect(refused != nil)
      if LlamaConfiguration.Kind(modelType: type) == nil { #expect(refused?.contains(type) == true) }
    }
  }

  /// What the decoders of other types compute besides Llama shows in their keys, even where the type is another.
  @Test(arguments: [
    ("gemma", "hidden_act"), ("gemma2", "attn_logit_softcapping"), ("gemma3_text", "hidden_activation"),
    ("phi", "hidden_act"), ("glm4", "partial_rotary_factor"), ("stablelm", "layer_norm_eps"),
    ("cohere", "logit_scale"), ("granite", "attention_multiplier"), ("mixtral", "num_local_experts"),
    ("qwen3_moe", "num_experts"), ("qwen2_moe", "num_experts"), ("arcee", "hidden_act"), ("apertus", "hidden_act"),
    ("starcoder2", "hidden_act"), ("seed_oss", "attention_out_bias"), ("ministral", "sliding_window"),
    ("qwen3_5_text", "linear_conv_kernel_dim"), ("lfm2", "conv_L_cache"), ("deepseek_v3", "kv_lora_rank"),
    ("eurobert", "classifier_pooling"),
  ])
  func `another decoder that calls itself Llama is refused by the name of a key`(type: String, key: String) throws {
    let members = try #require(Self.configurations[type]?.members)
    let renamed = JSONValue.object(members.filter { $0.name != "model_type" })
    let refused = refusal { try decode(LlamaConfiguration.self, renamed) }
    #expect(refused?.contains(key) == true, "\(refused ?? "read")")
  }

  /// Keys as the files of SmolVLM2, Qwen2-VL, XLM-R and BERT have them on the Hub, and what programs of finetuning add.
  @Test func `keys of published files that change no figure are taken`() throws {
    let origin = """
      "transformers_version": "4.47.1", "torch_dtype": "float32", "unsloth_version": "2025.3.19", "use_cache": false,
      "_attn_implementation_autoset": true, "_name_or_path": "x", "quantization_config": null, "_model_name_or_path": "SmolLM2"
      """
    let smolVLM = """
      {\(origin), "architectures": ["SmolVLMForConditionalGeneration"], "image_token_id": 49190, "model_type": "smolvlm",
      "pad_token_id": 128002, "scale_factor": 4, "tie_word_embeddings": false, "use_reentrant_checkpointing": false,
      "vocab_size": 49280, "text_config": {"_flash_attn_2_enabled": true, "architectures": ["VLlama3ForCausalLM"],
      "head_dim": 64, "hidden_size": 960, "intermediate_size": 2560, "is_llama_config": true, "model_type": "llama",
      "max_position_embeddings": 8192, "neftune_noise_alpha": 0.0, "num_attention_heads": 15, "num_hidden_layers": 32,
      "num_key_value_heads": 5, "pad_token_id": 2, "perceiver_config": {"model_type": "vllama3", "top_k": 50},
      "pixel_shuffle_factor": 4, "qk_layer_norms": false, "rms_norm_eps": 1e-05, "rope_interleaved": false,
      "rope_theta": 100000, "transformers.js_config": {"dtype": "q4"}, "use_resampler": false, "vocab_size": 49280},
      "vision_config": {"hidden_size": 768, "image_size": 512, "max_image_size": {"longest_edge": 512},
      "model_type": "smolvlm_vision", "num_attention_heads": 12, "patch_size": 16, "size": {"longest_edge": 2048},
      "tie_word_embeddings": true, "use_base_siglip": true, "pruned_heads": {}, "num_beams": 1, "max_length": 20}}
      """
    let read = try JSONDecoder().decode(SmolVLMConfiguration.self, from: Data(smolVLM.utf8))
    #expect(read.text.headSize == 64 && read.vision.imageSize == 512 && read.scaleFactor == 4)
    let encoders = [
      #""model_type": "bert", "directionality": "bidi", "pooler_fc_size": 768, "pooler_type": "first_token_transform""#,
      #""model_type": "xlm-roberta", "output_past": true, "position_embedding_type": "absolute""#,
      #""model_type": "roberta", "sbert_ce_default_activation_function": "torch.nn.Identity", "num_labels": 1"#,
    ]
    for text in encoders {
      #expect(throws: Never.self) {
        try JSONDecoder().decode(TextEncoderConfiguration.self, from: Data("{\(origin), \(text)}".utf8))
      }
    }
  }

  @Test func `every type that students are read from has logits of transformers beside it`() throws {
    struct Named: Decodable {
      var model_type: String
    }
    let golden = try FamilyGoldenTests.cases.map { try ($0.configuration() as Named).model_type }
    // SmolVLM2 is SmolVLM by another name.
    #expect(Self.ofStudents.subtracting(golden) == ["smolvlm"])
  }
}
