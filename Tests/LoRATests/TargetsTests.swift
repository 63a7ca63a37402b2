import Layers
import LoRA
import Tensor
import Testing

@Suite struct TargetsTests {
  let text = (0..<2).flatMap {
    ["model.text_model.layers.\($0).self_attn.q_proj", "model.text_model.layers.\($0).mlp.up_proj"]
  }
  let vision = "model.vision_model.encoder.layers.0.self_attn.q_proj"
  let connector = "model.connector.modality_projection.proj"

  private func adapted(_ change: (inout LoRAConfiguration) -> Void) throws -> [String] {
    var configuration = LoRAConfiguration()
    change(&configuration)
    var model = PathModel.pictures
    var generator = Tensor.Generator(seed: 1)
    let paths = try model.attachAdapters(configuration, using: &generator)
    #expect(model.adapted == paths)
    return paths
  }

  @Test func `by default the language model alone is adapted: no vision, no connector, no head`() throws {
    #expect(try adapted { _ in } == text)
  }

  @Test func `vision and connector are adapted where that is asked, the head never by default`() throws {
    #expect(try adapted { $0.adaptsVision = true } == [vision, connector] + text)
  }

  @Test func `towers of other families count as vision too`() throws {
    for path in ["visual.blocks.0.attn.qkv", "model.vision_tower.layers.0.fc1", "multi_modal_projector.linear_1"] {
      #expect(try !LoRAConfiguration().adapts(path), "\(path)")
    }
    for path in ["model.layers.0.mlp.up_proj", "encoder.layer.0.attention.self.query"] {
      #expect(try LoRAConfiguration().adapts(path), "\(path)")
    }
  }

  @Test func `a name is a whole path or its end after a dot`() throws {
    #expect(try adapted { $0.targets = .names(["q_proj"]) } == [text[0], text[2]])
    #expect(try adapted { $0.targets = .names(["layers.1.mlp.up_proj"]) } == [text[3]])
    #expect(try adapted { $0.targets = .names(["lm_head"]) } == ["lm_head"])
    #expect(throws: LoRAError.self) { try adapted { $0.targets = .names(["_proj", "head", "layers"]) } }
  }

