import Distillation
import Foundation
import StudentModels
import TeacherProtocol
import Testing

/// What a student that compares can't be given: refused or set aside before anything is trained, by `check` and by the run.
@Suite(.serialized) struct MatcherFaultTests {
  private func check(_ world: RunWorld) -> RunCheck {
    RunCheck(world.configuration, runFolder: world.folder.appending(path: "run"))
  }

  /// The fixture of StudentModelsTests: a BERT with word pieces, texts of up to 24 tokens.
  private let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../StudentModelsTests/Golden/bert.gguf").standardizedFileURL

  @Test func `a sentence model in a GGUF file makes a base that is read again`() async throws {
    try await withMatcherWorld { world in
      let world = world.with { $0.student.fresh?.matcher?.textModel = file.path }
      #expect(check(world).isUsable)
      try await world.run().run(through: .stage1)
      let base = world.folder.appending(path: "run/base")
      #expect(try ImageTextMatcher(contentsOf: base).dimensions == 32)
      #expect(try world.bytes("base/sentence_model.gguf") == Data(contentsOf: file))
      // Another sentence model makes another base.
      let other = world.with { $0.student.fresh?.matcher?.textModel = world.folder.appending(path: "sentences").path }
      try await other.run().run(through: .stage1)
      #expect(try ImageTextMatcher(contentsOf: base).dimensions == 16 && !world.exists("base/sentence_model.gguf"))
    }
  }

  @Test func `a sentence model that is not there is missed before anything is made`() async throws {
    try await withMatcherWorld { world in
      let world = world.with { $0.student.fresh?.matcher?.textModel = world.folder.appending(path: "none").path }
      #expect(check(world).texts(.error, "student.fresh.matcher").first?.contains("all-MiniLM-L6-v2") == true)
      await #expect(throws: CheckingError.self) { try await world.run().run() }
      #expect(!world.exists("base"))
    }
  }

