import Distillation
import DualChecker
import Foundation
import LoRA
import StudentModels
import TeacherProtocol
import Testing

/// DualChecker by the command, with a teacher in the process and with one behind `distill serve`.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct DualCheckerCommandTests {
  @Test func `another teacher is another block in the same file`() async throws {
    let distill = try #require(DistillBinary.found)
    try await withFolder { folder in
      var configuration = try DualCheckerFixture.configuration(in: folder, records: 40)
      (configuration.aligner.shots, configuration.aligner.explains) = (0, false)
      (configuration.teacherCheck.steps, configuration.evaluation.draws) = ([], 0)
      (configuration.evaluation.trainsOnGold, configuration.data.fields.detail) = (false, nil)
      configuration.studentCheck.kind = .none
      let first = configuration
      let adapter = try await taughtAdapter(configuration, in: folder)
      let server = try distill.serving(folder.appending(path: "base"), adapter: adapter, in: folder)
      defer { server.process.terminate() }
      let address = try #require(server.address)
      var service = OpenAITeacherConfiguration(baseURL: address, model: "base")
      (service.keyVariable, service.maximumTokens) = (nil, 8)
      (configuration.teacher.kind, configuration.teacher.service) = (.openAI, service)
      var scores: [Double] = []
      for (name, configuration) in [("here", first), ("served", configuration)] {
        let file = folder.appending(path: "\(name).json")
        try Data(configuration.json.utf8).write(to: file)
        let outcome = try distill.run(["run", file.path, "--out", "run-\(name)", "-q"], in: folder)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let found = try DualCheckerRun.opening(folder.appending(path: "run-\(name)")).evaluation
        scores.append(found?["labels"]?.macroF1 ?? 0)
      }
      // Without demonstrations the learner in the process knows nothing; the served student was taught.
      #expect(scores[0] < 0.7 && scores[1] > 0.8, "\(scores)")
      let data = try Data(contentsOf: folder.appending(path: "run-served/loop.json"))
      let labelled = try JSONDecoder().decode(Loop.self, from: data).loop.labelled
      #expect(!labelled.isEmpty && labelled.allSatisfy { $0.answer != nil })
    }
  }

  /// A tiny decoder in `base/` and an adapter that answers the run's question about its records.
  private func taughtAdapter(_ configuration: DualCheckerConfiguration, in folder: URL) async throws -> URL {
    let task = try LabellingTask(
      binary: LabelSet([.init(name: "wet", answer: "Yes"), .init(name: "dry", answer: "No")], positive: "wet"))
    let base = try TinyModels.student()
    try base.save(to: folder.appending(path: "base"))
    var options = DecoderStudentOptions()
    (options.adapter.rank, options.learningRate) = (16, 1e-2)
    var student = try DecoderStudent(
      task: task, base: base, instructions: configuration.task.instructions, options: options, seed: 1)
    for _ in 0..<25 { try await student.fit((0..<40).map(DualCheckerFixture.example)) }
    let adapter = folder.appending(path: "adapter")
    try student.save(to: adapter)
    return adapter
  }
}

private struct Loop: Decodable { var loop: LoopState }

extension DistillBinary {
  /// `distill serve` on a free port, once it says where.
  fileprivate func serving(_ model: URL, adapter: URL, in folder: URL) throws -> (process: Process, address: String?) {
    let process = Process()
    process.executableURL = url
    process.arguments = ["serve", "--model", model.path, "--adapter", adapter.path, "--port", "0", "--threads", "1"]
    process.currentDirectoryURL = folder
    let said = folder.appending(path: "serve.txt")
    try Data().write(to: said)
    process.standardError = try FileHandle(forWritingTo: said)
    try process.run()
    for _ in 0..<600 {
      let words = try String(contentsOf: said, encoding: .utf8).split(separator: " ")
      if let address = words.first(where: { $0.hasPrefix("http://") }), words.count > 3 {
        return (process, String(address))
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
    return (process, nil)
  }
}
