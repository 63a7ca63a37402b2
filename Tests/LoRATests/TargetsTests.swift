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
    let nothing = LoRAError.nothingMatches(targets: #"names(["k_proj"])"#, available: model.paths)
    #expect(throws: nothing) { try model.attachAdapters(configuration, using: &generator) }
    #expect(nothing.description.contains("k_proj") && nothing.description.contains("and 1 more"))
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

  @Test func `the scale is alpha over rank, or over its root`() {
    var configuration = LoRAConfiguration()
    #expect(configuration.scale == 2)
    configuration.isRankStabilized = true
    #expect(configuration.scale == 8)
  }
}