  @Test func `a pattern must match the whole path, look-ahead included`() throws {
    #expect(try adapted { $0.targets = .pattern(#".*\.1\..*"#) } == [text[2], text[3]])
    #expect(throws: LoRAError.self) { try adapted { $0.targets = .pattern("layers") } }
    let wild = #"^(?!.*(?:vision|lm_head|connector)).*(?:gate_proj|up_proj|down_proj)"#
    #expect(
      try adapted {
        $0.targets = .pattern(wild)
        $0.adaptsVision = true
      } == [text[1], text[3]])
  }

  @Test func `what is excluded is left out of names and patterns`() throws {
    #expect(try adapted { $0.excluded = ["up_proj"] } == [text[0], text[2]])
    #expect(
      try adapted {
        $0.targets = .pattern(".*")
        $0.excluded = ["lm_head", "layers.0.self_attn.q_proj"]
      } == [text[1], text[2], text[3]])
  }

  @Test func `no match and a bad pattern are errors that leave the model as it was`() throws {
    var model = PathModel.pictures
    let before = model.parameters().map(\.parameter.isTrainable)
    var generator = Tensor.Generator(seed: 1)
    var configuration = LoRAConfiguration()
    configuration.targets = .names(["k_proj"])
    let nothing = LoRAError.unmatched(option: "targets", names: ["k_proj"], available: model.paths)
    #expect(throws: nothing) { try model.attachAdapters(configuration, using: &generator) }
    configuration.targets = .pattern("(")
    #expect {
      try model.attachAdapters(configuration, using: &generator)
    } throws: {
      guard case LoRAError.invalidPattern("(", _) = $0 else { return false }
      return "\($0)".contains("\"(\"")
    }
    #expect(model.parameters().map(\.parameter.isTrainable) == before)
    #expect(model.adapted == [])
  }

  @Test func `a pattern of exclusions must match the whole path`() throws {
    #expect(try adapted { $0.excludedPatterns = [".*up_proj"] } == [text[0], text[2]])
    #expect(throws: LoRAError.self) { try adapted { $0.excludedPatterns = ["up_proj"] } }
    #expect(try adapted { ($0.excludedPatterns, $0.excluded) = ([".*1.*up_proj"], ["q_proj"]) } == [text[1]])
  }

  @Test func `names reach the layers that were asked for, patterns all`() throws {
    #expect(try adapted { ($0.targets, $0.layers) = (.names(["q_proj", "up_proj"]), [1]) } == [text[2], text[3]])
    #expect(
      try adapted {
        ($0.targets, $0.layers, $0.layersPattern) = (.names(["q_proj", "lm_head"]), [0], ["layers"])
      } == [text[0]])
    #expect(throws: LoRAError.self) {
      try adapted { ($0.targets, $0.layers, $0.layersPattern) = (.names(["q_proj"]), [0], ["blocks"]) }
    }
    #expect(try adapted { $0.layers = [1] } == [text[2], text[3]])
    #expect(try adapted { ($0.targets, $0.layers) = (.pattern(".*q_proj"), [1]) } == [text[0], text[2]])
  }

  @Test func `a layer's number is the first one after two components`() throws {
    var configuration = LoRAConfiguration()
    (configuration.targets, configuration.layers) = (.names(["q_proj"]), [1])
    for (path, expected) in [
      ("model.layers.1.experts.0.q_proj", true), ("model.layers.0.experts.1.q_proj", false),
      ("layers.1.q_proj", false), ("model.layers.q_proj", false), ("model.layers.11.q_proj", false),
    ] {
      #expect(try configuration.adapts(path) == expected, "\(path)")
    }
  }

  @Test func `ranks and alphas follow the patterns that match a path or its end`() throws {
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha, configuration.isRankStabilized) = (4, 8, true)
    configuration.rankPattern = [#"layers\.0\..*proj"#: 1, "up_proj": 2, "proj": 3]
    configuration.excluded = ["layers.0.mlp.up_proj"]
    configuration.alphaPattern = ["model.text_model.layers.1.self_attn.q_proj": 6]
    var model = PathModel.pictures
    var generator = Tensor.Generator(seed: 1)
    try model.attachAdapters(configuration, using: &generator)
    let parts = model.projections.compactMap { ($0 as? LoRAProjection)?.parts[0] }
    #expect(parts.map(\.rank) == [1, 4, 2] && parts.map(\.alpha) == [8, 6, 8])
    #expect(parts.map(\.scale) == [8, 3, 8 / Float(2).squareRoot()])
  }

  @Test func `keys that ask for different ranks at one path are refused by name`() throws {
    let path = "model.text_model.layers.0.mlp.up_proj"
    #expect(throws: LoRAError.ambiguousPattern(path: path, keys: ["mlp.up_proj", "up_proj"])) {
      try adapted { ($0.targets, $0.rankPattern) = (.names(["up_proj"]), ["up_proj": 2, "mlp.up_proj": 3]) }
    }
    #expect(
      try adapted { ($0.targets, $0.rankPattern) = (.names(["up_proj"]), ["up_proj": 2, "mlp.up_proj": 2]) }
        == [text[1], text[3]])
  }

  @Test func `tables of token vectors are adapted by name, and never as linear layers`() throws {
    #expect(try TokenModel.adapted { $0.targets = .allLinear }.model.table.adapter == nil)
    let (model, _) = try TokenModel.adapted { $0.targets = .pattern(#".*embed_tokens|.*\.1\.q_proj"#) }
    #expect(model.table.adapter != nil && model.first is Linear && model.second is LoRAProjection)
  }

  @Test func `what is trained as a whole is not adapted`() throws {
    let (model, _) = try TokenModel.adapted {
      ($0.targets, $0.savedModules) = (.names(["q_proj", "dense"]), ["classifier"])
    }
    #expect(model.classifier[0] is Linear)
    #expect(throws: LoRAError.self) { try TokenModel.adapted { $0.savedModules = ["pooler"] } }
  }

  @Test func `a plan says what attaching would do`() throws {
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.targets, configuration.usesDoRA) = (2, .names(["q_proj"]), true)
    (configuration.savedModules, configuration.trainedBiases) = (["out_proj"], .adapted)
    var model = TokenModel()
    let plan = try model.planAdapters(configuration)
    #expect(plan.paths == ["model.layers.0.q_proj", "model.layers.1.q_proj"])
    #expect(
      plan.copies == ["classifier.out_proj.bias", "classifier.out_proj.weight", "model.layers.1.q_proj.bias"])
    #expect(model.contents == TokenModel().contents)
    var generator = Tensor.Generator(seed: 1)
    #expect(try model.attachAdapters(configuration, using: &generator) == plan.paths)
    #expect(model.parameterCount(trainableOnly: true) == plan.parameterCount)
  }

  @Test func `a plan knows whether image features would change with training`() throws {
    let paths = ["model.connector.proj", "model.text_model.layers.0.q_proj", "model.vision_model.layers.0.q_proj"]
    func reaches(_ change: (inout LoRAConfiguration) -> Void) throws -> Bool {
      var configuration = LoRAConfiguration()
      change(&configuration)
      var model = PathModel(paths)
      let plan = try model.planAdapters(configuration)
      var generator = Tensor.Generator(seed: 1)
      try model.attachAdapters(configuration, using: &generator)
      #expect(model.adaptersReachVision == plan.reachesVision)
      return plan.reachesVision
    }
    #expect(try !reaches { _ in })
    #expect(try reaches { $0.adaptsVision = true })
    #expect(try reaches { $0.savedModules = ["connector"] })
  }

  @Test func `a copy that trains is Float32, whatever type the base has`() throws {
    var model = TokenModel()
    model.freeze()
    model.convertFrozenWeights(to: .bfloat16)
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.targets) = (2, .names(["q_proj"]))
    configuration.savedModules = ["out_proj"]
    var generator = Tensor.Generator(seed: 1)
    try model.attachAdapters(configuration, using: &generator)
    // Inputs of a product with a matrix kept in bfloat16 are rounded; those of a plain one are not.
    let x = Tensor([1.003, 0.502, -0.251], shape: [1, 3])
    let copy = try #require(model.parameters().first { $0.path == "classifier.out_proj.weight" }).parameter
    let plain = Tensor(copy.value.scalars, shape: copy.value.shape)
    #expect(x.matmul(copy.value, transposeB: true).isIdentical(to: x.matmul(plain, transposeB: true)))
    #expect(copy.alternative?.isBase == true)
  }

  @Test func `options that exclude each other, and values out of range, are refused`() throws {
    for change: (inout LoRAConfiguration) -> Void in [
      { $0.rank = 0 }, { $0.rankPattern = ["q_proj": 0] }, { $0.alpha = .nan }, { $0.dropout = 1 },
      { ($0.usesDoRA, $0.hasBias) = (true, true) }, { ($0.usesDoRA, $0.initialization) = (true, .principal) },
      { ($0.hasBias, $0.initialization) = (true, .principal) },
    ] {
      #expect {
        try TokenModel.adapted(change)
      } throws: {
        guard case LoRAError.invalidConfiguration = $0 else { return false }
        return true
      }
    }
    // An offset of its own needs a projection; a principal part at most as many values as there are.
    for change: (inout LoRAConfiguration) -> Void in [
      { ($0.hasBias, $0.targets) = (true, .names(["embed_tokens"])) },
      { ($0.initialization, $0.rank) = (.principal, 5) },
      { ($0.initialization, $0.targets) = (.principal, .names(["embed_tokens"])) },
    ] {
      #expect {
        try TokenModel.adapted(change)
      } throws: {
        guard case LoRAError.notAdaptable = $0 else { return false }
        return true
      }
    }
  }

  @Test func `the scale is alpha over rank, or over its root`() {
    var configuration = LoRAConfiguration()
    #expect(configuration.scale == 2)
    configuration.isRankStabilized = true
    #expect(configuration.scale == 8)
  }
}
