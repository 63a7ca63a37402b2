import Foundation
import JSON
import LanguageModel
import StudentModels
import TestSupport
import Testing

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
    // Defaults that no published model has: parts that do not fit each other.
    let unfit = ["idefics3": "scale_factor 2", "smolvlm": "scale_factor 2", "qwen2_vl": "hidden_size 3584"]
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
    ("gemma", "hidden_act"), ("gemma2", "final_logit_softcapping"), ("gemma3_text", "sliding_window"),
    ("phi", "hidden_act"), ("glm4", "partial_rotary_factor"), ("stablelm", "partial_rotary_factor"),
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

  @Test func `every type that students are read from has logits of transformers beside it`() throws {
    struct Named: Decodable {
      var model_type: String
    }
    let golden = try FamilyGoldenTests.cases.map { try ($0.configuration() as Named).model_type }
    // SmolVLM2 is SmolVLM by another name.
    #expect(Self.ofStudents.subtracting(golden) == ["smolvlm"])
  }
}
