import Distillation
import Foundation
import NewsWorld
import StudentModels

/// Makes everything that a run needs out of nothing - photos, captions, base student, teachers - and then runs it.
struct Demonstration {
  /// The run's folder; `world/`, `base/` and `teachers/` stand in it beside what the run writes.
  let folder: URL
  /// The seed of the world, of all models and of the run.
  let seed: Int
  /// A few updates of everything, to see that the parts fit together.
  let isQuick: Bool
  /// Where progress goes.
  let reporter: ProgressReporter

  private var worldFolder: URL { folder.appending(path: "world") }
  private var baseFolder: URL { folder.appending(path: "base") }
  private func folder(of teacher: Recipe.TeacherRecipe) -> URL { folder.appending(path: "teachers/\(teacher.name)") }

  /// Draws, teaches, runs.
  ///
  /// - Returns: what the run measured.
  func run() async throws -> EvaluationFile? {
    let recipe = Recipe(seed: seed, isQuick: isQuick)
    try prepare(recipe)
    let configuration = try configuration(recipe)
    let run = try DistillationRun(configuration, folder: folder, reporter: reporter)
    try await run.run()
    return try run.evaluation
  }

  /// Draws the world and makes base and teachers, unless the same were made before.
  private func prepare(_ recipe: Recipe) throws {
    let stamp = folder.appending(path: "made.txt")
    let recipeText = "\(recipe) \(Recipe.sizes)"
    if (try? String(contentsOf: stamp, encoding: .utf8)) == recipeText { return }
    reporter.message("drawing the world")
    let world = try NewsWorldDataset(recipe.world)
    let images = try world.write(to: worldFolder)
    let making = ModelMaking(world, images: images, seed: UInt64(seed), reporter: reporter)
    var base = try making.fresh(Recipe.sizes, name: "base")
    for lesson in recipe.common { try making.teach(&base, lesson) }
    var judge = base
    for lesson in recipe.base { try making.teach(&base, lesson) }
    try base.save(to: baseFolder)
    for lesson in recipe.judging { try making.teach(&judge, lesson) }
    for teacher in recipe.teachers {
      var model = judge
      for lesson in teacher.lessons { try making.teach(&model, lesson) { teacher.sight.seen($0) } }
      try model.save(to: folder(of: teacher))
    }
    // Last, so that a half-made folder is made again.
    try recipeText.write(to: stamp, atomically: true, encoding: .utf8)
  }

  /// What `distill run` would read from a file; the run writes it to config.yaml, with which `distill` goes on.
  private func configuration(_ recipe: Recipe) throws -> RunConfiguration {
    var data = DataConfiguration(file: worldFolder.appending(path: "pairs.jsonl").path)
    data.fields.text = "caption"
    data.fields.group = "group"
    data.fields.split = "split"
    data.fields.slices = ["fact"]
    var run = RunConfiguration(
      data: data,
      teachers: recipe.teachers.map { teacher in
        var model = ModelTeacherConfiguration(model: folder(of: teacher).path)
        model.imageView = teacher.sight
        model.maximumTokens = 32
        return TeacherConfiguration(name: teacher.name, source: .model(model))
      },
      student: StudentConfiguration(model: baseFolder.path),
      stage2: Stage2Configuration(reference: .stage1Adapter))
    run.seed = seed
    run.out = folder.path
    run.store = folder.appending(path: "store").path
    run.cache = folder.appending(path: "cache").path
    run.prompt = Curriculum.prompt
    run.labels = [
      LabelConfiguration(name: "pristine", answer: "No", meaning: "The photo shows what the caption says"),
      LabelConfiguration(name: "falsified", answer: "Yes", meaning: "The photo does not show what the caption says"),
    ]
    run.positive = "falsified"
    run.student.maximumTokens = 256
    run.student.maximumNewTokens = 32
    run.stage1.training = TrainingConfiguration(epochs: isQuick ? 1 : 4, batch: 16, learningRate: 2e-3)
    run.stage2.training = TrainingConfiguration(epochs: isQuick ? 1 : 4, batch: 16, learningRate: 1e-3)
    // Most conflicts are falsified, so training on them alone teaches to say Yes: the agreed items hold against it.
    run.stage2.replay = 6
    // Preferences are kept where they help, by a fifth of the labels.
    run.stage2.choose = .budget
    // The surest teachers are sure of one kind of conflict; drawn at random, the labels cover every kind.
    run.review.order = .random
    run.evaluation.results = .all
    run.report.title = "Out-of-context news"
    try run.validate()
    return run
  }
}
