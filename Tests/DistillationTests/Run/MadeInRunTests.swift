import Annotations
import Distillation
import Foundation
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import Testing
import Tokenization

/// Bases and teachers that a run makes itself.
@Suite(.serialized) struct MadeInRunTests {
  @Test func `a run makes its base from captions and its teachers from labels set apart, and keeps both`() async throws
  {
    try await withRunWorld { world in
      let captions = world.folder.appending(path: "data/captions.jsonl")
      try Data(
        """
        {"image": "train0.png", "captions": ["Caption of a dog", "Caption of a pet"]}
        {"image": "train1.png", "captions": ["Caption of a red bus"]}
        {"image": "train2.png", "captions": ["Caption of two boats"]}

        """.utf8
      ).write(to: captions)
      var world = world.with { c in
        c.student.model = nil
        c.student.fresh = Self.sizes
        var pretrain = PretrainConfiguration(captions: captions.path)
        pretrain.objective = [.contrastive, .captioning, .matching]
        pretrain.training = TrainingConfiguration(epochs: 2, batch: 4, learningRate: 1e-3)
        c.pretrain = pretrain
        c.makeTeachers()
        c.evaluation.results = .init([.stage1])
      }
      try await world.run().run()

      let evaluation = try #require(try world.run().evaluation)
      let taught = try #require(evaluation.teacherLabels)
      #expect(taught > 0 && evaluation.items == RunWorld.train - taught)
      // Whole groups are set apart, and the teachers are asked about the others alone.
      #expect(taught.isMultiple(of: 2))
      let asked = try Set(
        String(decoding: world.bytes("replies.jsonl"), as: UTF8.self).split(separator: "\n").map { line in
          try #require(line.split(separator: "\"").first { $0.hasPrefix("i") && $0 != "item" })
        })
      #expect(asked.count == RunWorld.train - taught)

      let base = try world.bytes("base/model.safetensors")
      let grey = try world.bytes("teachers/grey/model.safetensors")
      #expect(try grey != world.bytes("teachers/blurred/model.safetensors") && grey != base)
      // What a made teacher says is its own: it loads like any model folder.
      #expect(throws: Never.self) {
        try StudentFamily.student(contentsOf: world.folder.appending(path: "run/teachers/grey"))
      }

      // Nothing is made twice.
      func made() throws -> [Date] {
        try ["base", "teachers/grey"].map { name in
          let file = world.folder.appending(path: "run/\(name)/model.safetensors").path
          return try #require(try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date)
        }
      }
      let before = try made()
      try await world.run().run()
      #expect(try made() == before)

      // The same in another folder gives the same bytes, in whichever order the rows come.
      for name in ["captions.jsonl", "items.jsonl"] {
        let file = world.folder.appending(path: "data/\(name)")
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        try Data(rows.reversed().map { $0 + "\n" }.joined().utf8).write(to: file)
      }
      try await world.run("again").run()
      let again = world.folder.appending(path: "again/teachers/grey/model.safetensors")
      #expect(try Data(contentsOf: again) == grey)
      #expect(try world.bytes("base/model.safetensors", of: "again") == base)
      #expect(try world.results(of: "again") == world.results())
      world.configuration.data.teacherShare = 0
      #expect(throws: (any Error).self) { try world.configuration.validate() }
    }
  }

  @Test func `a base is made anew where its question has other words, but in a run that began when it was not`()
    async throws
  {
    try await withRunWorld { world in
      let own = world.with { ($0.student.model, $0.student.fresh) = (nil, Self.sizes) }
      func base(_ prompt: String, of name: String) async throws -> Data {
        try await own.with { $0.prompt = prompt }.run(name).run(through: .stage1)
        return try world.bytes("base/tokenizer.json", of: name)
      }
      let first = try await base("{text}", of: "new")
      #expect(try await base("Is it falsified, or is it not? {text}", of: "new") != first)
      try await own.run("old").run(through: .agree)
      let rules = world.folder.appending(path: "old/rules.json")
      let text = try String(contentsOf: rules, encoding: .utf8)
      #expect(text.contains(#""base_inputs" : "question""#))
      try Data(text.replacing(#""base_inputs" : "question""#, with: #""base_inputs" : "files""#).utf8).write(to: rules)
      #expect(try await base("{text}", of: "old") == first)
      #expect(try await base("Is it falsified, or is it not? {text}", of: "old") == first)
    }
  }

  @Test func `a caption whose photo can't be read is left out, and once it is mended the base is made anew`()
    async throws
  {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      let photo = try Data(contentsOf: data.appending(path: "dev0.png"))
      let cut = data.appending(path: "cut.png")
      try photo.prefix(photo.count / 2).write(to: cut)
      let captions = data.appending(path: "captions.jsonl")
      try Data(
        ["train0", "train1", "cut"].map { #"{"image": "\#($0).png", "captions": ["Caption of \#($0)"]}"# + "\n" }
          .joined().utf8
      ).write(to: captions)
      let world = world.with { c in
        (c.student.model, c.student.fresh) = (nil, Self.sizes)
        var pretrain = PretrainConfiguration(captions: captions.path)
        pretrain.objective = [.contrastive]
        pretrain.training = TrainingConfiguration(epochs: 2, batch: 4, learningRate: 1e-3)
        c.pretrain = pretrain
        c.evaluation.results = .init([.stage1])
      }
      let text = try await start(world)
      let words = "1 row of \(captions.path) can't be used, the first: \(cut.path): the PNG file ends"
      #expect(text.contains(words), "\(text)")
      let base = try world.bytes("base/model.safetensors")
      try photo.write(to: cut)
      #expect(try await !start(world).contains("can't be used"))
      #expect(try world.bytes("base/model.safetensors") != base)
      await #expect(throws: TeacherProtocolError.self) {
        try photo.prefix(9).write(to: cut)
        try await world.with { $0.strict = true }.run("strict").run()
      }
    }
  }

  @Test func `images and captions of a part find each other, captions of one image apart`() throws {
    let student = try TinyModels.student()
    let pairs = (0..<3).map { number in
      var generator = Tensor.Generator(seed: UInt64(number))
      return ContrastivePair(
        image: PromptImage(.pixels(.normal([1, 3, 16, 16], using: &generator))), imageNumber: number / 2,
        caption: student.tokenizer.encode("caption \(number)", addingSpecialTokens: false))
    }
    let objective = ContrastiveObjective<SmolVLM>(pairs, temperature: 0.5)
    let loss = objective.loss(of: [0, 1, 2], under: student, total: 3).loss.scalar
    // By hand: each caption and each image alone, then the softmax of cosines.
    let images = pairs.map { student.imageVectors([$0.image]).scalars.map(Double.init) }
    let texts = pairs.map { student.textVectors([$0.caption]).scalars.map(Double.init) }
    func cosine(_ i: Int, _ j: Int) -> Double { zip(images[i], texts[j]).reduce(0) { $0 + $1.0 * $1.1 } }
    var sum = 0.0
    for i in 0..<3 {
      #expect(
        abs(images[i].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5 && abs(texts[i].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
      let rivals = (0..<3).filter { $0 == i || $0 / 2 != i / 2 }
      for scores in [{ cosine(i, $0) }, { cosine($0, i) }] {
        sum -= scores(i) / 0.5 - log(rivals.reduce(0) { $0 + exp(scores($1) / 0.5) })
      }
    }
    #expect(abs(Double(loss) - sum / 6) < 1e-4)
  }

  private static var sizes: FreshStudentConfiguration {
    var fresh = FreshStudentConfiguration()
    fresh.vocabularySize = 340
    fresh.text.hiddenSize = 32
    fresh.text.intermediateSize = 48
    fresh.text.layers = 2
    fresh.text.heads = 2
    fresh.text.keyValueHeads = 2
    fresh.text.maximumPositions = 256
    fresh.vision.hiddenSize = 16
    fresh.vision.intermediateSize = 24
    fresh.vision.layers = 1
    fresh.vision.heads = 2
    fresh.vision.imageSize = 16
    fresh.vision.patchSize = 4
    return fresh
  }
}
