internal import Annotations
internal import Foundation
internal import ImageDecoding
internal import StudentModels
internal import TeacherProtocol
internal import Reporting
internal import Wording

extension DistillationRun {
  /// report.html from what the run has found.
  func writeReport(
    _ stages: StudentStages<some Student>, _ state: RunState, second: SecondStage, outcomes: [StepEngine.Outcome]
  ) async throws {
    var content = ReportContent(title: configuration.report.title)
    let conflicts = state.conflicts
    let share = Double(second.labels.count) / Double(max(1, state.data.train.count))
    let several = second.human.spent == second.labels.count ? "" : "\(second.human.spent) opinions of people came to "
    content.summary =
      "\(state.teachers.count) teachers labelled \(state.data.train.count) training items and disagreed on "
      + "\(conflicts.count) of them. \(several)\(NumberText.counted(second.labels.count, "human label"))"
      + "\(several.isEmpty ? second.labels.count == 1 ? " was read" : " were read" : "") "
      + "(\(String(format: "%.1f", 100 * share)) % of the items), on conflicts alone."
    content.steps = try steps(state, second, outcomes)
    content.configuration = configuration.yaml
    content.evaluation = try evaluation
    let log = folder.appending(path: "metrics.jsonl")
    // Where both stages were trained elsewhere there is none.
    let rows = FileManager.default.fileExists(atPath: log.path) ? try MetricsLog.rows(of: log) : []
    // Chosen on dev, what was taken is what was trained to be judged.
    let taken = "choice/\(configuration.rounds)/\(second.way.rawValue)"
    let isTaken = second.devLabels > 0
    content.curves = ReportContent.curves(
      of: rows.compactMap { row in
        if isTaken, row.stage == taken { return MetricsRow(stage: "stage2", step: row.step, values: row.values) }
        return row.stage == "stage1" || row.stage == "stage2" && !isTaken ? row : nil
      })
    content.agreement = agreement(state)
    content.conflictCount = conflicts.count
    content.conflicts = try await gallery(stages, state, conflicts, second)
    content.setAside =
      (state.data.setAside + rowsWithoutLabel(state.data, areScored: true) + second.human.setAside).map {
        .init(place: "\($0.file):\($0.line)", reason: "\($0.expected); found \($0.found)")
      }
      + (state.train.failures + state.test.failures).map {
        .init(place: $0.item, reason: "\($0.teacher): \($0.reason)")
      } + stages.targets.setAside.all.map { .init(place: $0.item, reason: $0.reason) }
    try content.write(to: folder.appending(path: "report.html"))
  }

  private func steps(
    _ state: RunState, _ second: SecondStage, _ outcomes: [StepEngine.Outcome]
  ) throws -> [ReportContent.Step] {
    let agreed = state.judgements.count { $0.label != nil }
    let expected = try expectation(state, second.human)?.sentence
    return outcomes.map { outcome in
      let (name, detail): (String, String) =
        switch RunStep(rawValue: outcome.name) {
        case .annotate:
          (
            "Annotate",
            "\(state.teachers.joined(separator: ", ")) on \(state.data.train.count) training and "
              + "\(state.test.items.count) test items. On training items: "
              + state.train.closingLines(advising: false).joined(separator: "; ")
          )
        case .agree: ("Agree", "\(agreed) items agreed, \(state.conflicts.count) in conflict")
        case .review:
          (
            "Review",
            [
              "\(NumberText.counted(second.human.spent, "human label")) on "
                + NumberText.counted(second.human.opinions.count, "conflict"),
              second.human.agreement?.text, expected,
            ]
            .compactMap(\.self).joined(separator: "; ")
          )
        case .stage1: ("Stage 1", "LoRA on the agreed items")
        case .stage2: ("Stage 2", second.detail)
        case .evaluate: ("Evaluate", "teachers, baselines and student on \(state.data.labelled.count) test items")
        case .report, nil:
          outcome.name == "base"
            ? ("Base", "a student made from nothing")
            : ("Teacher", "\(outcome.name) made from \(state.data.teaching.count) items with gold labels")
        }
      return .init(name: name, detail: detail, seconds: outcome.seconds, wasSkipped: outcome.wasSkipped)
    }
  }

  private func agreement(_ state: RunState) -> ReportContent.Agreement {
    let report = AgreementReport(state.train.votes, levels: configuration.levels)
    return .init(
      teachers: report.teachers.map(\.name),
      pairs: report.pairs.map {
        .init(
          first: $0.first, second: $0.second, items: $0.bothVoted, agreement: $0.agreement ?? 0, kappa: $0.kappa,
          quadraticKappa: $0.quadraticKappa)
      })
  }

  private func gallery(
    _ stages: StudentStages<some Student>, _ state: RunState, _ conflicts: [Conflict], _ second: SecondStage
  ) async throws -> [ReportContent.Conflict] {
    let labelled = conflicts.filter { second.labels[$0.item.id] != nil }
    let shown = Array((labelled.isEmpty ? conflicts : labelled).prefix(configuration.report.gallery))
    let adapter = second.trained.adapter
    let answers = try await stages.predict(
      shown.map(\.item), adapter: adapter, rationales: true, calibration: confidence(adapter: adapter).calibration())
    return zip(shown, answers).map { conflict, answer in
      .init(
        id: conflict.item.id, photos: photos(conflict.item, state.data.dataset), caption: conflict.item.text,
        votes: conflict.annotations.map {
          .init(
            name: $0.teacher, label: $0.reply.label, rationale: $0.reply.rationale,
            confidence: $0.reply.confidence?.value)
        }, humanLabel: second.labels[conflict.item.id],
        student: .init(
          name: "student", label: answer.label, rationale: answer.rationale, confidence: answer.confidence))
    }
  }

  /// The photos of an item, with their names where there are several.
  private func photos(_ item: Item, _ dataset: Dataset) -> [ReportContent.Photo] {
    let names = item.images.count > 1 ? item.imageNames.map(Optional.some) : [nil]
    return zip(item.images, names).compactMap { path, name in
      photo(path, dataset, alternative: name ?? item.text, name: name)
    }
  }

  /// A photo as people see it, at most 320 pixels wide; nil where it can't be read.
  private func photo(_ path: String, _ dataset: Dataset, alternative: String, name: String?) -> ReportContent.Photo? {
    guard var image = try? ImageDecoder(options: .forPeople).decode(contentsOf: dataset.imageURL(path).path) else {
      return nil
    }
    let longest = max(image.width, image.height)
    if longest > 320 {
      image = image.resized(
        width: max(1, image.width * 320 / longest), height: max(1, image.height * 320 / longest), by: .lanczos)
    }
    guard let bytes = try? image.jpegData(quality: 85) else { return nil }
    return .init(format: .jpeg, bytes: bytes, alternative: alternative, name: name)
  }
}
