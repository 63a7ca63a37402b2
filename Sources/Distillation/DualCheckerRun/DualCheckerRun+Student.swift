internal import DualChecker
internal import DistillationConfiguration
internal import Foundation
package import Layers
internal import LoRA
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import TextStudents
internal import Training
internal import Wording

extension DualCheckerRun {
  /// The configuration's student as it begins, or with an adapter that was trained before.
  func student(_ task: LabellingTask, model: URL, adapter: URL? = nil) throws -> any DualCheckerStudent {
    try configuration.student(task, model: model, adapter: adapter, RunRules(of: folder))
  }

  // MARK: Finished

  /// The file with the weights that the student was trained to.
  var studentWeights: URL {
    let name = configuration.student.kind == .decoder ? "adapter_model.safetensors" : "model.safetensors"
    return folder.appending(path: "student/\(name)")
  }

  /// The finished student's folder.
  ///
  /// - Throws: ``RunError/unfinished(_:lacks:)`` where the run has no student yet.
  private func finishedFolder() throws -> URL {
    guard FileManager.default.fileExists(atPath: studentWeights.path) else {
      throw RunError.unfinished(folder.path, lacks: "student/")
    }
    return studentWeights.deletingLastPathComponent()
  }

  /// The finished student, which answers and learns no more.
  func finishedStudent(_ task: LabellingTask) throws -> FinishedStudent {
    let place = try finishedFolder()
    if let threads = configuration.threads { Tensor.Compute.threads = threads }
    guard configuration.student.kind == .decoder else {
      return .encoder(try TrainedEncoder(contentsOf: place, task: task))
    }
    return .decoder(try student(task, model: URL(filePath: configuration.student.model ?? ""), adapter: place))
  }

  /// The finished student as servers ask it.
  ///
  /// - Parameter form: of a decoder's own weights; nil for Float32.
  /// - Throws: ``NoLabelProbabilities`` for a task of spans, ``RunError/unfinished(_:lacks:)`` where the run has no student yet, or what
  ///   reading a model's folder throws.
  package func servedStudent(in form: WeightFormat? = nil) throws -> ServedStudent {
    let task = try taskOfClasses()
    let place = try finishedFolder()
    guard configuration.student.kind == .decoder else {
      let encoder = try TrainedEncoder(contentsOf: place, task: task)
      return .classifier { item, _ in try encoder.answer(to: item) }
    }
    var base = try configuration.decoderBase(URL(filePath: configuration.student.model ?? ""), RunRules(of: folder))
    if let form, form != .float32 {
      base.freeze()
      base.convertFrozenWeights(to: form)
    }
    try base.loadAdapter(from: place)
    return .model(base)
  }
}

/// A finished student, which answers and learns no more.
enum FinishedStudent {
  case encoder(TrainedEncoder)
  case decoder(any DualCheckerStudent)

  /// The parts of texts that it reads, where it cuts long ones.
  func readParts(of items: [Item]) -> ReadParts? {
    switch self {
    case .encoder(let student): student.readParts(of: items)
    case .decoder(let student): student.readParts(of: items)
    }
  }

  /// Why it can't take items, by their ids: texts that are too long for it, where it cuts none.
  func faults(of items: [Item]) -> [String: String] {
    guard case .decoder(let student) = self, (try? student.check(items)) == nil else { return [:] }
    return items.reduce(into: [:]) { faults, item in
      do { try student.check([item]) } catch TrainingError.unusableItem(_, let reason) {
        faults[item.id] = reason
      } catch {
        faults[item.id] = FaultText.sentence(for: error)
      }
    }
  }

  /// Its answers to the items, in their order, as it states them.
  func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    switch self {
    case .encoder(let student): try await student.predictions(for: items)
    case .decoder(let student): try await student.predictions(for: items)
    }
  }
}

extension DualCheckerConfiguration {
  /// The student as it begins, or with an adapter that was trained before.
  func student(
    _ task: LabellingTask, model: URL, adapter: URL? = nil, _ rules: RunRules
  ) throws -> any DualCheckerStudent {
    switch student.kind {
    case .encoder:
      do {
        return try EncoderStudent(
          task: task, encoderIn: model, options: student.encoderOptions(for: task.kind), seed: UInt64(seed))
      } catch {
        guard let family = try? StudentFamily(contentsOf: model) else { throw error }
        throw RunError.unusableFile(
          model.path,
          "it is no encoder but a \(family.rawValue); set student.kind to decoder for it, or name an encoder's folder")
      }
    case .decoder: return try decoder(decoderBase(model, rules), task: task, adapter: adapter)
    }
  }

  fileprivate func decoderBase(_ model: URL, _ rules: RunRules) throws -> any PretrainedStudent {
    var base = try StudentFamily.student(contentsOf: model)
    try base.refuseNonFiniteWeights(of: model)
    base.promptBeginning = rules.beginning
    try base.setThinking(student.thinking)
    return base
  }

  private func decoder(
    _ base: some PretrainedStudent, task: LabellingTask, adapter: URL?
  ) throws -> any DualCheckerStudent {
    try DecoderStudent(
      task: task, base: base, adapter: adapter, instructions: self.task.instructions, options: student.decoderOptions,
      seed: UInt64(seed))
  }
}
