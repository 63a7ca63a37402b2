import Distillation
import Foundation
import ImageDecoding
import Layers
import NewsWorld
import StudentModels
import Tensor

/// One part of making a model: what is asked, of how many photos, at which rate.
struct Lesson: Sendable {
  /// In progress lines.
  var name: String
  /// What is asked of each photo.
  var curriculum: Curriculum
  /// Updates of 32 photos.
  var updates: Int
  /// The highest learning rate.
  var learningRate: Float

  /// Photos of an update.
  static let batch = 32
}

/// Makes models by lessons about the photos of a news world.
struct ModelMaking {
  /// Photos with what they show.
  let photos: [(image: RGBImage, scene: Scene)]
  /// Where order and questions start.
  let seed: UInt64
  /// Where progress goes.
  let reporter: ProgressReporter

  /// The world's photos of the split `pretrain`.
  ///
  /// - Parameter images: the world's photos as they were drawn.
  init(_ world: NewsWorldDataset, images: [RGBImage], seed: UInt64, reporter: ProgressReporter) {
    photos = zip(images, world.photos).filter { $1.split == .pretrain }.map { ($0, $1.scene) }
    self.seed = seed
    self.reporter = reporter
  }

  /// A model with random weights, and a tokenizer that knows the words of this world.
  func fresh(_ sizes: SmolVLM.FreshSizes, name: String) throws -> SmolVLM {
    var generator = Tensor.Generator(seed: seed).fork(name)
    let texts = Curriculum.texts(scenes: photos.prefix(2000).map(\.scene), seed: seed)
    return try SmolVLM(sizes, textsForTokenizer: texts, using: &generator)
  }

  /// Trains all parameters of a model on one lesson.
  ///
  /// - Parameter sight: what the model sees of a photo.
  func teach(_ model: inout SmolVLM, _ lesson: Lesson, sight: @Sendable (RGBImage) -> RGBImage = { $0 }) throws {
    let learner = model
    let count = lesson.updates * Lesson.batch
    let looks = (0..<count).map { $0 % photos.count }
    let inputs = try mapInParallel(photos.prefix(count).map(\.image)) { image in
      Result { try learner.image(sight(image)) }
    }.map { try $0.get() }
    let scenes = photos.map(\.scene)
    let examples = try mapInParallel(Array(looks.enumerated())) { look in
      Result { () throws -> PhotoQuestions in
        var generator = WorldGenerator(seed: seed, purpose: lesson.name, "\(look.offset)")
        let questions = lesson.curriculum.questions(about: scenes[look.element], using: &generator)
        return try PhotoQuestions(questions, about: inputs[look.element], for: learner)
      }
    }.map { try $0.get() }
    var options = TrainingOptions()
    options.epochs = 1
    options.batch = Lesson.batch
    options.learningRate = lesson.learningRate
    options.warmup = 0.05
    options.beta2 = 0.99
    options.checkpointEvery = 0
    // Of four photos: what a part keeps for its gradient then fits into a core's own cache.
    options.parts = 8
    reporter.begin(lesson.name, total: lesson.updates, unit: "updates")
    try Trainer(stage: lesson.name, options: options, seed: seed).train(
      &model, objective: QuestionObjective<SmolVLM>(examples: examples)
    ) { update in
      reporter.advance(to: update.step, note: "loss \(Double(Int(update.metrics.loss * 1000)) / 1000)")
    }
    reporter.finish()
  }
}