  @Test func `a base has its own two answers, and the run's labels must be worded so`() async throws {
    try await withMatcherWorld { world in
      try await world.run("first").run(through: .annotate)
      let base = world.folder.appending(path: "first/base").path
      let grown = world.with { c in
        (c.student.model, c.student.fresh, c.pretrain) = (base, nil, nil)
        c.labels = [.init(name: "pristine", answer: "A"), .init(name: "falsified", answer: "B")]
      }
      let text = try #require(check(grown).texts(.error, "configuration").first)
      #expect(
        text.hasPrefix(
          "labels: expected the answers that \(base) (student.model) has, \"It is pristine\" for a text that belongs to its "
            + "photo and \"It is falsified\" for one that does not"))
      #expect(text.hasSuffix(#"found "A" and "B""#))
      let error = await #expect(throws: ConfigurationError.self) { try await grown.run().run() }
      #expect(error?.problems.map { "\($0)" } == [text] && !world.exists("steps"))
      // So it is with a teacher's base, and with settings of a student that writes.
      let taught = world.with { c in
        c.student.fresh = FreshStudentConfiguration()
        c.pretrain = nil
        for place in c.teachers.indices {
          if case .trained(var recipe) = c.teachers[place].source {
            recipe.base = base
            c.teachers[place].source = .trained(recipe)
          }
        }
        c.labels.append(.init(name: "unclear", answer: "It is unclear."))
      }
      #expect(
        check(taught).texts(.error, "configuration").first
          == "labels: expected two labels, since a matcher has two answers, found 3")
      let coarse = world.with { c in
        (c.student.model, c.student.fresh, c.pretrain) = (base, nil, nil)
        c.student.precision = .bfloat16
      }
      let precision = check(coarse).texts(.error, "configuration").first
      #expect(precision?.hasPrefix("student.precision: expected float32") == true)
      await #expect(throws: ConfigurationError.self) { try await coarse.run().run() }
      let sound = world.with { ($0.student.model, $0.student.fresh, $0.pretrain) = (base, nil, nil) }
      #expect(check(sound).isUsable)
    }
  }

  @Test func `labels that are worded otherwise make another base`() async throws {
    try await withMatcherWorld { world in
      try await world.run().run(through: .annotate)
      let other = world.with {
        $0.labels = [.init(name: "pristine", answer: "A"), .init(name: "falsified", answer: "B")]
      }
      try await other.run().run(through: .annotate)
      let base = try ImageTextMatcher(contentsOf: world.folder.appending(path: "run/base"))
      #expect(base.configuration.answers == .init(match: "A", mismatch: "B"))
    }
  }

  @Test func `rows without exactly one photo are set aside with their lines`() async throws {
    try await withMatcherWorld { world in
      let data = world.folder.appending(path: "data/items.jsonl")
      var lines = try String(decoding: Data(contentsOf: data), as: UTF8.self).split(separator: "\n").map(String.init)
      lines[2] = lines[2].replacing(#""train1.png""#, with: #"["train1.png", "train2.png"]"#)
      lines[5] = lines[5].replacing(#""train2.png""#, with: "[]")
      try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: data)
      let several =
        "\(data.path):3: item 'i2', field 'image': expected one image, which the text is compared with, found 2"
      let all = check(world).findings.flatMap { [$0.text] + $0.details }
      #expect(all.contains { $0.hasPrefix(several) } && check(world).isUsable)
      let said = Said()
      try await DistillationRun(
        world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter
      ).run(through: .stage1)
      #expect(said.text.contains(several) && said.text.contains("items.jsonl:6: item 'i5'"))
      let strict = world.with { $0.strict = true }
      #expect(!check(strict).isUsable)
      await #expect(throws: TeacherProtocolError.self) { try await strict.run("strict").run() }
      #expect(!world.exists("base", of: "strict"))
    }
  }

  @Test func `a caption longer than the sentence model takes is set aside, its photo's other one stays`() async throws {
    try await withMatcherWorld { world in
      let captions = world.folder.appending(path: "data/captions.jsonl")
      let text = try String(decoding: Data(contentsOf: captions), as: UTF8.self)
      var lines = text.split(separator: "\n").map(String.init)
      let long = String(repeating: "sun ", count: 400)
      lines[1] = lines[1].replacing("Caption of 1", with: long)
      try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: captions)
      let place = "\(captions.path):2: item 'train1.png', field 'captions': expected at most 256 tokens"
      let found = check(world).findings.filter { $0.subject == "pretrain.captions" }
      #expect(found.map(\.level) == [.warning] && found.first?.details.first?.hasPrefix(place) == true)
      let said = Said()
      try await DistillationRun(
        world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter
      ).run(through: .annotate)
      #expect(said.text.contains(place) && world.exists("base/model.safetensors"))
      let strict = world.with { $0.strict = true }
      #expect(!check(strict).isUsable)
      await #expect(throws: TeacherProtocolError.self) { try await strict.run("strict").run() }
    }
  }

  @Test func `a single photo tells no caption from another`() async throws {
    try await withMatcherWorld { world in
      let captions = world.folder.appending(path: "data/captions.jsonl")
      try Data(#"{"image": "train1.png", "captions": ["one", "two", "three", "four"]}"#.utf8).write(to: captions)
      let text = "pretrain.captions: expected at least two photos"
      #expect(check(world).findings.contains { $0.level == .error && $0.text.contains(text) })
      let error = await #expect(throws: ConfigurationError.self) { try await world.run().run() }
      #expect(error.map { "\($0)" }?.contains(text) == true)
    }
  }

  @Test func `a labelled row that a teacher can't learn from is left out of its lessons`() async throws {
    try await withMatcherWorld { world in
      let data = world.folder.appending(path: "data/items.jsonl")
      let text = try String(decoding: Data(contentsOf: data), as: UTF8.self)
      // In whichever half of the training groups it is: it is too long for all.
      let long = text.replacing("Caption i4\"", with: String(repeating: "sun ", count: 400) + "\"")
        .replacing("Caption i13\"", with: String(repeating: "sun ", count: 400) + "\"")
        .replacing("Caption i20\"", with: String(repeating: "sun ", count: 400) + "\"")
      try Data(long.utf8).write(to: data)
      let check = check(world)
      #expect(check.isUsable)
      let said = Said()
      try await DistillationRun(
        world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter
      ).run(through: .stage1)
      #expect(said.text.contains("can't be put to the student") && world.exists("teachers/grey/model.safetensors"))
    }
  }
}
