internal import Annotations
internal import ContentDigest
package import Evaluation
internal import Foundation
internal import DistillationConfiguration
internal import StudentModels
internal import TeacherProtocol
internal import Wording

/// What a run's student is calibrated by.
struct FittedCalibration {
  let calibration: StudentCalibration
  /// The human labels that were read for it beside those of the review.
  let labelsRead: Int
}

extension DistillationRun {
  /// What the run knows of this student's probabilities.
  func confidence(adapter: URL) throws -> ConfidenceFiles {
    try ConfidenceFiles(
      folder: folder, weights: adapter.appending(path: "adapter_model.safetensors"),
      findBase: {
        // A student of code has no folder.
        try plugins.student != nil || FileManager.default.fileExists(atPath: basePath().path) ? baseKey() : nil
      },
      question: questionDigest, labels: configuration.labels.map(\.name), reporter: reporter)
  }

  /// The digest of what the student is asked with: other words give other probabilities.
  private var questionDigest: String {
    get throws {
      let (labels, prompt) = (try configuration.labelSet(), try PromptTemplate(configuration.prompt))
      let shown = prompt.slots.contains("labels") ? [prompt.labelLines(labels)] : []
      let thinking = configuration.student.thinking.map { ["thinking \($0)"] } ?? []
      return ContentDigest.of(
        fields: ["question", prompt.text] + labels.labels.flatMap { [$0.name, $0.answer] } + shown + thinking)
    }
  }

  /// The one temperature that comes nearest to the run's calibration, on the answers that this was learned from; nil where the run
  /// has no calibration.
  ///
  /// - Throws: ``RunError/notARun(_:_:)`` for a calibration of another student or another question, and where the answers were not
  ///   kept; `RunFileError` for a file that can't be read.
  package func oneTemperature() throws -> OneTemperature? {
    let files = try confidence(adapter: lastAdapter())
    guard let calibration = try files.ownCalibration() else { return nil }
    return try OneTemperature(of: calibration, on: files.answers(of: calibration))
  }

  /// Learns how the finished student's probabilities are calibrated, and writes calibration.json; where the configuration does
  /// not ask for it, removes one that is there.
  func calibrate(
    _ stages: StudentStages<some Student>, _ state: RunState, first: TrainedStage, second: SecondStage
  ) async throws -> FittedCalibration? {
    let files = try confidence(adapter: second.trained.adapter)
    let answers: [StudentCalibration.Answer]
    var labelsRead = 0
    switch configuration.evaluation.calibration {
    case nil:
      files.clear()
      return nil
    case .dev:
      let truth = state.data.gold?.answers(of: state.data.dev.map(\.id)) ?? [:]
      labelsRead = truth.count
      let items = state.data.dev.filter { truth[$0.id] != nil }
      let predictions = try await stages.predict(items, adapter: second.trained.adapter)
      answers = Self.answers(items, predictions, truth: truth)
    case .budget:
      answers = try await crossFitted(stages, state, first: first, second: second)
    }
    let calibration = try StudentCalibration(
      answers, labels: files.labels, source: configuration.evaluation.calibration?.rawValue ?? "",
      adapter: files.student, question: files.question, base: files.findBase())
    try files.write(answers)
    try calibration.write(to: files.calibrationFile)
    reporter.message(calibration.sentence)
    return FittedCalibration(calibration: calibration, labelsRead: labelsRead)
  }

  /// Answers to the labelled conflicts by students that were not trained on them: Stage 2 is trained again without each fifth
  /// of them, and asked about that fifth.
  private func crossFitted(
    _ stages: StudentStages<some Student>, _ state: RunState, first: TrainedStage, second: SecondStage
  ) async throws -> [StudentCalibration.Answer] {
    let labels = second.labels
    let items = state.data.train.filter { labels[$0.id] != nil }
    guard items.count >= StudentCalibration.fewest else {
      // Nothing can be learned from them; they are counted in the reason.
      return items.map { .init(id: $0.id, group: $0.group, probabilities: [:], truth: labels[$0.id] ?? "") }
    }
    let folds = GroupFolds(items.map(\.group), count: 5)
    var answers: [StudentCalibration.Answer] = []
    for fold in 0..<folds.count {
      let held = items.filter { folds[$0.group] == fold }
      guard !held.isEmpty else { continue }
      let apart = Set(held.map(\.id))
      let trees = try stages.targets.preferences(state.judgements, labels: labels.filter { !apart.contains($0.key) })
      let stage =
        trees.isEmpty || second.way == .none
        ? first
        : try await trainStage2(
          stages, state, way: second.way, name: "calibration/\(fold + 1)", trees: trees, from: first, stage1: first)
      answers += Self.answers(held, try await stages.predict(held, adapter: stage.adapter), truth: labels)
    }
    return answers
  }

  /// Answers with probabilities to items whose truth is known.
  static func answers(
    _ items: [Item], _ predictions: [Prediction], truth: [String: String]
  ) -> [StudentCalibration.Answer] {
    zip(items, predictions).compactMap { item, prediction in
      guard let label = truth[item.id], !prediction.probabilities.isEmpty else { return nil }
      return .init(id: item.id, group: item.group, probabilities: prediction.probabilities, truth: label)
    }
  }
}

extension StudentCalibration {
  /// What is done with the student's probabilities, in a sentence.
  package var sentence: String {
    let labels = "\(NumberText.counted(answers, "label")) (\(source))"
    switch mapping {
    case .identity: return "probabilities are as the student states them: \(reason ?? "nothing was learned")"
    case .temperature(let temperature):
      let number = NumberText.fixed(temperature, digits: 2)
      return "probabilities are calibrated by a temperature of \(number), learned from \(labels)"
    case .vector: return "probabilities are calibrated by a weight and a bias for each label, learned from \(labels)"
    case .isotonic: return "probabilities are calibrated by a rising function for each label, learned from \(labels)"
    }
  }
}
