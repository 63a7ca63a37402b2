import Distillation
import DistillationConfiguration
import Foundation
import ImageDecoding
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import Testing

@Suite struct StudentInspectionTests {
  @Test func `the longest row is counted as the student sees it`() throws {
    try withCheckFixture { fixture in
      let student = try SmolVLM(contentsOf: fixture.folder.appending(path: "student"))
      let image = PromptImage(.features(Tensor.zeros([4, 32])))
      // Of the training rows, as rationales of the others are not learnt.
      let tree = try student.tree(
        question: "Caption: ball number 0 Does it fit?", images: [image],
        answers: [
          "No, the photo belongs to the caption. I see a ball.",
          "Yes, the photo is used out of context. I see a ball.",
        ])
      let tokens = tree.prompt.count + (tree.answers.map(\.count).max() ?? 0)
      let text = try #require(fixture.check().texts(.ok, "student.max_tokens").first)
      #expect(text.contains("\(tokens) tokens (4 for the image) of 256"), "\(text), \(tokens) counted here")
    }
  }

  @Test func `where a model's folder is not there, it is said where models come from`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "{model: student}", "{model: models/gone}")
      let place = fixture.folder.appending(path: "models/gone").path
      let text = try #require(fixture.check().texts(.error, "student.model").first)
      #expect(text.contains("\(place): there is no model folder with a config.json"), "\(text)")
      #expect(text.contains("hf download HuggingFaceTB/") && text.contains("--local-dir \(place)"), "\(text)")
      let missing = CheckingError.noModel(place, example: "HuggingFaceTB/SmolVLM-256M-Instruct")
      #expect(throws: missing) { try FileDigests(cache: nil).digest(ofModel: URL(filePath: place)) }
    }
  }

  @Test func `a weight that is no number is found before anything is trained`() throws {
    try withCheckFixture { fixture in
      let folder = fixture.folder.appending(path: "student")
      let source = try Tensor.SafetensorsFolder(contentsOf: folder)
      var tensors: [String: Tensor] = [:]
      for name in source.names { tensors[name] = try source.tensor(named: name) }
      let name = "model.text_model.layers.0.mlp.up_proj.weight"
      let tensor = try #require(tensors[name])
      var elements = tensor.scalars
      elements[5] = .nan
      tensors[name] = Tensor(elements, shape: tensor.shape)
      try Tensor.writeSafetensors(tensors, to: folder.appending(path: "model.safetensors"))
      let text = try #require(fixture.check().texts(.error, "student.model").first)
      let file = folder.appending(path: "model.safetensors").path
      #expect(text.contains("\(file): the weight \(name) is nan at its element 5"), "\(text)")
    }
  }

  @Test func `rows that are too long are named`() throws {
    try withCheckFixture { fixture in
      let long = String(repeating: "ball ", count: 300)
      try fixture.edit("items.jsonl", "ball number 4", long)
      let text = try #require(fixture.check().texts(.warning, "student.max_tokens").first)
      #expect(text.contains("of 256; 2 rows will be set aside"))
      #expect(text.contains("4p: "))
      try fixture.edit("run.yaml", "{model: student}", "{model: student, max_tokens: 20}")
      #expect(
        fixture.check().texts(.warning, "student.max_tokens").first?.contains("of 20; 20 rows will be set aside")
          == true
      )
    }
  }

  @Test func `an image that is cut into tiles costs the tokens of all of them`() throws {
    try withCheckFixture { fixture in
      // 40 x 32 pixels on tiles of 32: one row of two tiles and the small whole, 4 tokens each.
      try fixture.edit(
        "student/preprocessor_config.json", "\"do_image_splitting\" : false", "\"do_image_splitting\" : true")
      try fixture.edit(
        "student/preprocessor_config.json", "\"longest_edge\" : 32\n  }\n}", "\"longest_edge\" : 64\n  }\n}")
      let student = try SmolVLM(contentsOf: fixture.folder.appending(path: "student"))
      let image = try student.image(
        ImageDecoder().decode(contentsOf: fixture.folder.appending(path: "photos/0.png").path))
      guard case .pixels(let pixels) = image.content else { return #expect(Bool(false), "no pixels") }
      #expect(pixels.shape[0] > 1)
      let text = try #require(fixture.check().texts(.ok, "student.max_tokens").first)
      #expect(text.contains("(\(pixels.shape[0] * 4) for the image)"), "\(text)")
    }
  }

  @Test func `a row that spells a token of the model is named`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("items.jsonl", "ball number 4", "ball <image>")
      let text = try #require(fixture.check().texts(.warning, "student").first)
      #expect(text.hasPrefix("2 rows can't be put to the student and will be set aside\n4p: the text holds <image>"))
    }
  }

  @Test(arguments: ["config.json", "tokenizer.json", "model.safetensors"])
  func `a model folder without a file is an error`(file: String) throws {
    try withCheckFixture { fixture in
      try FileManager.default.removeItem(at: fixture.folder.appending(path: "student/\(file)"))
      let text = try #require(fixture.check().texts(.error, "student.model").first)
      #expect(text.contains(file))
    }
  }

  @Test func `cut-off weights are an error`() throws {
    try withCheckFixture { fixture in
      let file = fixture.folder.appending(path: "student/model.safetensors")
      let whole = try Data(contentsOf: file)
      try whole.prefix(whole.count - 100).write(to: file)
      #expect(fixture.check().texts(.error, "student.model").first?.contains("model.safetensors") == true)
    }
  }

  @Test func `a student of text alone needs items without images`() throws {
    try withCheckFixture { fixture in
      try TinyModels.writeTextDecoder(to: fixture.folder.appending(path: "decoder"))
      try fixture.edit("run.yaml", "{model: student}", "{model: decoder}")
      let refusal = fixture.check().texts(.error, "student.model").first
      #expect(refusal?.contains("reads text alone") == true && refusal?.contains("data.fields.image to null") == true)
      // The images folder has nothing to say then.
      try fixture.edit("run.yaml", "{text: caption,", "{image: null, text: caption,")
      #expect(
        fixture.check().texts(.error, "configuration").first?.contains(
          "data.images (line 3): expected no folder, since data.fields.image is null") == true)
      try fixture.edit("run.yaml", "  images: photos\n", "")
      let check = fixture.check()
      #expect(check.isUsable, "\(check.text())")
      #expect(check.texts(.ok, "data.images").isEmpty && check.texts(.warning, "data.images").isEmpty)
      #expect(check.texts(.ok, "student.max_tokens").first?.contains("for the image") == false)
      #expect(check.texts(.ok, "data.splits").first?.hasSuffix("no group is in two splits") == true)
      #expect(check.texts(.ok, "time").first?.contains("images ") == false)
    }
  }

  @Test func `an adapter for layers that are not there is an error`() throws {
    try withCheckFixture { fixture in
      #expect(fixture.check().texts(.ok, "student.lora").first?.hasPrefix("rank 16 on 14 layers, ") == true)
      try fixture.edit("run.yaml", "{model: student}", "{model: student, lora: {targets: [q_porj]}}")
      let problem = fixture.check().texts(.error, "student.lora").first
      #expect(problem?.contains("targets: \"q_porj\" (did you mean \"q_proj\"?) matches nothing") == true)
      // Beside names and patterns that match, too.
      try fixture.edit("run.yaml", "[q_porj]", "[v_proj, q_porj, '.*up_proj']")
      #expect(fixture.check().texts(.error, "student.lora") == [problem])
      try fixture.edit("run.yaml", "q_porj, ", "")
      #expect(fixture.check().texts(.ok, "student.lora").first?.hasPrefix("rank 16 on 4 layers, ") == true)
    }
  }

  @Test func `a student made from nothing is estimated by its sizes`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "{model: student}", "{fresh: {}}")
      let check = fixture.check()
      #expect(
        check.texts(.ok, "student.fresh").first?.hasSuffix("which know no language but that of this run's rows") == true
      )
      #expect(check.texts(.ok, "student.max_tokens").first?.contains("never more than") == true)
      try fixture.edit("run.yaml", "{fresh: {}}", "{fresh: {}, max_tokens: 30}")
      #expect(fixture.check().texts(.warning, "student.max_tokens").count == 1)
    }
  }

  @Test func `a student made from nothing has as many parameters as its file then`() throws {
    try withCheckFixture { fixture in
      // By hand, hidden 8, inner 12, 1 layer of 2 heads over 1 of keys and values, of 4 numbers each, 300 tokens with a head of
      // their own. Decoder: table and head 2 * 300 * 8; q and o 2 * 8 * 8; k and v 2 * 8 * 4; MLP 3 * 8 * 12; two norms of the
      // layer and the last, 3 * 8. 4,800 + 128 + 64 + 288 + 24 = 5,304.
      // Tower, width 8, inner 12, 1 layer, 32 x 32 pixels in patches of 8 (16 of them): patches 3 * 64 * 8 + 8 = 1,544;
      // places 16 * 8 = 128; attention 4 * (64 + 8) = 288; MLP 8 * 12 + 12 + 12 * 8 + 8 = 212; three norms with offsets
      // 3 * 16 = 48: 2,220. The connector of 4 x 4 rows of 8 to 8: 16 * 8 * 8 = 1,024. Together 3,244.
      try fixture.edit(
        "run.yaml", "{model: student}",
        "{fresh: {vocab_size: 300, tie_word_embeddings: false, scale_factor: 4, text_config: {hidden_size: 8, "
          + "intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1}, vision_config: "
          + "{hidden_size: 8, intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2, image_size: 32, "
          + "patch_size: 8}}}")
      let said = try #require(fixture.check().texts(.ok, "student.fresh").first)
      // 5,304 + 3,244 = 8,548.
      #expect(said.hasPrefix("made from nothing: 8.5k parameters, which"), "\(said)")
    }
  }

  @Test(arguments: ["{model: student, ", "{fresh: {vocab_size: 400}, "])
  func `names of layers that a student has not are found before it is made`(student: String) throws {
    try withCheckFixture { fixture in
      let file = fixture.folder.appending(path: "run.yaml")
      for (lora, said) in [
        ("targets: [q_proj, vproj]", #""vproj" (did you mean "v_proj"?)"#),
        ("modules_to_save: [conector]", #"did you mean "connector"?"#),
        ("rank_pattern: {q_porj: 4}", "q_porj"), ("alpha_pattern: {q_porj: 4}", "q_porj"),
        ("targets: [q_proj, v_proj]", nil),
      ] {
        let text = CheckFixture.configuration.replacing("{model: student}", with: "\(student)lora: {\(lora)}}")
        try Data(text.utf8).write(to: file)
        let found = fixture.check().texts(.error, "student.lora").first
        #expect(said.map { found?.contains($0) == true } ?? (found == nil), "\(lora): \(found ?? "no error")")
      }
    }
  }

  @Test func `the reference adapter and the captions must be there`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "reference: stage1_adapter", "reference: {adapter: other}")
      try fixture.edit(
        "run.yaml", "{model: student}", "{fresh: {}}\npretrain: {captions: items.jsonl, fields: {text: captoin}}")
      let check = fixture.check()
      #expect(check.texts(.error, "stage2.reference").count == 1)
      #expect(check.texts(.error, "pretrain.fields.text").first?.contains("did you mean 'caption'?") == true)
      try fixture.edit("run.yaml", "captoin}", "caption}, where: {split: [train]}")
      #expect(fixture.check().texts(.ok, "pretrain").first?.hasSuffix("items.jsonl: 16 rows to pre-train on") == true)
      try fixture.edit("run.yaml", "[train]", "[none]")
      #expect(fixture.check().texts(.error, "pretrain.where").count == 1)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self"), "skipped: no /proc"))
  func `a folder where nothing can be kept is an error, whatever its permissions say`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "out: run", "out: /proc/none/run")
      let check = fixture.check()
      #expect(
        check.texts(.error, "out")
          == ["/proc/none/run can't be written: nothing is free in /proc; give a folder on a disk with room"])
      #expect(!check.isUsable)
    }
  }

  @Test func `folders that cannot be made are errors`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "out: run", "out: items.jsonl/run")
      let text = try #require(fixture.check().texts(.error, "out").first)
      #expect(text.hasSuffix("items.jsonl is a file, and a folder is needed there"))
    }
  }

  @Test func `sizes are counted as the model has them`() throws {
    try withCheckFixture { fixture in
      var student = try SmolVLM(contentsOf: fixture.folder.appending(path: "student"))
      let size = ModelSize(student.model.configuration)
      let matrices = student.parameters().filter { $0.parameter.value.shape.count > 1 }
      let exact = matrices.reduce(0) { $0 + $1.parameter.value.shape.reduce(1, *) }
      #expect(size.parameters == exact)
      var generator = Tensor.Generator(seed: 1)
      var configuration = LoRAConfiguration()
      configuration.rank = 3
      _ = try student.attachAdapters(configuration, using: &generator)
      #expect(
        size.adapter(rank: 3) == student.adapterParameters().reduce(0) { $0 + $1.parameter.value.shape.reduce(1, *) })
    }
  }

  @Test func `an update's memory is that of the weights as they are kept, of what trains and of each token`() {
    var text = LlamaConfiguration(kind: .llama)
    (text.hiddenSize, text.intermediateSize, text.layers, text.heads, text.keyHeads) = (64, 100, 3, 4, 2)
    (text.vocabularySize, text.tiesEmbeddings) = (1000, true)
    let size = ModelSize(TextDecoderConfiguration(text))
    let none = size.updateMemory(tokens: 0, scored: 0, trained: 0)
    let half = size.updateMemory(tokens: 0, scored: 0, trained: 0, weights: 2 * size.parameters)
    #expect(none - half == 2 * size.parameters)
    #expect(size.updateMemory(tokens: 0, scored: 0, trained: 5) - none == 5 * 4 * 4)
    // A layer keeps three rows of its width, queries and what they heard, keys and values, and three rows of the inner width.
    #expect(size.updateMemory(tokens: 1, scored: 0, trained: 0) - none == 4 * 3 * (3 * 64 + 2 * 64 + 2 * 32 + 3 * 100))
    // Scores and gradients of an answer's token, of which a chunk is in memory at a time.
    #expect(size.updateMemory(tokens: 0, scored: 1, trained: 0) - none == 1000 * 8)
    // What enters 3 layers of width 64, and what one of them computes.
    #expect(
      size.updateMemory(tokens: 1, scored: 0, trained: 0, recomputes: true) - none
        == 4 * (3 * 64 + 3 * 64 + 2 * 64 + 2 * 32 + 3 * 100))
    // As stored, or in a form that is smaller: 2 bytes an element, or 1 and 4 for a scale of 64.
    let all = size.parameters
    #expect(
      size.bytes(stored: 4 * all, as: .float32) == 4 * all && size.bytes(stored: 4 * all, as: .bfloat16) == 2 * all)
    #expect(
      size.bytes(stored: 4 * all, as: .int8) == all + all / 16 && size.bytes(stored: all / 2, as: .int8) == all / 2)
    let many = size.updateMemory(tokens: 0, scored: 1e6, trained: 0)
    #expect(many == size.updateMemory(tokens: 0, scored: 1e9, trained: 0))
  }

  @Test func `more work takes more time and a slower machine longer`() throws {
    func seconds(_ rate: Double, _ change: (CheckFixture) throws -> Void = { _ in }) throws -> String {
      var text = ""
      try withCheckFixture { fixture in
        try change(fixture)
        text = RunCheck(
          contentsOf: fixture.folder.appending(path: "run.yaml"),
          speed: MachineSpeed(matrixRate: rate, availableBytes: 1_000)
        ).texts(.ok, "time").joined()
      }
      return text
    }
    let one = try seconds(1e6)
    #expect(one.contains("an estimate"))
    #expect(try seconds(1e6) == one)
    #expect(try seconds(1e5) != one)
    #expect(try seconds(1e6) { try $0.edit("run.yaml", "out: run", "out: run\nstage1: {epochs: 30}") } != one)
    // Items on which the teachers conflict take time where Stage 1 learns them.
    #expect(try seconds(1e6) { try $0.edit("run.yaml", "out: run", "out: run\nstage1: {conflicts: both}") } != one)
  }

  @Test func `too little memory is a warning`() throws {
    try withCheckFixture { fixture in
      let check = RunCheck(
        contentsOf: fixture.folder.appending(path: "run.yaml"),
        speed: MachineSpeed(matrixRate: 1e10, availableBytes: 1_000_000))
      #expect(check.texts(.warning, "memory").first?.contains("1.0 MB free") == true)
    }
  }

  @Test func `a model that no machine of this size can hold is an error, however large its sizes are`() throws {
    try withCheckFixture { fixture in
      for sizes in [
        "hidden_size: 1000000", "hidden_size: 1000000, intermediate_size: 1000000, num_hidden_layers: 1000",
      ] {
        let fresh = "{fresh: {text_config: {\(sizes)}}}\nstage1: {batch: 1000000}"
        let file = fixture.folder.appending(path: "run.yaml")
        try Data(CheckFixture.configuration.replacing("{model: student}", with: fresh).utf8).write(to: file)
        let check = RunCheck(
          contentsOf: file,
          speed: MachineSpeed(matrixRate: 1e10, availableBytes: 8_000_000_000, totalBytes: 16_000_000_000))
        let text = try #require(check.texts(.error, "memory").first, "\(check)")
        #expect(text.contains("8.0 GB free of 16.0 GB: take a smaller model"), "\(text)")
      }
    }
  }

  @Test func `the machine is measured`() {
    let speed = MachineSpeed.measured()
    #expect(speed.matrixRate > 1e6)
    #expect(speed.availableBytes ?? 1 > 0)
  }
}
