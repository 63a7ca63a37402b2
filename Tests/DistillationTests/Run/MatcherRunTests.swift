import Distillation
import Foundation
import ImageDecoding
import JSON
import LoRA
import LoopbackServer
import StudentModels
import StudentServer
import TeacherProtocol
import Tensor
import Testing

/// Runs whose student compares photos with texts.
@Suite(.serialized) struct MatcherRunTests {
  @Test(arguments: [false, true])
  func `a matcher is pre-trained, teaches, learns in both stages and is asked again`(trainsTower: Bool) async throws {
    try await withMatcherWorld { world in
      let world = world.with { c in
        c.student.lora.vision = trainsTower
        c.student.imageCache = !trainsTower
      }
      #expect(throws: Never.self) { try world.configuration.validate() }
      try await world.run().run()
      let evaluation = try #require(try world.run().evaluation)
      #expect(evaluation.results.keys.sorted() == ["stage1", "two_stage"] && (evaluation.teacherLabels ?? 0) > 0)
      let adapter = try String(decoding: world.bytes("stage2/adapter_config.json"), as: UTF8.self)
      #expect(adapter.contains("image_map") && adapter.contains("vision_projection") == trainsTower)
      let base = try ImageTextMatcher(contentsOf: world.folder.appending(path: "run/base"))
      #expect(base.configuration.answers == .init(match: "It is pristine", mismatch: "It is falsified"))
      // The finished student answers any file, without reasons.
      let answers = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
      #expect(answers.count == world.items.count && answers.allSatisfy { $0.label != nil && $0.rationale == "" })
      // The same in another folder gives the same bytes.
      try await world.run("again").run()
      for file in ["base/model.safetensors", "teachers/grey/model.safetensors", "stage2/adapter_model.safetensors"] {
        #expect(try world.bytes(file) == world.bytes(file, of: "again"), "\(file)")
      }
    }
  }

  @Test func `a layer that a matcher has not is found by check and before its base is made`() async throws {
    try await withMatcherWorld { world in
      let world = world.with { $0.student.lora.targets = ["image_mapp"] }
      let check = RunCheck(world.configuration, runFolder: world.folder.appending(path: "run"))
      #expect(check.texts(.error, "student.lora").first?.contains(#"did you mean "image_map"?"#) == true)
      await #expect(throws: LoRAError.self) { try await world.run().run() }
      #expect(!world.exists("base"))
    }
  }

  @Test func `a finished matcher is asked its question by name, with the probabilities of predict`() async throws {
    try await withMatcherWorld { world in
      try await world.run().run(through: .stage2)
      let run = try world.run()
      let learned = try run.learnedQuestion()
      var question = TrainedQuestion(
        name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
        decoder: learned.decoder)
      guard case .classifier(let classifier) = try run.servedStudent() else {
        Issue.record("a matcher is served as what writes")
        return
      }
      question.classifier = classifier
      var options = StudentServer.Options()
      options.trained = question
      let server = StudentServer(classifierNamed: "run", options: options)
      func ask(_ path: String, _ body: String) async throws -> (status: Int, value: JSONValue) {
        let response = await server.answer(LoopbackRequest("POST", path, body: Data(body.utf8)))
        guard case .data(let bytes) = response.body else { throw CancellationError() }
        return (response.status, try JSONParser.value(of: String(decoding: bytes, as: UTF8.self)))
      }
      let item = world.items[3]
      let data = world.folder.appending(path: "data")
      let one = data.appending(path: "one.jsonl")
      try RunWorld.write([item], to: one)
      let expected = try #require(try await run.predict(one).first?.probabilities)
      let photo = try Data(contentsOf: data.appending(path: item.image)).base64EncodedString()
      let asked = #""questions": {"label": {"type": "choice", "criteria": {"pristine": null, "falsified": null}}}"#
      let state = #"{"text": "Caption \#(item.id)", "image": "data:image/png;base64,\#(photo)"}"#
      let (status, answer) = try await ask("/v1/systemone", #"{"model": "run", "state": \#(state), \#(asked)}"#)
      #expect(status == 200, "\(answer.text)")
      let found = answer["answers"]?["label"]?["probabilities"]
      for name in ["pristine", "falsified"] {
        #expect(abs((found?[name]?.double ?? .nan) - (expected[name] ?? 0)) < 1e-6, "\(answer.text) and \(expected)")
      }
      // What it can't compare, or read, is refused by its place.
      let none = #"{"text": "Caption", "image": null}"#
      let (bare, reason) = try await ask("/v1/systemone", #"{"model": "run", "state": \#(none), \#(asked)}"#)
      #expect(bare == 400 || bare == 422)
      let words = "compares the text with one photo, and 'image' has none: send the name of an asset"
      #expect(reason.text.contains(words), "\(reason.text)")
      let bareState = #"{"text": "Caption"}"#
      let (lone, missing) = try await ask("/v1/systemone", #"{"model": "run", "state": \#(bareState), \#(asked)}"#)
      #expect(lone == 400 || lone == 422)
      let needs = "needs 'image', the photo of the item: send the name of an asset"
      #expect(missing.text.contains(needs), "\(missing.text)")
      #expect(!missing.text.contains("null where"), "\(missing.text)")
      // The command that is shown is one that works, once the item's own values stand in it.
      let command = question.command(to: "run", port: 8000, needsToken: false)
      let shown = try #require(command.split(separator: "'").last.map(String.init))
      let filled = shown.replacing("data:image/jpeg;base64,...", with: "data:image/png;base64,\(photo)")
      #expect(try await ask("/v1/systemone", filled).status == 200, "\(command)")
      let broken = #"{"text": "Caption", "image": "data:image/png;base64,AAAA"}"#
      let (bad, fault) = try await ask("/v1/systemone", #"{"model": "run", "state": \#(broken), \#(asked)}"#)
      #expect(bad != 200 && fault.text.contains("image can't be used"), "\(fault.text)")
      let (chat, written) = try await ask(
        "/v1/chat/completions", #"{"model": "run", "messages": [{"role": "user", "content": "Hi"}]}"#)
      #expect(chat == 400 && written.text.contains("writes no text"), "\(written.text)")
    }
  }

  @Test func `what needs a student that writes says so, and what a matcher needs is asked for`() async throws {
    try await withMatcherWorld { world in
      try await world.run().run(through: .stage2)
      #expect {
        try world.run().trainedStudent()
      } throws: {
        "\($0)".contains("compares photos with texts and writes nothing")
      }
      let changes: [(inout RunConfiguration) -> Void] = [
        { $0.data.fields.image = nil }, { $0.pretrain = nil },
        { $0.pretrain?.objective = [.matching] }, { $0.positive = nil },
        { $0.labels.append(.init(name: "unclear", answer: "It is unclear.")) },
        { $0.student.fresh?.matcher?.depths = [1] }, { $0.student.fresh?.matcher?.imageSize = 20 },
      ]
      for change in changes {
        #expect(throws: (any Error).self) { try world.with(change).configuration.validate() }
      }
    }
  }
}
