internal import ConfigurationFiles
internal import ContentDigest
internal import DualChecker
public import Foundation
package import Layers
internal import StudentModels
public import TeacherProtocol
internal import Tensor
import DistillationConfiguration
import Reporting
internal import TwoStage

/// A run of the method `dualchecker`: a folder, and what fills it.
///
/// ```swift
/// let configuration = try DualCheckerConfiguration(contentsOf: file)
/// try await DualCheckerRun(configuration, folder: folder).run()
/// ```
///
/// Labelling goes on from its last checkpoint, replies of services are kept in the store that runs share, and finished parts
/// are skipped, so a run that was killed at any instant is simply started again and ends with the same bytes: loop.json, the
/// student and evaluation.json. So does a run that its budget stopped, once the budget is raised.
public struct DualCheckerRun: Sendable {
  /// What is to be done. Paths are absolute.
  package let configuration: DualCheckerConfiguration
  /// Where it is done.
  package let folder: URL
  let reporter: ProgressReporter
  let makeTeacher: (@Sendable (TeacherConfiguration, LabelSet) throws -> (any Teacher)?)?
  /// The processes that train its student together; all but the first ``assist()``. The default is this one alone.
  package var ranks: any Ranks = OneRank()

  /// A run in this folder, which is made if it is missing.
  ///
  /// - Parameter makeTeacher: makes teachers behind a network, which this module does not know.
  public init(
    _ configuration: DualCheckerConfiguration, folder: URL,
    reporter: ProgressReporter = ProgressReporter(style: .silent),
    makeTeacher: (@Sendable (TeacherConfiguration, LabelSet) throws -> (any Teacher)?)? = nil
  ) throws {
    self.configuration = configuration
    self.folder = folder
    self.reporter = reporter
    self.makeTeacher = makeTeacher
    try OwnerOnly.makeFolder(folder)
  }

  /// evaluation.json, if the run has come that far.
  public var evaluation: DualCheckerEvaluation? {
    get throws {
      let file = folder.appending(path: "evaluation.json")
      guard FileManager.default.fileExists(atPath: file.path) else { return nil }
      return try JSONDecoder().decode(DualCheckerEvaluation.self, from: Data(contentsOf: file))
    }
  }

  /// Labels, checks, refines, trains, scores and reports.
  ///
  /// - Throws: `RunError`, `TeacherUnavailable`, `BudgetExhausted`, or the error of a file.
  @discardableResult
  public func run() async throws -> DualCheckerEvaluation {
    if let threads = configuration.threads { Tensor.Compute.threads = threads }
    try LabelsAlike.refuse(configuration)
    try refuseUnusable(store: configuration.store)
    try RunFolder.refuseForeign(folder, for: .dualChecker)
    let lock = try RunLock(folder, reporter: reporter)
    defer { lock.free() }
    LeftFiles.delete(in: folder, .locked)
    try RunRules.keep(in: folder)
    try Data(configuration.yaml.utf8).write(to: folder.appending(path: "config.yaml"), options: .atomic)
    try await DualCheckerSteps(self).carryOut()
    guard let evaluation = try evaluation else { throw RunError.missing("evaluation.json") }
    return evaluation
  }

  /// What results depend on: the configuration without places that may differ.
  var settings: String {
    var settings = configuration
    (settings.out, settings.threads, settings.store) = (nil, nil, "-")
    settings.data.file = settings.data.file.map { _ in "-" }
    settings.data.files = settings.data.files.map { _ in SplitFiles(train: "-", test: "-") }
    (settings.teacher, settings.second) = (settings.teacher.inKeys, settings.second?.inKeys)
    settings.title = "-"
    // Whether classes are levels, and how the student is calibrated, changes figures alone; records that it takes away are
    // missing among the records. What clients call the question changes nothing.
    (settings.task.ordered, settings.evaluation.calibration, settings.question) = (nil, nil, nil)
    settings.loop.checkpointEvery = 1
    // A default that older versions wrote out.
    settings.student.targets = settings.student.targets(for: settings.task.kind)
    // The student's own key names what is done about labels that may be wrong.
    settings.student.labelNoise = nil
    // Keys of later versions that change no result are left out, so that what older ones finished is found finished.
    let later: Set = ["store_durable", "spending"]
    var keys: [ConfigurationNode.Entry] = []
    if case .map(let all) = settings.configurationNode?.content { keys = all.filter { !later.contains($0.key) } }
    return ConfigurationJSONWriter.text(of: .map(keys)) + StepRecords.version
  }

  /// What is done about labels that may be wrong before the final student learns them.
  var labelNoise: LabelNoise {
    get throws {
      if let chosen = configuration.student.labelNoise { return chosen }
      guard try RunRules(of: folder).labels == .byTask else { return .none }
      return configuration.student.defaultLabelNoise
    }
  }

  /// The configuration's model that says how alike records are; nil where it names none.
  func folderEncoder() throws -> FolderSentenceEncoder? {
    try configuration.aligner.encoder.map {
      var embedder = try SentenceEmbedder(contentsOf: URL(filePath: $0))
      embedder.prompt = retrievalPrompt(insteadOf: embedder.prompt)
      return FolderSentenceEncoder(embedder)
    }
  }

  func loop(
    _ data: DualCheckerData, teachers: DualCheckerTeachers, encoder: any SentenceEncoder
  ) async throws -> DualCheckerLoop {
    let aligner = try await ContextAligner(
      pool: LabelledPool(data.pool), selection: configuration.aligner.selection, encoder: encoder)
    var loop = DualCheckerLoop(
      task: data.task, teacher: try teachers.teacher(configuration.teacher), aligner: aligner, items: data.unlabelled,
      template: LabellingTemplate(instructions: configuration.task.instructions))
    loop.second = try configuration.second.map { try teachers.teacher($0) }
    loop.options = options
    loop.options.labelNoise = try labelNoise
    loop.parameters = configuration.teacher.parameters(for: data.task)
    loop.studentCheck = configuration.studentCheck.check
    loop.refinement = configuration.studentCheck.asRefinement
    loop.calibrate = configuration.teacherCheck.calibration.learner
    return loop
  }

  private var options: DualCheckerOptions {
    var options = DualCheckerOptions()
    let (loop, aligner, check) = (configuration.loop, configuration.aligner, configuration.teacherCheck)
    (options.batch, options.budget, options.replay) = (loop.batch, loop.budget, loop.replay)
    (options.shots, options.explains) = (aligner.shots, aligner.explains)
    options.contextCharacters = aligner.contextCharacters
    (options.steps, options.followUps) = (check.steps, check.followUps)
    (options.acceptance, options.choosesAcceptance) = (check.rule ?? options.acceptance, check.rule == nil)
    (options.threshold, options.targetPrecision) = (check.threshold, check.targetPrecision)
    options.learnsAlternatives =
      configuration.student.kind == .encoder && configuration.student.targets(for: configuration.task.kind) == .soft
    options.refinesEvery = configuration.studentCheck.every
    options.rollsBack = configuration.studentCheck.rollsBack
    options.seed = UInt64(configuration.seed)
    if configuration.teacher.kind == .model {
      options.explanationTokens = min(options.explanationTokens, configuration.teacher.model.maximumTokens)
    }
    if configuration.teacher.kind == .openAI { options.concurrency = configuration.teacher.service.concurrency }
    return options
  }
}
