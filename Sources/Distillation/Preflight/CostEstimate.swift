internal import Evaluation
internal import LanguageModel
internal import StudentModels
internal import DistillationConfiguration

/// How long a run may take and how much memory it may need: an estimate from counts, honest to about a factor of two.
///
/// Time is operations divided by a part of the machine's measured rate of matrix products. Teachers behind a service are
/// not in it, as their pace is their own; nor is pre-training where its file can't be read.
package struct CostEstimate: Sendable, Equatable {
  /// A part of the run and its seconds.
  package struct Part: Sendable, Equatable {
    /// The step's name.
    package var name: String
    package var seconds: Double
  }

  /// The parts that take time, in the order of the run.
  package var parts: [Part]
  /// The most bytes at one time.
  package var memoryBytes: Int

  /// All parts together.
  package var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }

  /// The share of the measured rate that training reaches: the rest goes into norms, attention, reading and waiting.
  static let efficiency = 0.35

  /// The numbers that an estimate is made from.
  struct Input {
    var run: RunConfiguration
    var student: ModelSize
    /// Models that answer in this process, the bytes that their weights take, and the most tokens of their replies.
    var teachers: [(size: ModelSize, weightBytes: Int, maximumTokens: Int)] = []
    var trainItems: Int
    /// Training items that Stage 1 learns from; nil where the teachers' votes are not known yet, which counts all.
    var learntItems: Int?
    var scoredItems: Int
    var images: Int
    /// Conflicts among training items that will be labelled.
    var labelled: Int
    /// Mean tokens of a prompt with its images.
    var promptTokens: Double
    /// Mean tokens of one answer.
    var answerTokens: Double
    /// Mean tiles of a prompt's images.
    var tiles: Double
    /// Mean images of a prompt.
    var imagesOfAPrompt: Double
    /// Captions times images to pre-train on, a pass.
    var pretrainItems: Int
    /// Bytes that the student's weights take as its files have them; nil for those of Float32.
    var weightBytes: Int?
    /// Elements that training changes; nil for those of an adapter on every linear layer.
    var trainedParameters: Int?
  }

  init(_ input: Input, speed: MachineSpeed) {
    let rate = speed.matrixRate * Self.efficiency
    var parts: [Part] = []
    func add(_ name: String, _ operations: Double) {
      if operations > 0 { parts.append(Part(name: name, seconds: operations / rate)) }
    }
    let run = input.run
    add("pre-training", Self.pretraining(input))
    add("annotate", Self.annotation(input))
    let answers = Double(run.teachers.count)
    let row = input.student.forward(
      tokens: input.promptTokens + answers * input.answerTokens, scored: answers * input.answerTokens)
    // Frozen weights: backward costs as much as forward. The tower runs once an image.
    let learnt = Self.stage1Items(of: run, train: input.trainItems, learnt: input.learntItems).reduce(0, +)
    let stage1 = Double(run.stage1.training.epochs * learnt) * 2 * row
    let items = Double(input.labelled) * (1 + run.twoStageOptions.replay)
    let stage2 = Double(run.stage2.training.epochs) * items * 2 * row + items * row
    let count = Self.trainings(of: run)
    let rounds = Double(run.rounds)
    add("images", Double(input.images) * input.student.image(tiles: input.tiles / max(1, input.imagesOfAPrompt)))
    add("stage1", rounds * stage1)
    add(
      "stage2",
      rounds * (Double(count.stage2 + run.budgets.count) + Self.trainingsApart(of: run, labelled: input.labelled))
        * stage2)
    let scoring = input.student.forward(
      tokens: input.promptTokens + Double(run.labels.count) * 4, scored: Double(run.labels.count) * 4)
    let evaluated = Double(count.stage1 + count.stage2 + run.budgets.count)
    add("evaluate", evaluated * Double(input.scoredItems) * scoring)
    self.parts = parts
    memoryBytes = Self.memory(input)
  }

  /// How often each stage is trained for the results that are asked for.
  static func trainings(of run: RunConfiguration) -> (stage1: Int, stage2: Int) {
    let results = Set(run.evaluation.results.names)
    let stage2 = results.intersection([.twoStage, .stage1SFT, .stage1DPO, .randomLabels]).count
    return (1 + (results.contains(.fullLabel) ? 1 : 0), stage2)
  }

  /// The items of each training of Stage 1: the student's own, and of the result that learns from all labels.
  ///
  /// - Parameter learnt: items on which the teachers agree, or that are learned all the same; nil where it is not known.
  static func stage1Items(of run: RunConfiguration, train: Int, learnt: Int?) -> [Int] {
    [learnt ?? train] + (trainings(of: run).stage1 > 1 ? [train] : [])
  }

  /// How often Stage 2 is trained more for what is learned from held-out labels, in trainings on all of them.
  ///
  /// - Parameter labelled: conflicts that will be labelled.
  package static func trainingsApart(of run: RunConfiguration, labelled: Int) -> Double {
    let choice =
      switch run.stage2Choice {
      case .budget: Double(StageChoice.trainings(on: labelled)) * 0.8
      case .dev: 1.0
      case .asConfigured, nil: 0.0
      }
    return choice + (run.evaluation.calibration == .budget ? 5 * 0.8 : 0)
  }

  private static func pretraining(_ input: Input) -> Double {
    guard let pretrain = input.run.pretrain else { return 0 }
    let row =
      input.student.forward(tokens: input.promptTokens, scored: input.answerTokens)
      + input.student.image(tiles: input.tiles)
    // Everything is trained, so backward costs twice what forward does.
    return Double(pretrain.training.epochs * input.pretrainItems * pretrain.objective.count) * 3 * row
  }

  private static func annotation(_ input: Input) -> Double {
    input.teachers.reduce(0) { sum, teacher in
      let prompt =
        teacher.size.forward(tokens: input.promptTokens, scored: 2) + teacher.size.image(tiles: input.tiles)
      // Tokens that come one by one wait for memory: about four times the work that the counts say.
      let token = 4 * teacher.size.forward(tokens: 1, scored: 1)
      let replies = Double(input.trainItems) * Double(teacher.maximumTokens) / 2 * token
      return sum + Double(input.trainItems + input.scoredItems) * prompt + replies
    }
  }

  private static func memory(_ input: Input) -> Int {
    let student = input.student
    let training = [input.run.stage1.training, input.run.stage2.training]
    let batch = training.map(\.batch).max() ?? 1
    let answers = Double(input.run.teachers.count) * input.answerTokens
    let tokens = Double(batch) * (input.promptTokens + answers)
    let update = student.updateMemory(
      tokens: tokens, scored: Double(batch) * answers,
      trained: input.trainedParameters ?? student.adapter(rank: input.run.student.lora.rank),
      weights: student.bytes(
        stored: input.weightBytes ?? 4 * student.parameters, as: input.run.student.precision),
      recomputes: input.run.student.gradientCheckpointing)
    let pretrained = input.run.pretrain == nil ? 0 : 12 * student.parameters
    let teachers = input.teachers.map(\.weightBytes).reduce(0, +)
    return max(update + pretrained, teachers + overhead)
  }

  /// Program, data files and tokenizer.
  package static let overhead = 150_000_000
}
