import Distillation
import NewsWorld
import StudentModels

/// The numbers of the demonstration: how hard the world is, how large the models, how long each is taught.
///
/// They were chosen on seed 1 so that everything fits into eight minutes on two cores, the base sees what LoRA on the
/// language model alone could not mend later, and the teachers know the task but each with a weakness of its own.
struct Recipe: Sendable {
  /// The world.
  var world: NewsWorldConfiguration
  /// What base and teachers are taught before their ways part: to see, and to put what they see into words.
  var common: [Lesson]
  /// What the base is taught further: to match captions with photos. It never meets the task's own question.
  var base: [Lesson]
  /// What all teachers are taught further: the task's question.
  var judging: [Lesson]
  /// The teachers, each with its own sight or patience.
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
  ///
  /// - Parameter isQuick: a few updates of everything, to see that the parts fit together; the models learn nothing.
  init(seed: Int, isQuick: Bool = false) {
    // Captions err about what the base can see after so short a time. It tells the kind of the objects in two photos of
    // three and their number in one of two, so nobody could do well on captions that err about those.
    let facts: [Fact] = [.colour, .place, .time]
    world = NewsWorldConfiguration()
    world.seed = UInt64(seed)
    world.facts = facts
    world.trainGroups = isQuick ? 20 : 800
    world.devGroups = 0
    world.testGroups = isQuick ? 20 : 500
    world.teacherGroups = 0
    world.pretrainingPhotos = isQuick ? 100 : 8000
    world.clutter = 0
    world.noise = 3
    func lesson(_ name: String, _ curriculum: Curriculum, updates: Int, rate: Float = 2e-3) -> Lesson {
      Lesson(name: name, curriculum: curriculum, updates: isQuick ? 3 : updates, learningRate: rate)
    }
    common = [
      lesson("describing", Curriculum(descriptions: 3), updates: 1400, rate: 3e-3),
      lesson("checking", Curriculum(descriptions: 1, checks: 3), updates: 450),
    ]
    base = [lesson("base: matching", Curriculum(checks: 1, matches: 4, facts: facts), updates: 600)]
    let task = Curriculum(checks: 1, newsCaptions: 4, facts: facts)
    judging = [lesson("teachers: judging", task, updates: 1000)]
    func teacher(_ name: String, _ sight: ModelTeacherConfiguration.ImageView, updates: Int) -> TeacherRecipe {
      TeacherRecipe(name: name, sight: sight, lessons: [lesson("teacher \(name)", task, updates: updates)])
    }
    teachers = [
      teacher("colour-blind", .grey, updates: 130), teacher("short-sighted", .blurred, updates: 80),
      teacher("hasty", .none, updates: 40),
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
