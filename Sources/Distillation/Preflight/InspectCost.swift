internal import Foundation
internal import Layers
internal import TeacherProtocol
internal import Tensor
internal import DistillationConfiguration
internal import Wording

extension RunCheck {
  /// Estimates time and memory, and says that it estimates.
  static func inspectCost(
    _ run: RunConfiguration, data: InspectedData?, votes: InspectedVotes, student: InspectedStudent?,
    rows: InspectedRows?, speed: MachineSpeed?, into findings: inout [CheckFinding]
  ) -> RanksCost? {
    let pretrained = inspectCaptions(run, into: &findings)
    guard let data, let student, let rows else { return nil }
    let speed = (speed ?? .measured()).held(to: run.threads)
    let train = data.items.train
    let learnt = votes.learnt.isEmpty ? nil : votes.learnt.count
    let teachers = run.teachers.compactMap { teacher -> (ModelSize, Int, Int)? in
      guard case .model(let model) = teacher.source, let folder = try? ModelFolder(URL(filePath: model.model)) else {
        return nil
      }
      return (ModelSize(folder.configuration), folder.weightBytes, model.maximumTokens)
    }
    let all = train + data.items.dev + data.items.test
    let estimate = CostEstimate(
      .init(
        run: run, student: ModelSize(student.configuration), teachers: teachers, trainItems: train.count,
        learntItems: learnt, scoredItems: data.items.test.count, images: Set(all.flatMap(\.images)).count,
        labelled: votes.paid(by: run, items: train.count), promptTokens: rows.promptTokens,
        answerTokens: rows.answerTokens, tiles: rows.tiles, imagesOfAPrompt: rows.images, pretrainItems: pretrained,
        weightBytes: student.weightBytes, trainedParameters: student.trainedParameters), speed: speed)
    report(estimate, speed, run, into: &findings)
    return updateCost(
      run, estimate: estimate, items: CostEstimate.stage1Items(of: run, train: train.count, learnt: learnt),
      trainedParameters: student.trainedParameters)
  }

  private static func report(
    _ estimate: CostEstimate, _ speed: MachineSpeed, _ run: RunConfiguration, into findings: inout [CheckFinding]
  ) {
    let parts = estimate.parts.map { "\($0.name) \(NumberText.duration($0.seconds))" }.joined(separator: ", ")
    let rate = NumberText.short(speed.matrixRate / 1e9)
    let services = run.teachers.contains { $0.service != nil } ? "; waiting for services not counted" : ""
    let shorter =
      estimate.seconds < 3600
      ? [] : ["less with data.limit.train, stage1.epochs, stage1.answers of one teacher, or student.answer: label"]
    findings.ok(
      "time", "about \(NumberText.duration(estimate.seconds))\(services)",
      details: [parts, "an estimate from sizes and \(rate) GFLOP/s measured now; half or twice of it is possible"]
        + shorter)
    reportMemory(estimate.memoryBytes, speed, into: &findings)
  }

  /// Says what is needed beside what is free. Four times what there is in all is an error, as no estimate is so far off.
  static func reportMemory(_ bytes: Int, _ speed: MachineSpeed, into findings: inout [CheckFinding]) {
    let need = "about \(ByteText.bytes(bytes)), an estimate"
    guard let free = speed.availableBytes else { return findings.ok("memory", need) }
    let text = "\(need); \(ByteText.bytes(free)) free"
    if let total = speed.totalBytes, bytes / 4 > total {
      findings.fail("memory", "\(text) of \(ByteText.bytes(total)): take a smaller model or a smaller batch")
    } else if bytes > free {
      findings.warn("memory", "\(text): take a smaller batch or a smaller model if the run is stopped by the system")
    } else {
      findings.ok("memory", text)
    }
  }

  /// The rows of the captions file, read as pre-training will; 0 without one.
  private static func inspectCaptions(_ run: RunConfiguration, into findings: inout [CheckFinding]) -> Int {
    guard let pretrain = run.pretrain else { return 0 }
    do {
      let table = try RowFile(contentsOf: URL(filePath: pretrain.captions))
      let columns =
        [("pretrain.fields.image", pretrain.fields.image), ("pretrain.fields.text", pretrain.fields.text)]
        + pretrain.rowsWhere.keys.sorted().map { ("pretrain.where", $0) }
      var isWhole = true
      for (key, column) in columns where !table.rows.contains(where: { $0.value(column) != nil }) {
        isWhole = false
        let help = NearestName.nearest(to: column, among: table.columns).map { "; did you mean '\($0)'?" } ?? ""
        findings.fail(key, "\(pretrain.captions) has no column '\(column)'\(help)")
      }
      guard isWhole else { return 0 }
      let rows = table.rows.filter { row in
        pretrain.rowsWhere.allSatisfy { column, values in row.text(column).map(values.contains) ?? false }
      }
      if rows.isEmpty {
        findings.fail("pretrain.where", "no row of \(pretrain.captions) is kept")
      } else {
        try pretrain.demandPhotos(rows.count)
        findings.ok("pretrain", "\(pretrain.captions): \(NumberText.counted(rows.count, "row")) to pre-train on")
      }
      return rows.count
    } catch {
      findings.fail("pretrain.captions", "\(error)")
      return 0
    }
  }
}
