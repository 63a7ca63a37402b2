internal import Foundation
internal import Layers
internal import StudentModels
internal import Tensor

extension DistillationRun {
  /// The base model's folder: the configuration's, or base/ of the run.
  func basePath() throws -> URL {
    if let path = configuration.student.model { return URL(filePath: path) }
    guard configuration.student.fresh != nil else { throw RunError.noStudent }
    return folder.appending(path: "base")
  }

  /// The student before any adapter.
  ///
  /// - Throws: ``RunError``, or what reading a model folder throws.
  func loadBase() throws -> any Student {
    if let student = plugins.student { return student }
    var student = try StudentFamily.student(contentsOf: basePath())
    student.maximumTokens = min(student.maximumTokens, configuration.student.maximumTokens)
    student.promptBeginning = try RunRules(of: folder).beginning
    student.recomputesActivations = configuration.student.gradientCheckpointing
    guard let form = frozenPrecision else { return student }
    student.freeze()
    student.convertFrozenWeights(to: form)
    return student
  }

  /// A digest of the weights of ``loadBase()``, found without loading them.
  func baseKey() throws -> String {
    if let student = plugins.student {
      var digest = StudentDigest()
      return digest.of(student)
    }
    let weights = try configuration.digests.digest(of: basePath())
    return frozenPrecision == nil ? weights : weights + " in \(configuration.student.precision.rawValue)"
  }

  /// What the frozen weights are kept in; nil for what they are.
  private var frozenPrecision: WeightFormat? {
    WeightFormat(rawValue: configuration.student.precision.rawValue).flatMap { $0 == .float32 ? nil : $0 }
  }
}
