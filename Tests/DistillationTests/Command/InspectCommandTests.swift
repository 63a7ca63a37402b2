import Distillation
import Foundation
import Tensor
import TestSupport
import Testing

/// What `distill inspect` says of files. Skipped where the command was not built beside the tests.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct InspectCommandTests {
  @Test func `the bytes of all files of a model that was split are counted`() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let golden = tests.appending(path: "StudentModelsTests/Golden")
    let sizes = try (1...3).map { try Data(contentsOf: golden.appending(path: "qwen2-0000\($0)-of-00003.gguf")).count }
    let facts = try #require(DistillBinary.found).run("inspect", "qwen2-00001-of-00003.gguf", in: golden)
    #expect(facts.code == 0, "\(facts.errors)")
    let size = String(format: "%.1f KiB with the rest of the 3 files", Double(sizes.reduce(0, +)) / 1024)
    #expect(facts.output.contains(size), "\(facts.output)")
  }

  @Test func `a base that compares is described, and texts are sent to its sentence model`() async throws {
    let command = try #require(DistillBinary.found)
    try await withMatcherWorld { world in
      try await world.run().run(through: .annotate)
      let folder = world.folder.appending(path: "run")
      let facts = try command.run("inspect", "base", in: folder)
      #expect(facts.code == 0, "\(facts.errors)")
      for part in [
        "which compares a photo with a text", "ConvNeXt, 2 layers in 2 stages of widths 4, 8", "16 x 16 pixels",
        #""It is pristine" where they belong together"#, "1 / (1 + exp(-", "without the sentence model",
        "16 numbers of length 1",
      ] {
        #expect(facts.output.contains(part), "\(part): \(facts.output)")
      }
      let tokens = try command.run("tokenize", "--model", "base", in: folder)
      #expect(tokens.code != 0 && tokens.errors.contains("--model base/sentence_model"), "\(tokens.errors)")
    }
  }

  @Test func `of a run that is not finished the facts are what there is`() throws {
    try withCheckFixture { fixture in
      try FileManager.default.createDirectory(
        at: fixture.folder.appending(path: "begun"), withIntermediateDirectories: true)
      try fixture.write(
        String(contentsOf: fixture.folder.appending(path: "run.yaml"), encoding: .utf8), to: "begun/config.yaml")
      let facts = try #require(DistillBinary.found).run("inspect", "begun", in: fixture.folder)
      #expect(facts.code == 0, "\(facts.errors)")
      #expect(facts.output.contains("none yet") && facts.output.contains("carry the run out first"), "\(facts.output)")
    }
  }

  @Test func `an adapter with a number that is none is named as one that can't be used`() throws {
    try withTemporaryFolder { folder in
      let settings = #"{"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["q_proj"]}"#
      try Data(settings.utf8).write(to: folder.appending(path: "adapter_config.json"))
      for (value, code) in [(Float(1), 0), (Float(bitPattern: 0xffdf_0000), 2)] {
        try Tensor.writeSafetensors(
          ["base_model.model.q_proj.lora_A.weight": Tensor([3, value], shape: [1, 2])],
          to: folder.appending(path: "adapter_model.safetensors"))
        let facts = try #require(DistillBinary.found).run("inspect", ".", in: folder)
        #expect(facts.code == Int32(code), "\(facts.errors)")
        #expect(facts.output.contains("q_proj.lora_A.weight is nan at its element 1") == (code == 2), "\(facts.output)")
      }
    }
  }
}
