internal import DualChecker
internal import Evaluation
internal import Foundation
internal import LanguageModel
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Tokenization
internal import DistillationConfiguration
internal import Wording

/// How long the prompts of a run of the method `dualchecker` become, in characters: of its parts the longest, as no prompt is
/// known before the demonstrations are chosen.
struct DualCheckerPrompts: Sendable {
  let longest: Int
  /// A usual one: mean texts.
  let usual: Int

  init(_ run: DualCheckerConfiguration, _ records: DualCheckerRecords) {
    let frame = (run.task.instructions + run.task.labels.map(\.name)).reduce(100) { $0 + $1.count }
    let all = records.training + records.test
    let (texts, details) = (all.map(\.text.count), all.map(\.longerText.count))
    let shown = min(PromptBuilder.longestDemonstration, texts.max() ?? 0)
    let steps = run.teacherCheck.followUps > 0 ? run.teacherCheck.steps : []
    let shots = run.aligner.shots * (steps.contains(.moreDemonstrations) ? 2 : 1)
    let detail = steps.contains(.longerText) ? details.max() ?? 0 : 0
    // A demonstration has an explanation besides, of some lines, or of as many tokens as the teacher may write.
    let isExplained = run.aligner.explains && run.task.kind != .spans
    let lines = run.teacher.kind == .model ? min(300, 4 * run.teacher.model.maximumTokens) : 300
    let reason = isExplained ? max(60, lines) : 60
    longest = min(
      run.aligner.contextCharacters, frame + shots * (shown + reason) + (texts.max() ?? 0) + detail)
    let mean = texts.reduce(0, +) / max(1, texts.count)
    usual = min(longest, frame + min(run.aligner.shots, records.poolSize) * (min(shown, mean) + reason) + mean)
  }
}

extension RunCheck {
  /// Says how long prompts are, and estimates time and memory.
  static func inspectCheckedCost(
    _ run: DualCheckerConfiguration, _ records: DualCheckerRecords, _ questions: DualCheckerQuestions,
    speed: MachineSpeed?, into findings: inout [CheckFinding]
  ) {
    let speed = (speed ?? .measured()).held(to: run.threads)
    let rate = speed.matrixRate * CostEstimate.efficiency
    let prompts = DualCheckerPrompts(run, records)
    // English has four characters a token, scripts without spaces have one.
    let sample = records.training.prefix(50).map(\.text).joined()
    let characters = sample.unicodeScalars.lazy.filter { $0.value > 0x2E80 }.count > sample.count / 4 ? 1.0 : 4.0
    let longest = Int(Double(prompts.longest) / characters)
    var context = "the teacher's context must hold them"
    var parts: [(name: String, seconds: Double)] = []
    var memory = 0
    for teacher in [run.teacher, run.second].compactMap(\.self) where teacher.kind == .model {
      guard let folder = try? ModelFolder(URL(filePath: teacher.model.model)) else { continue }
      let size = ModelSize(folder.configuration)
      let limit = size.text.maxPositions
      if longest > limit {
        findings.warn(
          "prompts",
          "up to about \(NumberText.grouped(longest)) tokens, and \(teacher.name) reads \(limit): lower "
            + "aligner.context_characters or aligner.shots")
      }
      context = "\(teacher.name) reads \(NumberText.grouped(limit))"
      let asked = teacher == run.teacher ? questions.usual : questions.second / 2
      let prompt = size.forward(tokens: Double(prompts.usual) / characters, scored: Double(run.task.labels.count))
      // It writes explanations of the pool alone; other questions are answered by a label, which is scored.
      let reasonTokens = min(DualCheckerOptions().explanationTokens, teacher.model.maximumTokens)
      let explained = teacher == run.teacher && run.aligner.explains && reasonTokens > 1 ? records.poolSize : 0
      let reply = Double(reasonTokens) / 2 * 4 * size.forward(tokens: 1, scored: 1)
      parts.append(("teacher", (Double(asked) * prompt + Double(explained) * reply) / rate))
      memory += folder.weightBytes
    }
    findings.ok(
      "prompts",
      "up to \(NumberText.grouped(prompts.longest)) characters, about \(NumberText.grouped(longest)) tokens; "
        + context)
    let weights = run.student.model.map { Self.weights(in: URL(filePath: $0)) } ?? run.student.fresh.weights
    if let weights {
      let tokens = Double(sample.count) / Double(max(1, min(50, records.training.count))) / characters + 2
      let row = tokens * 2 * Double(weights)
      let isWhole = run.student.kind == .encoder && run.student.lora == nil
      let update = isWhole ? 3.0 : 2
      let trainings =
        1 + min(run.evaluation.studentDraws, run.evaluation.draws) + (run.evaluation.trainsOnGold ? 1 : 0)
        + (run.evaluation.calibration == .pool && records.poolSize >= StudentCalibration.fewest ? 5 : 0)
      let online = Double(records.training.count) * (1 + Double(run.loop.replay) / Double(run.loop.batch))
      let whole = Double(trainings * run.student.epochs * records.training.count)
      parts.append(("student", (online + whole) * update * row / rate))
      memory += TextUpdate.memory(
        weights: weights, bytes: run.student.model.flatMap { try? ModelFolder.weightBytes(of: URL(filePath: $0)) },
        tokens: Double(run.student.batch) * tokens, isWhole: isWhole)
    }
    let services = [run.teacher.kind, run.second?.kind].contains(.openAI) ? "; waiting for services not counted" : ""
    findings.ok(
      "time", "about \(NumberText.duration(parts.reduce(0) { $0 + $1.seconds }))\(services)",
      details: [
        parts.map { "\($0.name) \(NumberText.duration($0.seconds))" }.joined(separator: ", "),
        "an estimate from sizes and \(NumberText.short(speed.matrixRate / 1e9)) GFLOP/s measured now; half or twice of it "
          + "is possible",
      ])
    RunCheck.reportMemory(memory + CostEstimate.overhead, speed, into: &findings)
  }

  /// The elements of a folder's weights; nil where it has none that can be read.
  static func weights(in folder: URL) -> Int? {
    if let isEncoder = try? GGUFEncoder.isFile(folder), isEncoder {
      return (try? Tensor.GGUFFile(contentsOf: folder))?.elements
    }
    if GGUFModel.isFile(folder) {
      return (try? StudentFamily.configuration(contentsOf: folder)).map { ModelSize($0).parameters }
    }
    guard let files = try? Tensor.SafetensorsFolder(contentsOf: folder) else { return nil }
    return files.names.reduce(0) { $0 + (files.shape(of: $1)?.reduce(1, *) ?? 0) }
  }
}

extension FreshEncoder {
  /// Elements of its weights, biases left out.
  fileprivate var weights: Int? {
    (vocabularySize + maximumTokens) * hiddenSize + 12 * layers * hiddenSize * hiddenSize
  }
}
