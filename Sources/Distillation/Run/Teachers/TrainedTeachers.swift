internal import Foundation
internal import ImageDecoding
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import DistillationConfiguration
internal import Training
internal import TwoStage
internal import Wording

/// A teacher of the kind `trained`, which the run makes from the items that are set apart for it: `teachers/NAME` in the
/// folder.
struct TrainedTeacher {
  let name: String
  let recipe: TrainedTeacherConfiguration
  /// The folder of the model that it grows from.
  let base: URL
  /// A digest of all that it is made from.
  let key: String

  /// Its part of the run.
  var part: String { "teachers/\(name)" }
}

extension DistillationRun {
  /// Makes a teacher; its training goes on from a checkpoint.
  func make(_ teacher: TrainedTeacher, _ data: RunData) async throws {
    guard let gold = data.gold else { throw RunError.unset("data.fields.label") }
    let labels = try configuration.labelSet()
    StepRecords(run: folder).begin(teacher.part)
    let home = RunTeachers.home(of: teacher.name, in: folder)
    if ImageTextMatcher.isFolder(teacher.base) {
      let start = try ImageTextMatcher(contentsOf: teacher.base)
      return try await onOwnThread {
        try made(start, teacher.part, teacher.recipe, data, gold, labels: labels, key: teacher.key).save(to: home)
      }
    }
    let start = try StudentFamily.student(contentsOf: teacher.base)
    try start.refuseNonFiniteWeights(of: teacher.base)
    try await onOwnThread {
      try make(start, teacher, data, gold, labels: labels, in: home)
    }
  }

  /// Makes a teacher of any family.
  private func make(
    _ start: some PretrainedStudent, _ teacher: TrainedTeacher, _ data: RunData, _ gold: GoldAnswers<String>,
    labels: LabelSet, in home: URL
  ) throws {
    var start = start
    start.promptBeginning = try RunRules(of: folder).beginning
    try made(start, teacher.part, teacher.recipe, data, gold, labels: labels, key: teacher.key).save(to: home)
  }

  /// All weights trained on the labels, the vision tower's too.
  private func made<Model: Student>(
    _ start: Model, _ name: String, _ recipe: TrainedTeacherConfiguration, _ data: RunData, _ gold: GoldAnswers<String>,
    labels: LabelSet, key: String
  ) throws -> Model {
    let template = try PromptTemplate(recipe.prompt ?? configuration.prompt)
    let labelled = data.teaching.compactMap { item in gold.answer(of: item.id).map { (item: item, label: $0) } }
    let decoder = configuration.data.readPixels.decoder
    let names = Set(labelled.flatMap(\.item.images)).sorted()
    let images = try mapInParallel(names) { name in
      Result {
        try start.image(recipe.imageView.seen(decoder.decode(contentsOf: data.dataset.imageURL(name).path)))
      }
    }.map { try $0.get() }
    let byName = Dictionary(uniqueKeysWithValues: zip(names, images))
    let setAside = SetAside()
    let trees = try labelled.compactMap { item, label -> AnswerTree? in
      let answer = try AnswerTemplate().answer(label, rationale: "", labels: labels)
      do {
        try template.checkShows(item)
        let question = try template.prompt(for: item, labels: labels)
        return try start.tree(
          question: question.text, images: question.images.compactMap { byName[$0.path]?.at($0.place) },
          answers: [answer])
      } catch {
        guard !configuration.strict else { return try naming(item.id) { throw error } }
        setAside.note(item.id, FaultText.sentence(for: error))
        return nil
      }
    }
    say(setAside: setAside)
    if trees.isEmpty, let first = setAside.all.first { throw TrainingError.unusableItem(first.item, first.reason) }
    var teacher = start
    teacher.setTrainable { _ in true }
    let checkpoint = folder.appending(path: "checkpoints/\(name.replacing("/", with: "-")).safetensors")
    let trainer = Trainer(
      stage: name, options: recipe.training.options, seed: UInt64(configuration.seed),
      checkpoint: Checkpoint(url: checkpoint, key: key))
    try train(&teacher, by: trainer, objective: SupervisedObjective(trees))
    return teacher
  }

  /// Trains by the run's progress, from the checkpoint on where there is one, which is not needed afterwards.
  func train<Objective: TrainingObjective>(
    _ model: inout Objective.Model, by trainer: Trainer, objective: Objective
  ) throws where Objective.Model: Module {
    var trainer = trainer
    trainer.ranks = ranks
    let total = trainer.options.totalSteps(examples: objective.exampleCount)
    reporter.begin(trainer.stage, total: total, done: try trainer.checkpoint?.steps() ?? 0, unit: "updates")
    try trainer.train(&model, objective: objective) { update in
      reporter.advance(to: update.step, note: String(format: "loss %.4f", update.metrics.loss))
    }
    reporter.finish()
    trainer.checkpoint?.remove()
  }
}
