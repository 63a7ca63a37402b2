import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing

/// Adapters around token table and output head against PEFT 0.21.2 on transformers 5.24; `Golden/make_adapters.py` says how
/// the figures were made.
@Suite struct AdapterGoldenTests {
  struct Case: Decodable, CustomTestStringConvertible {
    var name: String
    var family: String
    var config: String
    var adapter: String
    var ids: [Int]
    var shapes: [String: [Int]]
    var equal: [String: String]
    var transposed: [String: String]
    var logits: [[Float]]

    var testDescription: String { name }

    /// Number k of a tensor is 0.3 · sin(bytes of its name + 0.7 (k + 1)), but for those that follow from others.
    func tensor(_ name: String) -> Tensor {
      if let other = equal[name] { return tensor(other) }
      if let other = transposed[name] { return tensor(other).transposed() }
      let (start, shape) = (Double(name.utf8.reduce(0) { $0 + Int($1) }), shapes[name] ?? [])
      return Tensor(
        (0..<shape.reduce(1, *)).map { Float(0.3 * sin(start + 0.7 * Double($0 + 1))) }, shape: shape)
    }

    func write(to folder: URL) throws {
      try Data(adapter.utf8).write(to: folder.appending(path: "adapter_config.json"))
      try Tensor.writeSafetensors(
        Dictionary(uniqueKeysWithValues: shapes.keys.map { ($0, tensor($0)) }),
        to: folder.appending(path: "adapter_model.safetensors"))
    }

    var expected: Tensor { Tensor(logits.flatMap { $0 }, shape: [ids.count, logits[0].count]) }
  }

  static let cases = goldenCases(of: "adapters", as: Case.self)

  @Test func `the golden file has every shape`() { #expect(Self.cases.count == 45) }

  @Test(arguments: cases) func `an adapter computes what PEFT computes, off and on, saved again, and merged`(
    golden: Case
  ) throws {
    switch golden.family {
    case "smolvlm": try check(golden, SmolVLMModel.self)
    case "qwen2_vl": try check(golden, QwenVLModel<Qwen2VLConfiguration>.self)
    default: try check(golden, TextDecoderModel.self)
    }
  }

  private func base<Model: FamilyModel>(_ golden: Case, _ type: Model.Type) throws -> Model {
    var generator = Tensor.Generator(seed: 1)
    let configuration = try JSONDecoder().decode(Model.Configuration.self, from: Data(golden.config.utf8))
    var model = Model(configuration, using: &generator)
    var waves = FamilyGoldenTests.Waves()
    model.visit(&waves, at: "")
    return model
  }

  private func check<Model: FamilyModel>(_ golden: Case, _ type: Model.Type) throws {
    let base = try base(golden, type)
    try withTemporaryFolder { folder in
      try golden.write(to: folder)
      var model = base
      let loaded = try model.loadAdapter(from: folder)
      let logits = model.logits(of: golden.ids, images: [])
      expectClose(logits, golden.expected, relative: 0, absolute: 5e-5)
      // Without it the model is the base, to the bit.
      let words = golden.ids.filter { $0 < base.configuration.text.vocabularySize }
      let plain = base.logits(of: words, images: [])
      model.withoutAdapters { off in
        let rows = off.logits(of: words, images: []).transposed()
        let count = min(rows.shape[0], plain.shape[1])
        expectClose(rows.rows(0..<count), plain.transposed().rows(0..<count), relative: 0, absolute: 1e-6)
      }
      if plain.shape[1] == logits.shape[1] {
        var removed = model
        removed.removeAdapters()
        #expect(removed.logits(of: words, images: []).isIdentical(to: plain))
        #expect(removed.parameters().map(\.path) == base.parameters().map(\.path))
      }
      // Saved again, it is the same to the next reader.
      let again = folder.appending(path: "again")
      try model.saveAdapter(to: again, configuration: loaded, baseModel: "base")
      var other = base
      try other.loadAdapter(from: again)
      #expect(other.logits(of: golden.ids, images: []).isIdentical(to: logits))
      // It trains, and moves the loss of a token downhill.
      try checkTraining(model, golden.ids)
      for keeping in [true, false] {
        var merged = model
        guard keeping || !loaded.hasBias else {
          // PEFT: "Impossible to merge LoRA with `lora_bias=True` because the base layer has no bias."
          #expect(throws: LoRAError.self) { try merged.mergeAdapters() }
          continue
        }
        try merged.mergeAdapters(keepingAdapters: keeping)
        expectClose(merged.logits(of: golden.ids, images: []), golden.expected, relative: 0, absolute: 5e-5)
        guard keeping else { continue }
        merged.unmergeAdapters()
        #expect(merged.logits(of: golden.ids, images: []).isIdentical(to: logits))
      }
    }
  }

  /// PEFT puts a product on Qwen2-VL's patch convolution too where `proj` is targeted: A is a kernel then.
  @Test func `a product on a convolution is refused as one, and not as another model's`() throws {
    let golden = try #require(Self.cases.first { $0.family == "qwen2_vl" })
    var model = try base(golden, QwenVLModel<Qwen2VLConfiguration>.self)
    try withTemporaryFolder { folder in
      let text = #"{"peft_type": "LORA", "r": 2, "target_modules": ["patch_embed.proj", "q_proj"]}"#
      try Data(text.utf8).write(to: folder.appending(path: "adapter_config.json"))
      let stem = "base_model.model.model.visual.patch_embed.proj.lora_"
      try Tensor.writeSafetensors(
        ["\(stem)A.weight": .zeros([2, 3, 2, 2, 2]), "\(stem)B.weight": .zeros([8, 2, 1, 1, 1])],
        to: folder.appending(path: "adapter_model.safetensors"))
      let error = #expect(throws: LoRAError.self) { try model.loadAdapter(from: folder) }
      guard case .notAdaptable("model.visual.patch_embed.proj", let reason) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(reason.contains("a convolution [8, 3, 2, 2, 2]"))
    }
  }

  private func checkTraining(_ model: some FamilyModel, _ ids: [Int]) throws {
    var model = model
    func loss(_ model: some FamilyModel) -> Tensor {
      model.logits(of: ids, images: []).crossEntropy(classes: ids.dropFirst() + [ids[0]])
    }
    let (before, gradients) = model.valueAndGradients { loss($0) }
    #expect(!gradients.paths.isEmpty)
    var optimizer = AdamW()
    optimizer.update(&model, gradients: gradients, learningRate: 1e-4)
    #expect(loss(model).scalars[0] < before.scalars[0])
  }
}
