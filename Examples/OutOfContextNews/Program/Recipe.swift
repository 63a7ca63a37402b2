import Distillation
import NewsWorld
import Student

/// The numbers of the demonstration: how hard the world is, how large the models, how long each is taught.
///
/// They were chosen on seed 1 so that everything fits into eight minutes on two cores, the base sees what LoRA on the
/// language model alone could not mend later, and the teachers know the task but each with a weakness of its own.
struct Recipe: Sendable {
  /// The world.
  var world: NewsWorldConfiguration
  /// The base: what the student is adapted from, and what the teachers grew from.
  var base: [Lesson]
  /// The teachers.
  var teachers: [TeacherRecipe]

  /// How one teacher is made from the base.
  struct TeacherRecipe: Sendable {
    /// Its name in results.
    var name: String
    /// What it sees of a photo, while it is taught and when it is asked.
    var sight: ModelTeacherConfiguration.ImageView
    /// What it is taught.
    var lessons: [Lesson]
  }

  /// The demonstration with this seed.
  init(seed: Int) {
    world = NewsWorldConfiguration()
    world.seed = UInt64(seed)
    world.trainGroups = 1000
    world.devGroups = 0
    world.testGroups = 500
    world.teacherGroups = 0
    world.pretrainingPhotos = 8000
    world.clutter = 0
    world.noise = 3
    base = [
      Lesson(name: "base: describing", curriculum: Curriculum(descriptions: 3), updates: 900, learningRate: 3e-3),
      Lesson(
        name: "base: checking", curriculum: Curriculum(descriptions: 1, checks: 3), updates: 300, learningRate: 2e-3),
    ]
    func teacher(_ name: String, _ sight: ModelTeacherConfiguration.ImageView, updates: Int) -> TeacherRecipe {
      TeacherRecipe(
        name: name, sight: sight,
        lessons: [
          Lesson(
            name: "teacher \(name)", curriculum: Curriculum(checks: 1, newsCaptions: 4), updates: updates,
            learningRate: 2e-3)
        ])
    }
    teachers = [
      teacher("colour-blind", .grey, updates: 200), teacher("short-sighted", .blurred, updates: 200),
      teacher("hasty", .none, updates: 80),
    ]
  }

  /// Sizes of all models of the world: about 0.6 million parameters.
  static var sizes: SmolVLM.FreshSizes {
    var sizes = SmolVLM.FreshSizes()
    sizes.vocabularySize = 640
    sizes.hiddenSize = 96
    sizes.intermediateSize = 192
    sizes.layers = 3
    sizes.heads = 4
    sizes.keyHeads = 4
    sizes.visionHiddenSize = 96
    sizes.visionIntermediateSize = 192
    sizes.visionLayers = 3
    sizes.maxPositions = 256
    return sizes
  }
}
