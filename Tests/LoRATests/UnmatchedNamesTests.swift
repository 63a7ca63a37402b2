import Foundation
import Layers
import LoRA
import Tensor
import TestSupport
import Testing

/// Names that reach nothing of the model: errors where we write them, passed over where PEFT did.
@Suite struct UnmatchedNamesTests {
  /// What attaching to the model of pictures throws; the model stays as it was.
  private func error(_ change: (inout LoRAConfiguration) -> Void) -> LoRAError? {
    var configuration = LoRAConfiguration()
    change(&configuration)
    var model = PathModel.pictures
    var generator = Tensor.Generator(seed: 1)
    let error = #expect(throws: LoRAError.self) { try model.attachAdapters(configuration, using: &generator) }
    #expect(model.adapted == [] && model.parameters().allSatisfy { $0.parameter.isTrainable })
    return error
  }

  private func adapted(_ change: (inout LoRAConfiguration) -> Void) throws -> [String] {
    var configuration = LoRAConfiguration()
    change(&configuration)
    return try PathModel.pictures.planAdapters(configuration).paths
  }

  @Test func `a misspelt target beside one that matches is an error with the nearest spelling`() {
    let error = error { $0.targets = .names(["q_proj", "up_porj"]) }
    #expect(error == .unmatched(option: "targets", names: ["up_porj"], available: PathModel.pictures.paths))
    #expect(
      error?.description == "the adapter's targets: \"up_porj\" (did you mean \"up_proj\"?) matches nothing in the "
        + "model, which has q_proj, proj, up_proj, lm_head; correct the spelling, or leave out what this model lacks")
  }

  @Test func `all names that match nothing are told at once, longer endings by as many components`() {
    let error = error { $0.targets = .names(["self_atn.q_proj", "gate", "up_proj"]) }
    let beginning =
      "the adapter's targets: \"self_atn.q_proj\" (did you mean \"self_attn.q_proj\"?), \"gate\" match nothing"
    #expect(error?.description.hasPrefix(beginning) == true)
  }

  @Test func `names and patterns may be mixed, and each must reach something`() throws {
    let layers = "model.text_model.layers."
    #expect(
      try adapted { $0.targets = .mixed(names: ["lm_head"], patterns: [#".*\.0\.mlp\..*"#]) }
        == [layers + "0.mlp.up_proj", "lm_head"])
    #expect(
      error { $0.targets = .mixed(names: ["q_proj", "lmhead"], patterns: [".*up_proj", ".*down_proj"]) }
        == .unmatched(option: "targets", names: ["lmhead", ".*down_proj"], available: PathModel.pictures.paths))
  }

  @Test func `other ranks and alphas must match a place too`() throws {
    let places = PathModel.pictures.paths
    #expect(
      error { $0.rankPattern = ["q_proj": 2, "v_proj": 4] }
        == .unmatched(option: "rank_pattern", names: ["v_proj"], available: places))
    #expect(
      error { $0.alphaPattern = [#"layers\.7\..*"#: 2] }
        == .unmatched(option: "alpha_pattern", names: [#"layers\.7\..*"#], available: places))
    // The place may be one that is not adapted: one table of ranks serves several choices of targets.
    #expect(try adapted { ($0.rankPattern, $0.targets) = (["up_proj": 2], .names(["lm_head"])) } == ["lm_head"])
  }

  @Test func `what is left out must be there, each name and each pattern by itself`() throws {
    #expect(
      error { ($0.excluded, $0.excludedPatterns) = (["up_proj", "q_porj"], [".*lm_head", ".*gate.*"]) }
        == .unmatched(option: "exclude", names: ["q_porj", ".*gate.*"], available: PathModel.pictures.paths))
    // A layer of the vision tower is there, adapted or not.
    #expect(try adapted { $0.excluded = ["modality_projection.proj", "q_proj"] }.count == 2)
  }

  @Test func `numbers of layers and what stands before them must be there`() throws {
    let numbers = error { $0.layers = [1, 7, 4] }
    #expect(
      numbers?.description
        == "the adapter's configuration: layers_to_transform: expected numbers of the model's layers, found 4, 7; "
        + "its numbers go from 0 to 1 (layers_pattern says before which number to look)")
    let before = error { ($0.layers, $0.layersPattern) = ([0], ["layers", "layer"]) }
    #expect(
      before?.description
        == "the adapter's layers_pattern: \"layer\" (did you mean \"layers\"?) matches nothing in the model, "
        + "which has layers; correct the spelling, or leave out what this model lacks")
    // The tower has a layer 0 alone, and is not adapted.
    #expect(try adapted { $0.layers = [1] }.count == 2)
  }

  @Test func `parts that train as a whole are looked for among the modules`() {
    let error = error { $0.savedModules = ["conector"] }
    #expect(
      error?.description.hasPrefix(
        "the adapter's modules_to_save: \"conector\" (did you mean \"connector\"?) matches nothing") == true)
  }

  @Test func `a target in the vision tower alone is an error while that is not adapted`() throws {
    let error = error { $0.targets = .names(["q_proj", "modality_projection.proj"]) }
    #expect(error?.description.contains("(modality_projection.proj)") == true)
    #expect(error?.description.contains("set it to true") == true)
    #expect(
      try adapted { ($0.targets, $0.adaptsVision) = (.names(["modality_projection.proj"]), true) }
        == ["model.connector.modality_projection.proj"])
  }

  @Test func `PEFT passes such names over, so its files are read with them`() throws {
    try withTemporaryFolder { folder in
      let text = #"""
        {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj", "v_proj"], "rank_pattern": {"v_proj": 4},
         "alpha_pattern": {"o_proj": 1}}
        """#
      try Data(text.utf8).write(to: folder.appending(path: "adapter_config.json"))
      let paths = PathModel.pictures.paths.filter { $0.hasSuffix("q_proj") }
      var tensors: [String: Tensor] = [:]
      for path in paths {
        tensors["base_model.model.\(path).lora_A.weight"] = .ones([2, 3])
        tensors["base_model.model.\(path).lora_B.weight"] = .ones([3, 2])
      }
      try Tensor.writeSafetensors(tensors, to: folder.appending(path: "adapter_model.safetensors"))
      var model = PathModel.pictures
      let loaded = try model.loadAdapter(from: folder)
      #expect(model.adapted == paths && loaded.targets == .names(paths.sorted()))
      // What loading returns names places of this model alone, so that it serves for a fresh adapter.
      var fresh = PathModel.pictures
      var generator = Tensor.Generator(seed: 1)
      #expect(try fresh.attachAdapters(loaded, using: &generator) == paths)
    }
  }
}
