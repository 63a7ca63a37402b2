import Distillation
import Foundation
import TeacherProtocol
import Tensor
import Testing

/// Results that are damaged, and starts that meet each other.
@Suite(.serialized) struct DamagedRunTests {
  private func change(_ path: String, of world: RunWorld, _ body: (inout Data) -> Void) throws {
    let file = world.folder.appending(path: "run/\(path)")
    var bytes = try Data(contentsOf: file)
    body(&bytes)
    // In place, as damage comes.
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: bytes)
    try handle.close()
  }

  @Test func `what is damaged, cut short or gone is made anew with a word, and comes out the same`() async throws {
    try await withRunWorld { world in
      let world = world.with {
        $0.evaluation.results = .all
        $0.budgets = [.count(2)]
      }
      _ = try await start(world)
      let (results, page) = (try world.results(), try world.bytes("report.html"))
      let files = [
        "stage1/adapter_model.safetensors", "stage2/adapter_model.safetensors", "stage2/adapter_config.json",
        "baselines/full_label/adapter_model.safetensors", "budgets/2/stage2/adapter_model.safetensors",
        "evaluation.json", "predictions/two_stage.jsonl", "agreement.json", "replies.jsonl",
      ]
      for (number, file) in files.enumerated() {
        switch number % 3 {
        case 0: try change(file, of: world) { for at in [40, 60, $0.count - 1] { $0[at] ^= 4 } }
        case 1: try change(file, of: world) { $0.removeLast($0.count / 2) }
        default: try FileManager.default.removeItem(at: world.folder.appending(path: "run/\(file)"))
        }
        let text = try await start(world)
        #expect(text.contains("\(file) is") && text.contains("makes it anew"), "\(file): \(text)")
        #expect(try world.results() == results, "\(file)")
        #expect(try await start(world).contains(StepTests.all), "\(file)")
      }
      try change("report.html", of: world) { $0.removeLast(100) }
      #expect(try await start(world).contains("report.html is"))
      #expect(try world.bytes("report.html").count >= page.count - 200)
    }
  }

  @Test func `a run without digests, as older versions left it, stays finished`() async throws {
    try await withRunWorld { world in
      _ = try await start(world)
      let steps = world.folder.appending(path: "run/steps")
      for name in try FileManager.default.contentsOfDirectory(atPath: steps.path) where name.hasSuffix(".json") {
        let file = steps.appending(path: name)
        var record = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        (record["outputs"], record["parts"]) = (nil, nil)
        try JSONSerialization.data(withJSONObject: record).write(to: file)
      }
      #expect(try await start(world).contains(StepTests.all))
    }
  }

  @Test func `whichever entries of the cache are left or damaged, stage 2 ends with the same bytes`() async throws {
    try await withRunWorld { world in
      _ = try await start(world)
      let results = try world.results()
      let cache = URL(filePath: world.configuration.cache)
      let entries = try #require(FileManager.default.enumerator(atPath: cache.path)).compactMap { $0 as? String }
        .filter { $0.hasSuffix(".safetensors") }.sorted()
      #expect(entries.count > 8)
      var generator = Tensor.Generator(seed: 5)
      defer { Tensor.Compute.threads = 2 }
      for round in 0..<6 {
        Tensor.Compute.threads = 1 + round % 2
        for entry in entries.shuffled(using: &generator).prefix([1, 3, 5][round / 2]) {
          try? FileManager.default.removeItem(at: cache.appending(path: entry))
        }
        for entry in entries.shuffled(using: &generator).prefix(2) {
          guard var bytes = try? Data(contentsOf: cache.appending(path: entry)) else { continue }
          bytes[bytes.count - 3] ^= 1
          try bytes.write(to: cache.appending(path: entry))
        }
        for name in ["run/stage2", "run/steps/stage2.json", "run/stage1", "run/steps/stage1.json"] {
          try FileManager.default.removeItem(at: world.folder.appending(path: name))
        }
        _ = try await start(world)
        #expect(try world.results() == results, "round \(round)")
      }
    }
  }

  @Test func `a second start while the first is under way is told who has the run`() async throws {
    try await withRunWorld { world in
      let run = try world.run()
      let file = world.folder.appending(path: "run/run.lock")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      let descriptor = open(file.path, O_RDWR | O_CREAT, 0o600)
      defer { close(descriptor) }
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      try Data("process 7 on elsewhere since noon".utf8).write(to: file)
      await #expect {
        try await run.run()
      } throws: {
        "\($0)".contains("under way: process 7 on elsewhere since noon")
      }
      #expect(!world.exists("config.yaml") && !world.exists("steps"))
      flock(descriptor, LOCK_UN)
      try await run.run(through: .agree)
    }
  }

  @Test func `a service that goes away stops the run, and the next start asks for the rest`() async throws {
    try await withRunWorld { world in
      var world = world
      func answering(_ count: Int) -> CountingTeacher {
        CountingTeacher("service") { request, number in
          if number > count { throw TeacherUnavailable(teacher: "service", reason: "connection refused") }
          return request.item.id.hasSuffix("2") ? "falsified" : "pristine"
        }
      }
      world.plugins.teachers = [answering(18)]
      await #expect {
        try await world.run().run()
      } throws: {
        "\($0)".contains("teacher service, 6 of 24 items") && "\($0)".contains("connection refused")
      }
      #expect(!world.exists("stage1"))
      let accepting = world.with { $0.missingReplies = .accept }
      _ = try await start(accepting)
      #expect(world.exists("stage2"))
      let rest = answering(.max)
      world.plugins.teachers = [rest]
      let text = try await start(world)
      #expect(rest.calls == 6 && text.contains("6 new answers of teacher service"), "\(text)")
      #expect(text.contains("is carried out again, as these have changed: the teachers' replies"), "\(text)")
    }
  }

  @Test func `a step that is carried out again says what has changed`() async throws {
    try await withRunWorld { world in
      _ = try await start(world)
      let text = try await start(world.with { $0.stage2.beta = 0.7 })
      let changed = "is carried out again, as these have changed: stage2 in the configuration"
      #expect(text.contains("stage2 \(changed)\n") && text.contains("evaluate \(changed), what stage2"), "\(text)")
    }
  }
}
