internal import Annotations
internal import DistillationConfiguration
package import Foundation
internal import StudentModels
internal import Tensor
internal import TwoStage

extension DistillationRun {
  /// The version of TRL that ``exportTraining(to:)`` writes for.
  package static var trlVersion: String { TRLScript.version }

  /// Writes a folder from which both stages are trained elsewhere, by TRL: rows, images, the adapter that training begins with,
  /// the order of examples, a script and a README. The steps before training are carried out where they are not.
  ///
  /// Without the human labels Stage 1 alone is written; the folder is written again once they are there, and what was trained
  /// in it stays.
  ///
  /// - Returns: what was written and what is missing, a line each.
  /// - Throws: ``RunError``; what TRL can't be told is an error before teachers are asked.
  package func exportTraining(to out: URL) async throws -> [String] {
    guard plugins.student == nil, let model = configuration.student.model else {
      throw RunError.notExported(
        "student.model", "it is not set; a student that the run makes itself is small, and is trained here")
    }
    guard configuration.rounds == 1 else {
      throw RunError.notExported(
        "rounds", "what people are asked in round 2 follows from an adapter that is trained here; set it to 1")
    }
    guard configuration.stage1.targets == .hard else {
      throw RunError.notExported(
        "stage1.targets", "soft: TRL takes no probabilities of labels; set it to hard, or train here")
    }
    guard configuration.student.lora.initialization != .pissa || configuration.stage1.training.weightDecay == 0 else {
      throw RunError.notExported(
        "student.lora.init",
        "pissa with stage1.weight_decay above 0: TRL would let decay what the adapter began as; set weight_decay to 0")
    }
    let target = TrainingFolder(configuration, out, model: URL(filePath: model), run: folder, reporter: reporter)
    try target.refuseOthers()
    try await run(through: .agree)
    let open = try await whatReviewWaitsFor()
    let lock = try RunLock(folder, reporter: reporter)
    defer { lock.free() }
    let labels = try configuration.labelSet()
    let state = try await gathered(readData(DataFiles(configuration), labels), labels: labels)
    guard let base = try loadBase() as? any PretrainedStudent else {
      throw RunError.notExported(
        "student.model", "it compares photos with texts, and other trainers read no such model")
    }
    let key = try baseKey()
    var keys = ["stage1": exportKey(state)]
    var given: [String: String]?
    if open == nil {
      given = try await reviewed(state, uncertainty: reviewUncertainty(base, key: key, state)).labels
      keys["stage2"] = exportKey(state, labels: given)
    }
    let (known, origins) = (given, keys)
    let lines = try await onOwnThread { try target.write(base, key: key, state, labels: known, origins: origins) }
    return lines + [open].compactMap(\.self)
  }

  /// Why there are no human labels yet; nil where they are there.
  private func whatReviewWaitsFor() async throws -> String? {
    guard configuration.stage2.reference != nil else {
      return "stage2 is not written, since the configuration does not set stage2.reference"
    }
    let again = "then write the folder again for stage2; what is trained in it stays"
    if configuration.review.order == .studentUncertainty, configuration.stage1.adapter == nil,
      !FileManager.default.fileExists(atPath: folder.appending(path: "stage1/adapter_model.safetensors").path)
    {
      return
        "stage2 is not written yet: with review.order: student_uncertainty people are asked after stage1. Train it, set "
        + "stage1.adapter, and \(again)"
    }
    do { try await run(through: .review) } catch let error as RunError {
      switch error {
      case .waitingForLabels, .waitingForReview: return "stage2 is not written yet: \(error); \(again)"
      default: throw error
      }
    }
    return nil
  }

  /// What people are asked by, where that is the student's uncertainty after Stage 1.
  private func reviewUncertainty(
    _ base: some Student, key: String, _ state: RunState
  ) async throws -> [String: [String: Double]]? {
    guard configuration.review.order == .studentUncertainty else { return nil }
    let stages = try await stages(
      over: base, key: key, labels: state.labels, of: state.conflicts.map(\.item), in: state.data.dataset)
    let first = TrainedStage(adapter: folder.appending(path: "stage1"), key: "", steps: 0)
    return try await probabilities(stages, of: state.conflicts, student: first)
  }
}
