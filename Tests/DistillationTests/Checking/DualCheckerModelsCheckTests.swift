import Distillation
import DistillationConfiguration
import DualChecker
import Foundation
import StudentModels
import TestSupport
import Testing

/// What stops a run of DualChecker before it asks anything stops its check, in the same words.
@Suite struct DualCheckerModelsCheckTests {
  private func findings(
    _ configuration: DualCheckerConfiguration, in folder: URL, _ level: CheckFinding.Level, _ subject: String
  ) throws -> [String] {
    let file = folder.appending(path: "run.json")
    try Data(configuration.json.utf8).write(to: file)
    return RunCheck(contentsOf: file, speed: MachineSpeed(matrixRate: 1e10, availableBytes: 8_000_000_000))
      .texts(level, subject)
  }

  /// A run that begins with this configuration stops at once with what the check says.
  private func expectRefusal(
    _ subject: String, saying words: [String], records: Int = 12,
    _ change: (inout DualCheckerConfiguration, URL) throws -> Void
  ) async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: records)
      try change(&configuration, folder)
      let found = try findings(configuration, in: folder, .error, subject)
      var refusal = ""
      do {
        _ = try await DualCheckerRun(configuration, folder: folder.appending(path: "out")).run()
      } catch {
        refusal = "\(error)"
      }
      // A fresh encoder stands in another folder.
      #expect(found == [refusal] || subject == "student.fresh" && found.count == 1, "\(found) and \(refusal)")
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "out/loop.json").path))
      for word in words { #expect(refusal.contains(word) && found.first?.contains(word) == true, "\(refusal)") }
    }
  }

  @Test func `a pool of all records is said to leave none to label`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 60)
      #expect(try findings(configuration, in: folder, .warning, "aligner.pool").isEmpty)
      configuration.aligner.pool = .count(500)
      let found = try findings(configuration, in: folder, .warning, "aligner.pool")
      #expect(found.count == 1 && found.first?.hasSuffix("so the teacher labels none; lower it") == true, "\(found)")
    }
  }

  @Test func `a teacher's time goes by the demonstrations and explanations that there may be`() async throws {
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 24)
      configuration.teacher.kind = .model
      configuration.teacher.model.model = try decoder(in: folder)
      let file = folder.appending(path: "run.json")
      func time(shots: Int, tokens: Int) throws -> String {
        (configuration.aligner.shots, configuration.teacher.model.maximumTokens) = (shots, tokens)
        try Data(configuration.json.utf8).write(to: file)
        let check = RunCheck(contentsOf: file, speed: MachineSpeed(matrixRate: 1e4, availableBytes: 8_000_000_000))
        return try #require(check.text().split(separator: "\n").first { $0.contains(", student ") }).description
      }
      configuration.aligner.pool = .count(2)
      // Two records can't be shown four times; 96 tokens are the most that an explanation has.
      #expect(try time(shots: 4, tokens: 96) == time(shots: 2, tokens: 96))
      #expect(try time(shots: 1, tokens: 96) != time(shots: 2, tokens: 96))
      #expect(try time(shots: 2, tokens: 128) == time(shots: 2, tokens: 96))
      #expect(try time(shots: 2, tokens: 16) != time(shots: 2, tokens: 96))
    }
  }

  private func decoder(in folder: URL) throws -> String {
    let place = folder.appending(path: "decoder")
    try TinyModels.writeTextDecoder(to: place)
    return place.path
  }

  @Test func `thinking without the key in the template`() async throws {
    try await expectRefusal("student.model", saying: ["enable_thinking"]) {
      $0.student.kind = .decoder
      $0.student.model = try decoder(in: $1)
      $0.student.thinking = false
    }
  }

  @Test(arguments: [DualCheckerStudentConfiguration.Kind.encoder, .decoder])
  func `LoRA targets that match nothing`(kind: DualCheckerStudentConfiguration.Kind) async throws {
    try await expectRefusal("student.model", saying: ["q_porj"]) {
      $0.student.kind = kind
      $0.student.model = kind == .encoder ? try DualCheckerFixture.encoder(in: $1).path : try decoder(in: $1)
      $0.student.lora = .init()
      $0.student.lora?.targets = ["q_porj"]
    }
  }

  @Test func `LoRA targets that match nothing of an encoder made from nothing`() async throws {
    try await expectRefusal("student.fresh", saying: ["q_proj"]) { configuration, _ in
      configuration.student.lora = .init()
      configuration.student.lora?.targets = ["q_proj"]
    }
  }

  @Test func `a decoder where an encoder is asked for, and the reverse`() async throws {
    try await expectRefusal("student.model", saying: ["text decoder", "set student.kind to decoder"]) {
      $0.student.model = try decoder(in: $1)
    }
    try await expectRefusal("student.model", saying: ["roberta"]) {
      $0.student.kind = .decoder
      $0.student.model = try DualCheckerFixture.encoder(in: $1).path
    }
    try await expectRefusal("teacher.model", saying: ["roberta"]) {
      $0.teacher.kind = .model
      $0.teacher.model.model = try DualCheckerFixture.encoder(in: $1).path
    }
  }

  @Test func `a text that is longer than the decoder takes`() async throws {
    try await expectRefusal("student", saying: ["r4"]) {
      $0.student.kind = .decoder
      let model = try decoder(in: $1)
      $0.student.model = model
      // Room for all texts but one.
      let config = URL(filePath: model).appending(path: "config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      #expect(text.contains(#""max_position_embeddings":256"#))
      try Data(text.replacing(#""max_position_embeddings":256"#, with: #""max_position_embeddings":1024"#).utf8)
        .write(to: config)
      let rows = (0..<12).map { number in
        let text = DualCheckerFixture.text(number) + String(repeating: " and on", count: number == 4 ? 300 : 0)
        return #"{"id": "r\#(number)", "summary": "\#(text)", "detail": "-", "label": \#(number % 2)}"#
      }
      try Data("[\(rows.joined(separator: ","))]".utf8).write(to: URL(filePath: $0.data.file ?? ""))
    }
  }

  @Test func `what the run can begin with is read whole`() throws {
    try withTemporaryFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder)
      #expect(try findings(configuration, in: folder, .ok, "student.fresh").count == 1)
      configuration.student.model = try DualCheckerFixture.encoder(in: folder).path
      configuration.aligner.encoder = configuration.student.model
      configuration.student.lora = .init()
      configuration.student.lora?.targets = ["query"]
      #expect(try findings(configuration, in: folder, .ok, "student.model").first?.hasSuffix("loaded whole") == true)
      configuration.student.lora = nil
      configuration.student.kind = .decoder
      configuration.student.model = try decoder(in: folder)
      #expect(try findings(configuration, in: folder, .ok, "student.model").first?.hasSuffix("loaded whole") == true)
    }
  }
}
