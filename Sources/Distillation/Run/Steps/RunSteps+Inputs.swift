internal import DistillationConfiguration
internal import Evaluation
internal import Foundation
internal import TeacherProtocol

/// What the parts of a run are made from, and the files that they leave.
extension RunSteps {
  /// Development items as a part of inputs.
  private func developmentData() throws -> [String: String] {
    try images().merging(["the data": files.key]) { own, _ in own }
  }

  /// The images' content as a part of inputs; none for items without images, and where the run's rules don't count it.
  private func images() throws -> [String: String] {
    guard rules.images == .byContent, configuration.data.fields.image != nil, let images = try data().images else {
      return [:]
    }
    return ["the images": images]
  }

  func key(_ part: Part) -> String { keys[part.name] ?? "" }

  func inputs(of part: Part) throws -> StepInputs? {
    let version = StepRecords.version
    func settings(_ step: RunStep) -> String { configuration.settingsKey(for: step) }
    // Figures of agreement and the order of conflicts go by the levels, where labels are some.
    let order = configuration.levels.map { ["ordered in the configuration": $0.joined(separator: "\n")] } ?? [:]
    switch part {
    case .base: return try StepInputs(key: run.freshBaseKey(files))
    case .teacher(let name): return try StepInputs(key: trainedTeacher(name).key)
    case .step(.annotate):
      let teachers = try configuration.teachers.map { try files(of: $0) }
      let own = run.plugins.teachers.map { "\($0.name) \($0.model)" }
      // Without figures about teachers they are asked about training items alone.
      let asked = configuration.evaluation.asksTeachers ? "" : " on training items"
      let settings = settings(.annotate)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "the data": files.key, StepInputs.settings: settings, "the run's rules": rules.key,
          "the files of teachers": teachers.joined(separator: "\n"),
          "teachers from code": own.joined(separator: "\n") + asked,
        ], and: images())
    case .step(.agree):
      guard run.plugins.agreement == nil else { return nil }
      return StepInputs(
        [
          "the version": version, "the teachers' replies": key(.step(.annotate)),
          "agreement in the configuration": configuration.agreement.json,
        ], and: order)
    case .step(.review):
      let answers = [configuration.review.file, run.reviewJournal.path].compactMap(\.self)
        .filter { FileManager.default.fileExists(atPath: $0) }
      // Labels that stand for people's are the data's.
      let data = configuration.review.source == .oracle ? ["the data": files.key] : [:]
      return try StepInputs(
        [
          "the version": version, "what the votes came to": key(.step(.agree)),
          "review in the configuration": configuration.review.keyed,
          "rounds or seed in the configuration": "\(configuration.rounds) \(configuration.seed)",
          "what stage1 came to": configuration.review.order == .studentUncertainty ? key(.step(.stage1)) : "",
          "people's answers": answers.map { try digest(of: URL(filePath: $0)) }.joined(separator: "\n"),
        ], and: order.merging(decided.map { ["people's decisions on the server": $0] } ?? [:]) { own, _ in own },
        // Where the data was read anew a record that does not say which it was made from is not known to agree.
        newer: data, takesOlder: !hasReadAnew)
    case .step(.stage1):
      let settings = settings(.stage1)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "the teachers' replies": key(.step(.annotate)),
          "what the votes came to": key(.step(.agree)), StepInputs.settings: settings, "the run's rules": rules.key,
          "the student's base": baseKey(),
        ], and: taken(configuration.stage1.adapter, "stage1.adapter"))
    case .step(.stage2):
      let settings = settings(.stage2)
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "what stage1 came to": key(.step(.stage1)),
          "the human labels": HumanKey(key(.step(.review))).labels,
          StepInputs.settings: settings, "the reference's adapter": run.referenceDigest(),
        ],
        and: taken(configuration.stage2.adapter, "stage2.adapter")
          // Development items are none of what stage1 came to.
          .merging(configuration.stage2.choose == .dev ? developmentData() : [:]) { own, _ in own })
    case .step(.evaluate):
      let settings = settings(.evaluate)
      let human = HumanKey(key(.step(.review)))
      return try StepInputs(
        settings: settings,
        [
          "the version": version, "what stage2 came to": key(.step(.stage2)),
          "the teachers' replies": key(.step(.annotate)), "what the votes came to": key(.step(.agree)),
          "the data": files.key, StepInputs.settings: settings,
          "what the caller says of teachers' labels": "\(run.plugins.teacherLabels ?? -1)",
        ],
        and: (configuration.review.opinionsOfItem > 1 ? ["the human labels": human.labels] : [:])
          .merging(human.unusable.isEmpty ? [:] : ["labels without use": human.unusable]) { own, _ in own }
          .merging(
            configuration.evaluation.calibration == nil
              ? [:] : ["how calibrations are learned": StudentCalibration.rule]
          ) { own, _ in own }
          .merging(images()) { own, _ in own })
    case .step(.report):
      let settings = settings(.report)
      return StepInputs(
        settings: settings,
        ["the version": version, "the evaluation": key(.step(.evaluate)), StepInputs.settings: settings])
    }
  }

  func outputs(of part: Part) -> [String] {
    switch part {
    case .base, .teacher: ["\(part.name)/model.safetensors"]
    case .step(.annotate): ["replies.jsonl"]
    case .step(.agree): ["agreement.json"]
    case .step(.review): configuration.review.source == .oracle ? ["review.jsonl"] : []
    case .step(.stage1), .step(.stage2):
      ["adapter_config.json", "adapter_model.safetensors"].map { "\(part.name)/\($0)" }
    case .step(.evaluate):
      ["evaluation.json", "predictions"] + (configuration.evaluation.calibration == nil ? [] : ["calibration.json"])
    case .step(.report): ["report.html"]
    }
  }

  func baseKey() throws -> String {
    if let foundBaseKey { return foundBaseKey }
    let key = try run.baseKey()
    foundBaseKey = key
    return key
  }

  /// A digest of the files that a teacher answers from.
  private func files(of teacher: TeacherConfiguration) throws -> String {
    switch teacher.source {
    case .recorded(let recorded): try digest(of: URL(filePath: recorded.file))
    case .model(let model):
      try configuration.digests.digest(ofModel: URL(filePath: model.model))
        + (model.adapter.map { try " " + configuration.digests.digest(of: URL(filePath: $0)) } ?? "")
    case .trained: key(.teacher(teacher.name))
    case .openAI, .decision: ""
    }
  }

  /// An adapter that was trained elsewhere, as a part of inputs.
  private func taken(_ adapter: String?, _ name: String) throws -> [String: String] {
    guard let adapter else { return [:] }
    return [name: try TakenAdapter(URL(filePath: adapter), key: name).digest]
  }

  func trainedTeacher(_ name: String) throws -> TrainedTeacher {
    guard let teacher = configuration.teachers.first(where: { $0.name == name }),
      case .trained(let recipe) = teacher.source
    else { preconditionFailure("RunSteps: \(name) is no teacher that the run trains") }
    let base = try recipe.base.map { URL(filePath: $0) } ?? run.basePath()
    return try TrainedTeacher(
      name: name, recipe: recipe, base: base,
      key: StepRecords.key(
        files.key + images().values.joined(), configuration.digests.digest(ofModel: base), recipe.json,
        recipe.prompt ?? configuration.prompt,
        labels.labels.map { "\($0.name) \($0.answer) \($0.meaning)" }.joined(separator: "\n"), "\(configuration.seed)"))
  }
}
