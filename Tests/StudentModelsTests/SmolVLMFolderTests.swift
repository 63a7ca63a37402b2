import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct SmolVLMFolderTests {
  /// A folder of a tiny student, changed, then read: what the error says.
  private func reading(_ change: (URL) throws -> Void) throws -> String {
    try withTemporaryFolder { folder in
      try Tiny.student().save(to: folder)
      try change(folder)
      do {
        _ = try SmolVLM(contentsOf: folder)
        return "no error"
      } catch { return "\(error)" }
    }
  }

  private func edit(_ url: URL, _ change: (inout [String: Any]) -> Void) throws {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  @Test func `a saved student scores as before, and is saved as the same files again`() throws {
    try withTemporaryFolder { folder in
      let student = try Tiny.student()
      let (first, second) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try student.save(to: first)
      let read = try SmolVLM(contentsOf: first)
      try read.save(to: second)
      let scores = student.logProbabilities(of: try Tiny.trees(student)).logProbabilities
      #expect(read.logProbabilities(of: try Tiny.trees(read)).logProbabilities.isIdentical(to: scores))
      #expect(read.endOfTurn == student.endOfTurn && read.maximumTokens == student.maximumTokens)
      #expect(
        try JSONEncoder.sorted.encode(read.model.configuration)
          == JSONEncoder.sorted.encode(student.model.configuration))
      let names = try FileManager.default.contentsOfDirectory(atPath: first.path).sorted()
      #expect(try FileManager.default.contentsOfDirectory(atPath: second.path).sorted() == names)
      for name in [
        "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "preprocessor_config.json",
      ] {
        #expect(names.contains(name))
      }
      for name in names {
        #expect(
          try Data(contentsOf: first.appending(path: name)) == Data(contentsOf: second.appending(path: name)), "\(name)"
        )
      }
    }
  }

  @Test func `a tied head is saved and read too`() throws {
    try withTemporaryFolder { folder in
      var configuration = try Tiny.student().model.configuration
      configuration.text.tiesEmbeddings = true
      var generator = Tensor.Generator(seed: 3)
      var student = try Tiny.student()
      student.model = SmolVLMModel(configuration, using: &generator)
      try student.save(to: folder)
      let read = try SmolVLM(contentsOf: folder)
      let trees = try Tiny.trees(read)
      #expect(read.model.head == nil && student.model.head == nil)
      #expect(
        read.logProbabilities(of: trees).logProbabilities.isIdentical(
          to: student.logProbabilities(of: trees).logProbabilities))
    }
  }

  @Test func `missing, unknown and misshapen tensors are refused by their names`() throws {
    let name = "model.connector.modality_projection.proj.weight"
    func changing(_ change: (inout [String: Tensor]) -> Void) throws -> String {
      try reading { folder in
        let url = folder.appending(path: "model.safetensors")
        let file = try Tensor.SafetensorsFile(contentsOf: url)
        var tensors = try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) })
        change(&tensors)
        try Tensor.writeSafetensors(tensors, to: url)
      }
    }
    #expect(try changing { $0[name] = nil }.contains(name))
    let shape = try changing { $0[name] = Tensor([1, 2, 3], shape: [3]) }
    #expect(shape.contains(name) && shape.contains("[3]"), "\(shape)")
    #expect(try changing { $0["model.surplus"] = Tensor([1], shape: [1]) }.contains("model.surplus"))
  }

  @Test func `a damaged file of the folder is named`() throws {
    #expect(
      try reading { try FileManager.default.removeItem(at: $0.appending(path: "config.json")) }.contains("config.json"))
    #expect(try reading { try Data("{".utf8).write(to: $0.appending(path: "config.json")) }.contains("config.json"))
    #expect(
      try reading { try Data("{".utf8).write(to: $0.appending(path: "tokenizer.json")) }.contains("tokenizer.json"))
    #expect(
      try reading { try Data([1, 2]).write(to: $0.appending(path: "model.safetensors")) }.contains("model.safetensors"))
    #expect(
      try reading { folder in
        try edit(folder.appending(path: "config.json")) { $0["scale_factor"] = 3 }
      }.contains("scale_factor 3 must divide the 4 patches"))
    #expect(
      try reading { folder in
        try edit(folder.appending(path: "config.json")) { $0["scale_factor"] = "two" }
      }.contains("scale_factor"))
  }

  @Test func `a folder of another family is refused by that family's name, whatever else stands in it`() throws {
    for text in [
      #"{"model_type": "qwen2_vl"}"#, #"{"model_type": "qwen2_vl", "text_config": 5}"#,
      #"{"model_type": "qwen2_vl", "vision_config": {"image_size": "large"}}"#,
    ] {
      let error = try reading { try Data(text.utf8).write(to: $0.appending(path: "config.json")) }
      #expect(error.contains("\"qwen2_vl\" is not read here"), "\(error)")
    }
  }

  @Test func `both layouts of config.json are read: tied embeddings beside the parts or inside the decoder's`() throws {
    func tied(_ text: String) throws -> Bool {
      try JSONDecoder().decode(SmolVLMConfiguration.self, from: Data(text.utf8)).text.tiesEmbeddings
    }
    let vision = #""vision_config": {"image_size": 16, "patch_size": 4, "hidden_size": 8, "num_attention_heads": 2}"#
    #expect(try tied("{\(vision), \"text_config\": {\"tie_word_embeddings\": true}}"))
    #expect(try !tied("{\(vision), \"text_config\": {\"tie_word_embeddings\": false}}"))
    #expect(try tied("{\(vision), \"tie_word_embeddings\": true, \"text_config\": {\"tie_word_embeddings\": false}}"))
    #expect(try !tied("{\(vision), \"tie_word_embeddings\": false, \"text_config\": {\"tie_word_embeddings\": true}}"))
    for type in ["idefics3", "smolvlm"] {
      let text = "{\"model_type\": \"\(type)\", \(vision), \"scale_factor\": 4, \"image_token_id\": 9}"
      let configuration = try JSONDecoder().decode(SmolVLMConfiguration.self, from: Data(text.utf8))
      #expect(configuration.modelType == type && configuration.imageToken == 9 && configuration.tokensPerTile == 1)
      let again = try JSONDecoder().decode(SmolVLMConfiguration.self, from: JSONEncoder().encode(configuration))
      #expect(try JSONEncoder.sorted.encode(again) == JSONEncoder.sorted.encode(configuration))
    }
  }

  @Test func `a fresh student is the same for the same seed`() throws {
    let (a, b, c) = (try Tiny.student(seed: 4), try Tiny.student(seed: 4), try Tiny.student(seed: 5))
    let trees = try Tiny.trees(a)
    let scores = a.logProbabilities(of: trees).logProbabilities
    #expect(b.logProbabilities(of: trees).logProbabilities.isIdentical(to: scores))
    #expect(!c.logProbabilities(of: trees).logProbabilities.isIdentical(to: scores))
    #expect(a.tokenizer.vocabularyCount == 320)
  }

  @Test func `an adapter trained on a saved student loads on the one that is read`() throws {
    try withTemporaryFolder { folder in
      var student = try Tiny.student()
      try student.save(to: folder.appending(path: "base"))
      var generator = Tensor.Generator(seed: 5)
      try student.attachAdapters(LoRAConfiguration(), using: &generator)
      student.perturbTrainable(seed: 2)
      try student.saveAdapter(
        to: folder.appending(path: "adapter"), configuration: LoRAConfiguration(), baseModel: "base")
      var read = try SmolVLM(contentsOf: folder.appending(path: "base"))
      let trees = try Tiny.trees(read)
      let plain = read.logProbabilities(of: trees).logProbabilities
      try read.loadAdapter(from: folder.appending(path: "adapter"))
      let adapted = read.logProbabilities(of: trees).logProbabilities
      #expect(adapted.isIdentical(to: student.logProbabilities(of: trees).logProbabilities))
      #expect(!adapted.isIdentical(to: plain))
      #expect(read.withoutAdapters { $0.logProbabilities(of: trees).logProbabilities }.isIdentical(to: plain))
    }
  }
}

extension JSONEncoder {
  fileprivate static var sorted: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return encoder
  }
}
