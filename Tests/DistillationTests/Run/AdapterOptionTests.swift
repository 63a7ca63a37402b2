import Distillation
import Foundation
import Layers
import LoRA
import Student
import Tensor
import Testing

/// Adapters that are more than two matrices, through both stages.
@Suite(.serialized) struct AdapterOptionTests {
  private func tensors(_ world: RunWorld, _ stage: String) throws -> [String: Tensor] {
    let url = world.folder.appending(path: "run/\(stage)/adapter_model.safetensors")
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    return try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) })
  }

  @Test func `parts that train as a whole go on in Stage 2, and so does what makes image features`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.savedModules = ["connector", "embed_tokens"] }
      try await world.run().run()
      let (first, second) = try (tensors(world, "stage1"), tensors(world, "stage2"))
      let whole = ["model.connector.modality_projection.proj.weight", "model.text_model.embed_tokens.weight"]
      let base = try SmolVLM(contentsOf: world.folder.appending(path: "base")).parameters()
      for path in whole {
        let name = "base_model.model." + path
        let values = try [
          #require(base.first { $0.path == path }).parameter.value, #require(first[name]), #require(second[name]),
        ]
        #expect(!values[0].isIdentical(to: values[1]) && !values[1].isIdentical(to: values[2]), "\(path)")
      }
      #expect(world.exists("evaluation.json"))
      // The same again, from what is on disk.
      let items = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(!items.isEmpty)
    }
  }

  @Test func `offsets train where the configuration says so`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.trainedBiases = .all }
      try await world.run().run(through: .stage2)
      let names = try tensors(world, "stage2").keys.filter { $0.hasSuffix(".bias") }
      #expect(names.contains { $0.contains("vision_model") })
    }
  }

  @Test func `a principal beginning goes on in Stage 2 as a plain adapter of twice the rank`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.student.lora.initialization = .pissa }
      try await world.run().run()
      for stage in ["stage1", "stage2"] {
        let lora = try LoRAConfiguration(adapterFolder: world.folder.appending(path: "run/\(stage)"))
        #expect(lora.rank == 4 && lora.initialization == .standard && lora.alpha == 64)
      }
      let (first, second) = try (tensors(world, "stage1"), tensors(world, "stage2"))
      #expect(first.keys == second.keys && first.contains { !$1.isIdentical(to: second[$0] ?? .zeros([1])) })
    }
  }
}
