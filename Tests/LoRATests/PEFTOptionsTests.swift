import Foundation
import Layers
import LoRA
import Tensor
import TestSupport
import Testing

/// Options beyond plain LoRA, written and read.
@Suite struct PEFTOptionsTests {
  private let tokens = [0, 3, 6, 3, 1]
  private static let options: [@Sendable (inout LoRAConfiguration) -> Void] = [
    { $0.usesDoRA = true }, { $0.initialization = .gaussian },
    { ($0.rankPattern, $0.alphaPattern) = (["layers.0.q_proj": 3], [".*1.q_proj": 5]) },
    { ($0.targets, $0.usesDoRA) = (.names(["q_proj", "embed_tokens"]), true) },
    { $0.savedModules = ["classifier"] }, { $0.trainedBiases = .all }, { $0.trainedBiases = .adapted },
    { ($0.targets, $0.hasBias) = (.names(["layers.1.q_proj", "classifier.dense"]), true) },
    { ($0.isRankStabilized, $0.rankPattern) = (true, ["layers.0.q_proj": 1]) },
  ]

  @Test(arguments: options.indices) func `an adapter loads to the same bits and is saved again to the same bytes`(
    _ i: Int
  ) throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try TokenModel.adapted(Self.options[i])
      let (a, b) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try model.saveAdapter(to: a, configuration: configuration, baseModel: "base")
      var other = TokenModel()
      let loaded = try other.loadAdapter(from: a)
      #expect(other(tokens).isIdentical(to: model(tokens)) && other.contents == model.contents)
      #expect(other.withoutAdapters { $0(tokens) }.isIdentical(to: TokenModel()(tokens)))
      #expect(other.parameters().map(\.parameter.isTrainable) == model.parameters().map(\.parameter.isTrainable))
      try other.saveAdapter(to: b, configuration: loaded, baseModel: "base")
      let name = "adapter_model.safetensors"
      #expect(try Data(contentsOf: a.appending(path: name)) == Data(contentsOf: b.appending(path: name)))
      // A third reader gets the same from the second folder.
      var third = TokenModel()
      try third.loadAdapter(from: b)
      #expect(third(tokens).isIdentical(to: model(tokens)))
    }
  }

  @Test func `tensors beyond A and B have PEFT's names`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try TokenModel.adapted {
        ($0.targets, $0.usesDoRA) = (.names(["layers.1.q_proj", "embed_tokens"]), true)
        ($0.savedModules, $0.trainedBiases) = (["out_proj"], .adapted)
      }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let file = try Tensor.SafetensorsFile(contentsOf: folder.appending(path: "adapter_model.safetensors"))
      #expect(
        file.names
          == [
            "classifier.out_proj.bias", "classifier.out_proj.weight", "model.embed_tokens.lora_embedding_A",
            "model.embed_tokens.lora_embedding_B", "model.embed_tokens.lora_magnitude_vector",
            "model.layers.1.q_proj.base_layer.bias", "model.layers.1.q_proj.lora_A.weight",
            "model.layers.1.q_proj.lora_B.weight", "model.layers.1.q_proj.lora_magnitude_vector",
          ].map { "base_model.model." + $0 })
      #expect(file.shape(of: "base_model.model.model.embed_tokens.lora_embedding_A") == [2, 7])
      #expect(file.shape(of: "base_model.model.model.embed_tokens.lora_embedding_B") == [4, 2])
      #expect(file.shape(of: "base_model.model.model.embed_tokens.lora_magnitude_vector") == [4])
    }
  }

  @Test func `an adapter of a classifier brings the head, without which PEFT does not load it`() throws {
    try withTemporaryFolder { folder in
      let (bare, plain) = try TokenModel.adapted { _ in }
      let error = #expect(throws: LoRAError.self) {
        try bare.saveAdapter(to: folder, configuration: plain, baseModel: "base", taskType: "SEQ_CLS")
      }
      #expect(error.map { "\($0)" }?.contains("leaves classifier.dense.weight to the base") == true)
      try bare.saveAdapter(to: folder, configuration: plain, baseModel: "base", taskType: nil)
      let (whole, configuration) = try TokenModel.adapted { $0.savedModules = ["classifier"] }
      try whole.saveAdapter(to: folder, configuration: configuration, baseModel: "base", taskType: "SEQ_CLS")
    }
  }

  @Test func `parts trained as a whole are the base's own without the adapter`() throws {
    let (model, _) = try TokenModel.adapted { $0.savedModules = ["classifier"] }
    let base = TokenModel()
    #expect(!model.classifier[0].effectiveWeight().isIdentical(to: base.classifier[0].effectiveWeight()))
    model.withoutAdapters { #expect($0.contents.filter { !$0.key.contains("lora") } == base.contents) }
    let gradients = model.valueAndGradients { $0(tokens).sum() }.gradients
    #expect(
      gradients.paths.contains("classifier.out_proj.weight") && !gradients.paths.contains("model.layers.1.q_proj.bias"))
  }

  @Test func `a principal beginning changes nothing and is saved as a plain adapter of twice the rank`() throws {
    for stabilized in [false, true] {
      var configuration = LoRAConfiguration()
      (configuration.rank, configuration.alpha, configuration.targets) = (2, 3, .names(["q_proj"]))
      (configuration.initialization, configuration.isRankStabilized) = (.principal, stabilized)
      var model = TokenModel()
      var generator = Tensor.Generator(seed: 1)
      try model.attachAdapters(configuration, using: &generator)
      expectClose(model(tokens), TokenModel()(tokens), relative: 1e-6, absolute: 1e-6)
      guard let adapted = model.first as? LoRAProjection else { throw LoRAError.noAdapter }
      // What is left of the weight has the other singular values.
      let (part, weight) = (adapted.parts[0], adapted.base.effectiveWeight())
      let rest = weight - part.b.value.matmul(part.a.value) * part.scale
      let values = try #require(weight.singularValues()).values.scalars
      let left = try #require(rest.singularValues()).values.scalars
      expectClose(Tensor(left, shape: [4]), Tensor([values[2], values[3], 0, 0], shape: [4]), absolute: 1e-5)
      model.stirTrainable(seed: 5)
      try withTemporaryFolder { folder in
        try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
        var other = TokenModel()
        let loaded = try other.loadAdapter(from: folder)
        #expect(
          loaded.rank == 4 && loaded.initialization == .standard && abs(loaded.scale - configuration.scale) < 1e-6)
        expectClose(other(tokens), model(tokens), relative: 1e-5, absolute: 1e-5)
      }
    }
  }

  @Test func `a file with a principal beginning takes it out of the base, as PEFT does`() throws {
    try withTemporaryFolder { folder in
      let text = #"""
        {"peft_type": "LORA", "target_modules": ["layers.0.q_proj"], "r": 2, "lora_alpha": 2,
         "init_lora_weights": "pissa"}
        """#
      try Data(text.utf8).write(to: folder.appending(path: "adapter_config.json"))
      let stem = "base_model.model.model.layers.0.q_proj.lora_"
      try Tensor.writeSafetensors(
        ["\(stem)A.weight": .zeros([2, 4]), "\(stem)B.weight": .zeros([5, 2])],
        to: folder.appending(path: "adapter_model.safetensors"))
      var model = TokenModel()
      try model.loadAdapter(from: folder)
      let values = try #require(TokenModel().first.effectiveWeight().singularValues()).values.scalars
      let left = try #require(model.first.effectiveWeight().singularValues()).values.scalars
      expectClose(Tensor(left, shape: [4]), Tensor([values[2], values[3], 0, 0], shape: [4]), absolute: 1e-5)
    }
  }

  @Test func `a table that PEFT saved beside an adapter on it is taken where it differs`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try TokenModel.adapted { $0.targets = .names(["embed_tokens"]) }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let url = folder.appending(path: "adapter_model.safetensors")
      let file = try Tensor.SafetensorsFile(contentsOf: url)
      var tensors = try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) })
      let name = "base_model.model.model.embed_tokens.base_layer.weight"
      tensors[name] = TokenModel().table.weight.value
      try Tensor.writeSafetensors(tensors, to: url)
      var same = TokenModel()
      try same.loadAdapter(from: folder)
      #expect(same(tokens).isIdentical(to: model(tokens)))
      tensors[name] = TokenModel(seed: 2).table.weight.value
      try Tensor.writeSafetensors(tensors, to: url)
      var other = TokenModel()
      try other.loadAdapter(from: folder)
      #expect(other.table.weight.value.isIdentical(to: TokenModel(seed: 2).table.weight.value))
      #expect(other.withoutAdapters { $0(tokens) }.isIdentical(to: TokenModel()(tokens)))
    }
  }

  @Test func `an adapter is written in the layout that was asked for and says which it was read from`() throws {
    let paths = ["model.language_model.layers.0.mlp.up_proj", "model.visual.blocks.0.attn.proj"]
    var model = PathModel(paths)
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.targets) = (1, .names(["up_proj"]))
    var generator = Tensor.Generator(seed: 1)
    try model.attachAdapters(configuration, using: &generator)
    model.wakeAdapters(seed: 2)
    for (layout, stem) in [
      (LoRAConfiguration.Layout.asModel, paths[0]), (.current, paths[0]), (.earlier, "model.layers.0.mlp.up_proj"),
    ] {
      try withTemporaryFolder { folder in
        configuration.layout = layout
        try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
        let file = try Tensor.SafetensorsFile(contentsOf: folder.appending(path: "adapter_model.safetensors"))
        #expect(file.names[0] == "base_model.model.\(stem).lora_A.weight")
        var other = PathModel(paths)
        let loaded = try other.loadAdapter(from: folder)
        #expect(loaded.layout == (layout == .earlier ? .earlier : .asModel) && other.contents == model.contents)
      }
    }
  }

  @Test func `a configuration is read without a model`() throws {
    try withTemporaryFolder { folder in
      let (model, configuration) = try TokenModel.adapted { ($0.usesDoRA, $0.dropout) = (true, 0.25) }
      try model.saveAdapter(to: folder, configuration: configuration, baseModel: "base")
      let read = try LoRAConfiguration(adapterFolder: folder)
      #expect(read.rank == 2 && read.alpha == 3 && read.usesDoRA && read.dropout == 0.25)
      #expect(read.targets == .names(["model.layers.0.q_proj", "model.layers.1.q_proj"]))
    }
  }
}
