package import Foundation
package import Layers
internal import LoRA
package import StudentModels
internal import Tensor

extension DistillationRun {
  /// The base model's folder: the configuration's, or base/ of the run.
  package func basePath() throws -> URL {
    if let path = configuration.student.model { return URL(filePath: path) }
    guard configuration.student.fresh != nil else { throw RunError.noStudent }
    return folder.appending(path: "base")
  }

  /// The student before any adapter.
  ///
  /// - Parameter form: of its own weights; nil for the configuration's.
  /// - Throws: ``RunError`` (``RunError/unfinished(_:lacks:)`` where the run has not made it yet), or what reading a model folder
  ///   throws.
  func loadBase(in form: WeightFormat? = nil) throws -> any Student {
    if let student = plugins.student { return student }
    let path = try basePath()
    if configuration.student.model == nil,
      !FileManager.default.fileExists(atPath: path.appending(path: "config.json").path)
    {
      throw RunError.unfinished(folder.path, lacks: "student")
    }
    if ImageTextMatcher.isFolder(path) {
      var matcher = try ImageTextMatcher(contentsOf: path)
      matcher.maximumTokens = min(matcher.maximumTokens, configuration.student.maximumTokens)
      return matcher
    }
    var student = try StudentFamily.student(contentsOf: path)
    try student.refuseNonFiniteWeights(of: path)
    student.maximumTokens = min(student.maximumTokens, configuration.student.maximumTokens)
    student.promptBeginning = try RunRules(of: folder).beginning
    try student.setThinking(configuration.student.thinking)
    student.recomputesActivations = configuration.student.gradientCheckpointing
    guard let form = form ?? configuration.frozenPrecision, form != .float32 else { return student }
    student.freeze()
    student.convertFrozenWeights(to: form)
    return student
  }

  /// The adapter of the last stage that the run has come to.
  ///
  /// - Throws: ``RunError/unfinished(_:lacks:)`` where nothing is trained yet.
  package func lastAdapter() throws -> URL {
    let stages = ["stage2", "stage1"].map { folder.appending(path: $0) }
    guard
      let adapter = stages.first(where: {
        FileManager.default.fileExists(atPath: $0.appending(path: "adapter_model.safetensors").path)
      })
    else { throw RunError.unfinished(folder.path, lacks: "adapter") }
    return adapter
  }

  /// The student as far as the run has trained it.
  ///
  /// - Parameter form: of the base's own weights; nil for the run's.
  /// - Throws: ``RunError`` where nothing is trained yet, or what reading a model folder throws.
  package func trainedStudent(in form: WeightFormat? = nil) throws -> any PretrainedStudent {
    let adapter = try lastAdapter()
    let base = try loadBase(in: form)
    guard !(base is ImageTextMatcher) else {
      throw StudentError.unknownFamily(try basePath().path, found: ImageTextMatcherConfiguration.modelType, known: [])
    }
    guard var student = base as? any PretrainedStudent else { throw RunError.noStudent }
    try student.loadAdapter(from: adapter)
    return student
  }

  /// A digest of the weights of ``loadBase()``, found without loading them.
  func baseKey() throws -> String {
    if let student = plugins.student {
      var digest = StudentDigest()
      return digest.of(student)
    }
    return try configuration.baseKey(ofModelIn: basePath())
  }
}

extension RunConfiguration {
  /// A digest of the student's weights as they are before any adapter, found without loading them.
  func baseKey(ofModelIn folder: URL) throws -> String {
    let weights = try digests.digest(ofModel: folder)
    return weights + (frozenPrecision == nil ? "" : " in \(student.precision.rawValue)")
      + (student.thinking.map { " thinking \($0)" } ?? "")
  }

  /// What the frozen weights are kept in; nil for what they are.
  fileprivate var frozenPrecision: WeightFormat? {
    WeightFormat(rawValue: student.precision.rawValue).flatMap { $0 == .float32 ? nil : $0 }
  }
}
