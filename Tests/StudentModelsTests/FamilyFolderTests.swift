import JSON
import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct FamilyFolderTests {
  /// The logits of a question about a picture from a folder.
  private func logits(_ folder: URL, _ family: TinyFamily) throws -> Tensor {
    let student = try StudentFamily.student(contentsOf: folder)
    let tree = try family.trees(student)[0]
    return student.logits(of: tree.prompt, images: tree.images)
  }

  private func edit(_ url: URL, _ change: (inout [String: Any]) throws -> Void) throws {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    try change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  @Test func `tensors are found under the names of published files and of those that transformers 5 writes`() throws {
    func prefixed(_ prefixes: KeyValuePairs<String, String>) -> (String) -> String {
      { WeightLayout(prefixes).name(of: $0) }
    }
    let layouts: [(TinyFamily, (String) -> String)] = [
      (.qwen2VL, prefixed(["model.visual.": "visual.", "model.language_model.": "model."])),
      (.qwen25VL, prefixed(["model.visual.": "visual.", "model.language_model.": "model."])),
      (
        .internVL,
        prefixed([
          "model.language_model.": "language_model.model.", "lm_head": "language_model.lm_head", "model.": "",
        ])
      ),
      (
        .llava,
        prefixed([
          "model.language_model.": "language_model.model.", "lm_head": "language_model.lm_head",
          "model.vision_tower.": "vision_tower.vision_model.", "model.": "",
        ])
      ),
      (
        .llavaNext,
        prefixed([
          "model.language_model.": "language_model.model.", "lm_head": "language_model.lm_head",
          "model.vision_tower.": "vision_tower.vision_model.", "model.": "",
        ])
      ),
      (
        .llavaNext,
        prefixed([
          "model.language_model.": "language_model.model.", "lm_head": "language_model.lm_head",
          "model.vision_tower.": "vision_tower.", "model.": "",
        ])
      ), (.llavaNext, prefixed(["model.vision_tower.": "model.vision_tower.vision_model."])),
      (
        .gemma3,
        prefixed([
          "model.language_model.": "language_model.model.", "model.vision_tower.": "vision_tower.vision_model.",
          "model.": "",
        ])
      ),
      (
        .gemma3,
        prefixed([
          "model.language_model.": "language_model.model.", "model.vision_tower.": "vision_tower.", "model.": "",
        ])
      ), (.gemma3, prefixed(["model.vision_tower.": "model.vision_tower.vision_model."])),
    ]
    for (family, rename) in layouts {
      try withTemporaryFolder { folder in
        let (plain, renamed) = (folder.appending(path: "a"), folder.appending(path: "b"))
        let names = try family.write(to: plain)
        #expect(try family.write(to: renamed, renaming: rename) != names)
        #expect(try logits(plain, family).isIdentical(to: logits(renamed, family)))
      }
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a folder that was read is written with its own config.json, but for the type of the weights`(
    family: TinyFamily
  ) throws {
    try withTemporaryFolder { folder in
      let (first, second) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try family.write(to: first)
      try edit(first.appending(path: "config.json")) {
        ($0["eos_token_id"], $0["architectures"], $0["torch_dtype"]) = (2, ["Some"], "bfloat16")
      }
      try StudentFamily.student(contentsOf: first).save(to: second)
      func text(_ folder: URL) throws -> String {
        let data = try Data(contentsOf: folder.appending(path: "config.json"))
        return try JSONParser.value(of: Array(data)).text(.python(indent: 2, sortsNames: true))
      }
      #expect(try text(second) == text(first).replacing("\"bfloat16\"", with: "\"float32\""))
      #expect(try logits(second, family).isIdentical(to: logits(first, family)))
    }
  }

  @Test func `a decoder's sizes are read at the top of the file too, and its positions under their older name`() throws
  {
    try withTemporaryFolder { folder in
      try TinyFamily.qwen2VL.write(to: folder)
      let nested = try logits(folder, .qwen2VL)
      try edit(folder.appending(path: "config.json")) { config in
        var text = try #require(config["text_config"] as? [String: Any])
        config["text_config"] = nil
        text["model_type"] = nil
        text["rope_scaling"] = ["type": "mrope", "mrope_section": [1, 1, 2]]
        config.merge(text) { outer, _ in outer }
        var vision = try #require(config["vision_config"] as? [String: Any])
        vision["spatial_patch_size"] = vision.removeValue(forKey: "patch_size")
        vision["in_chans"] = 3
        config["vision_config"] = vision
      }
      #expect(try logits(folder, .qwen2VL).isIdentical(to: nested))
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a student that is written is read again`(family: TinyFamily) throws {
    try withTemporaryFolder { folder in
      let (first, second) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try family.write(to: first)
      try StudentFamily.student(contentsOf: first).save(to: second)
      #expect(try logits(first, family).isIdentical(to: logits(second, family)))
    }
  }

  @Test(arguments: TinyFamily.readingImages)
  func `what the file of the whole processor says of images is read there`(family: TinyFamily) throws {
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      let apart = try logits(folder, family)
      let (old, new) = (
        folder.appending(path: "preprocessor_config.json"), folder.appending(path: "processor_config.json")
      )
      // A file that says nothing of images leaves the older one as it is.
      try Data(#"{"processor_class": "Processor"}"#.utf8).write(to: new)
      #expect(try logits(folder, family).isIdentical(to: apart))
      let images = try JSONSerialization.jsonObject(with: Data(contentsOf: old))
      try JSONSerialization.data(withJSONObject: ["processor_class": "Processor", "image_processor": images]).write(
        to: new)
      try FileManager.default.removeItem(at: old)
      #expect(try logits(folder, family).isIdentical(to: apart))
    }
  }

  @Test func `the family is told by config.json, and an unknown one is refused with the list of those known`() throws {
    try withTemporaryFolder { folder in
      try TinyFamily.qwen2.write(to: folder)
      #expect(try StudentFamily(contentsOf: folder) == .textDecoder)
      #expect(try StudentFamily.student(contentsOf: folder) is TextDecoder)
      #expect(try StudentFamily.configuration(contentsOf: folder).text.biases == .inputs)
      #expect(throws: StudentError.unknownFamily(folder.path, found: "qwen2", known: ["llava_next"])) {
        try LlavaNext(contentsOf: folder)
      }
      try Data(#"{"model_type": "granite"}"#.utf8).write(to: folder.appending(path: "config.json"))
      let known = StudentFamily.modelTypes
      #expect(known.starts(with: ["idefics3", "smolvlm"]) && Set(known).count == known.count)
      #expect(["qwen2_vl", "llava_next", "llama", "mistral", "qwen2", "qwen3", "smollm3"].allSatisfy(known.contains))
      #expect(throws: StudentError.unknownFamily(folder.path, found: "granite", known: known)) {
        try StudentFamily.student(contentsOf: folder)
      }
    }
  }

  @Test func `what a family does not compute is refused by name`() throws {
    func part(_ name: String, _ config: inout [String: Any], _ change: (inout [String: Any]) -> Void) {
      var own = config[name] as? [String: Any] ?? [:]
      change(&own)
      config[name] = own
    }
    let changes: [(TinyFamily, String, (inout [String: Any]) -> Void)] = [
      (.llavaNext, "vision_feature_select_strategy \"full\"", { $0["vision_feature_select_strategy"] = "full" }),
      (.llavaNext, "vision_feature_layer -9", { $0["vision_feature_layer"] = -9 }),
      (.llavaNext, "siglip_vision_model", { $0["vision_config"] = ["model_type": "siglip_vision_model"] }),
      (.qwen2VL, "features of 48 must be", { $0["vision_config"] = ["hidden_size": 48] }),
      (.qwen2VL, "qwen2_5_vl", { $0["vision_config"] = ["model_type": "qwen2_5_vl"] }),
      (
        .qwen25VL, "window_size 20", { part("vision_config", &$0) { ($0["window_size"], $0["patch_size"]) = (20, 14) } }
      ),
      (.qwen25VL, "hidden_act", { part("vision_config", &$0) { $0["hidden_act"] = "gelu" } }),
      (.qwen25VL, "\"qwen3\" of the decoder", { part("text_config", &$0) { $0["model_type"] = "qwen3" } }),
      (.qwen3VL, "\"qwen2\" of the decoder", { part("text_config", &$0) { $0["model_type"] = "qwen2" } }),
      (
        .qwen3VL, "deepstack_visual_indexes [1, 0]",
        {
          part("vision_config", &$0) { $0["deepstack_visual_indexes"] = [1, 0] }
        }
      ),
      (
        .qwen3VL, "deepstack_visual_indexes [3]",
        {
          part("vision_config", &$0) { $0["deepstack_visual_indexes"] = [3] }
        }
      ),
      (
        .qwen3VL, "num_position_embeddings 8",
        {
          part("vision_config", &$0) { $0["num_position_embeddings"] = 8 }
        }
      ),
      (
        .qwen3VL, "mrope_section [1, 1, 1]",
        {
          part("text_config", &$0) { $0["rope_scaling"] = ["mrope_section": [1, 1, 1]] }
        }
      ),
      (.llava, "vision_feature_select_strategy \"full\"", { $0["vision_feature_select_strategy"] = "full" }),
      (.internVL, "downsample_ratio 0.3", { $0["downsample_ratio"] = 0.3 }),
      (.internVL, "downsample_ratio 0.2", { $0["downsample_ratio"] = 0.2 }),
      (.internVL, "vision_feature_layer -2", { $0["vision_feature_layer"] = -2 }),
      (.internVL, "[8, 16] is not computed", { part("vision_config", &$0) { $0["image_size"] = [8, 16] } }),
      (.internVL, "use_mask_token", { part("vision_config", &$0) { $0["use_mask_token"] = true } }),
      (.llama, "sliding_window of 16", { $0["sliding_window"] = 16 }),
      (.llavaNext, "text_config.model_type: model_type \"granite\"", { $0["text_config"] = ["model_type": "granite"] }),
      (.qwen2VL, "model_type \"llama\"", { $0["text_config"] = ["model_type": "llama"] }),
      (.qwen3, "residual_multiplier 0.5", { $0["residual_multiplier"] = 0.5 }),
      (.smolLM3, "a_key [1, 2]", { $0["a_key"] = [1, 2] }),
      (.llama, "rope_type \"yarn\"", { $0["rope_scaling"] = ["rope_type": "yarn", "factor": 2] }),
    ]
    for (family, text, change) in changes {
      try withTemporaryFolder { folder in
        try family.write(to: folder)
        try edit(folder.appending(path: "config.json"), change)
        do {
          _ = try StudentFamily.student(contentsOf: folder)
          Issue.record("\(text) was read")
        } catch { #expect("\(error)".contains(text), "\(error)") }
      }
    }
  }

  @Test func `a processor that cuts images in another way than the tower takes them is refused`() throws {
    for (family, json) in [
      (TinyFamily.qwen2VL, #"{"patch_size": 8}"#), (.qwen3VL, #"{"patch_size": 8}"#),
      (.llava, #"{"size": {"shortest_edge": 8}, "crop_size": {"height": 4, "width": 8}}"#),
      (.internVL, #"{"size": {"height": 4, "width": 4}}"#),
      (
        .llavaNext,
        #"{"size": {"shortest_edge": 4}, "crop_size": {"height": 4, "width": 4}, "image_grid_pinpoints": [[4, 8]]}"#
      ),
    ] {
      try withTemporaryFolder { folder in
        try family.write(to: folder)
        let file = folder.appending(path: "preprocessor_config.json")
        try Data(json.utf8).write(to: file)
        do {
          _ = try StudentFamily.student(contentsOf: folder)
          Issue.record("read")
        } catch { #expect("\(error)".hasPrefix(file.path), "\(error)") }
      }
    }
  }
}
