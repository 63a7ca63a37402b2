internal import Annotations
internal import ContentDigest
package import Evaluation
internal import Foundation
internal import DistillationConfiguration
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
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
  /// - Throws: ``RunError/unusableFile(_:_:)`` for a calibration of another student or another question, and where the answers
  ///   were not kept; `RunFileError` for a file that can't be read.
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

  /// Answers to the labelled conflicts by students that Stage 2 did not train on them: it is carried out again without each fifth
  /// of them, and asked about that fifth.
  ///
  /// Conflicts are the hard items, and a student that is rightly sure of most others would be made unsure of them. So each fold is
  /// asked about agreed items too, which it does not see again in Stage 2: each of their labels counts by how probable it is
  /// (``AgreedPosterior``), and both kinds count as their shares of the training items.
  private func crossFitted(
    _ stages: StudentStages<some Student>, _ state: RunState, first: TrainedStage, second: SecondStage
  ) async throws -> [StudentCalibration.Answer] {
    let labels = second.labels
    let items = state.data.train.filter { labels[$0.id] != nil }
    guard items.count >= StudentCalibration.fewest else {
      // Nothing can be learned from them; they are counted in the reason.
      return items.map { .init(id: $0.id, group: $0.group, probabilities: [:], truth: labels[$0.id] ?? "") }
    }
    let folds = 5
    let agreed = AgreedItems(state, labels: labels, folds: folds)
    let posterior = AgreedPosterior(state.judgements, truth: labels)
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("calibration")
    var (answers, weak) = ([StudentCalibration.Answer](), [StudentCalibration.Answer]())
    for fold in 0..<folds {
      let held = items.filter { agreed.fold(of: $0.group) == fold }
      guard !held.isEmpty else { continue }
      let unseen = agreed.judgements(ofFold: fold)
      let apart = Set(held.map(\.id) + unseen.map(\.item.id))
      let trees = try stages.targets.preferences(
        state.judgements.filter { !apart.contains($0.item.id) }, labels: labels.filter { !apart.contains($0.key) })
      let stage =
        trees.isEmpty || second.way == .none
        ? first
        : try await trainStage2(
          stages, state, way: second.way, name: "calibration/\(fold + 1)", trees: trees, from: first, stage1: first)
      let asked = AgreedItems.drawn(AgreedItems.most / folds, of: unseen, using: &generator)
      let predictions = try await stages.predict(held + asked.map(\.item), adapter: stage.adapter)
      answers += Self.answers(held, Array(predictions.prefix(held.count)), truth: labels)
      weak += Self.answers(asked, Array(predictions.dropFirst(held.count)), by: posterior)
    }
    return Self.weighed(answers, weak, share: agreed.conflictShare)
  }

  /// Answers to agreed items, one for each label that may be true.
  private static func answers(
    _ judgements: [Judgement], _ predictions: [Prediction], by posterior: AgreedPosterior
  ) -> [StudentCalibration.Answer] {
    zip(judgements, predictions).flatMap { judgement, prediction -> [StudentCalibration.Answer] in
      guard !prediction.probabilities.isEmpty else { return [] }
      return posterior.probabilities(of: judgement).filter { $0.value > 1e-6 }.sorted { $0.key < $1.key }.map {
        .init(
          id: judgement.item.id, group: judgement.item.group, probabilities: prediction.probabilities, truth: $0.key,
          weight: $0.value, isAgreed: true)
      }
    }
  }

  /// Both kinds of answers with weights by which the labelled ones have this share, and which are 1 in the mean.
  private static func weighed(
    _ labelled: [StudentCalibration.Answer], _ agreed: [StudentCalibration.Answer], share: Double
  ) -> [StudentCalibration.Answer] {
    let items = Double(Set(agreed.map(\.id)).count)
    guard items > 0, !labelled.isEmpty else { return labelled }
    let all = Double(labelled.count) + items
    func scaled(_ answers: [StudentCalibration.Answer], by factor: Double) -> [StudentCalibration.Answer] {
      answers.map { answer in
        var answer = answer
        answer.weight *= factor
        return answer
      }
    }
    return scaled(labelled, by: share * all / Double(labelled.count)) + scaled(agreed, by: (1 - share) * all / items)
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
    switch mapping {
    case .identity: return "probabilities are as the student states them: \(reason ?? "nothing was learned")"
    case .temperature(let temperature):
      let number = NumberText.fixed(temperature, digits: 2)
      return "probabilities are calibrated by a temperature of \(number), learned from \(evidence)"
    case .vector: return "probabilities are calibrated by a weight and a bias for each label, learned from \(evidence)"
    case .isotonic: return "probabilities are calibrated by a rising function for each label, learned from \(evidence)"
    }
  }
}
