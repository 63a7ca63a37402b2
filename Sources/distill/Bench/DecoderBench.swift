#if Run
  import DPO
  import Foundation
  import ImageDecoding
  import LanguageModel
  import LoRA
  import Layers
  import StudentModels
  import Tensor

  /// The steps of a decoder's benchmark, on random tokens, new ones each step: arithmetic does not depend on them.
  struct DecoderBench<Model: PretrainedStudent> {
    var student: Model
    let sizes: BenchSizes
    private var optimizer = AdamW()
    private var generator = Tensor.Generator(seed: 0)
    /// The image as pixels; nil in families that read text alone.
    private let photo: PromptImage?
    /// Its features, once a step has computed them.
    private var kept: PromptImage?

    /// - Throws: what the adapters or the image processor refuse.
    init(_ model: Model, sizes: BenchSizes, precision: WeightFormat) throws {
      student = model
      self.sizes = sizes
      var targets = LoRAConfiguration()
      (targets.rank, targets.alpha) = (16, 32)
      if sizes.adapter { try student.attachAdapters(targets, using: &generator) } else { student.freeze() }
      student.convertFrozenWeights(to: precision)
      student.recomputesActivations = sizes.checkpointing
      let photo = try student.tower == nil ? nil : student.noise(tiles: sizes.tiles, using: &generator)
      self.photo = photo
    }

    var imageTokens: Int { photo.map { student.tokenCount(of: $0) } ?? 0 }

    /// An image through the tower.
    mutating func vision() { _ = photo.map { student.encoded($0) } }

    /// Stage 1: an update on one prompt with the teachers' answers.
    mutating func sft(cold: Bool) {
      let tree = tree(answers: sizes.teachers, cold: cold)
      let total = AnswerLoss().weight(of: [tree])
      let gradients = student.valueAndGradients { AnswerLoss()($0.logProbabilities(of: [tree]), total: total) }
        .gradients
      optimizer.update(&student, gradients: gradients, learningRate: 1e-4)
    }

    /// Stage 2: an update on one prompt with a chosen and a rejected answer. The reference is the model without its
    /// adapter; where it is kept, what it says does not change the arithmetic.
    mutating func dpo(cold: Bool) {
      let tree = tree(answers: 2, cold: cold)
      let pair = PreferenceTree(tree: tree, chosen: [0], rejected: [1])
      let reference: ReferenceScores =
        cold
        ? .totals(student.withoutAdapters { $0.logProbabilities(of: [tree]).answerTotals().scalars }) : [-100, -100]
      let objective = PreferenceObjective(loss: StandardPreferenceLoss.sigmoid(beta: 0.1), supervisedWeight: 0)
      let total = objective.weight(of: [pair])
      let gradients = student.valueAndGradients {
        objective([pair], scores: $0.logProbabilities(of: [tree]), reference: [reference], total: total).loss
      }.gradients
      optimizer.update(&student, gradients: gradients, learningRate: 1e-4)
    }

    /// The prompt and `tokens` greedy tokens after it.
    mutating func generate(tokens: Int, cold: Bool) {
      let tree = tree(answers: 0, cold: cold)
      _ = student.greedyTokens(after: tree.prompt, images: tree.images, count: tokens)
    }

    /// The probabilities of a few answers after each of several prompts that begin alike.
    mutating func score() {
      let shared = random(sizes.shared)
      let trees = (0..<sizes.batch).map { _ in
        AnswerTree(
          prompt: shared + random(sizes.prompt), answers: (0..<sizes.teachers).map { _ in random(sizes.answer) })
      }
      _ = student.answerProbabilities(trees)
    }

    /// Features of an image, as a run computes them: the tower's weights leave memory after it.
    private func encoded(_ photo: PromptImage) -> PromptImage {
      defer { releaseTower() }
      return student.encoded(photo)
    }

    private func releaseTower() {
      student.releasePages { path in ["vision", "visual", "connector"].contains { path.contains($0) } }
    }

    /// Random tokens after the image's.
    private mutating func tree(answers: Int, cold: Bool) -> AnswerTree {
      if cold || kept == nil { kept = photo.map(encoded) }
      return AnswerTree(
        prompt: Array(repeating: student.imageToken ?? 0, count: imageTokens) + random(sizes.prompt),
        images: kept.map { [$0] } ?? [], answers: (0..<answers).map { _ in random(sizes.answer) })
    }

    /// Tokens of text.
    private mutating func random(_ count: Int) -> [Int] {
      let vocabulary = student.decoder.vocabularySize
      return (0..<count).map { _ in Int.random(in: 100..<(vocabulary - 200), using: &generator) }
    }
  }

  extension PretrainedStudent {
    /// An image of random pixels; of as many tiles as asked for where the family cuts images into square tiles.
    fileprivate func noise(tiles: Int, using generator: inout Tensor.Generator) throws -> PromptImage {
      var image = try image(RGBImage(width: 512, height: 512, pixels: [UInt8](repeating: 128, count: 512 * 512 * 3)))
      guard case .pixels(let pixels) = image.content else { return image }
      let isTiled = self is SmolVLM
      guard isTiled || tiles == 1 else {
        throw FolderProblem("--tiles \(tiles): only SmolVLM folders are measured with several tiles; leave it at 1")
      }
      let shape = isTiled ? [tiles] + pixels.shape.dropFirst() : pixels.shape
      image.content = .pixels(Tensor.normal(shape, using: &generator))
      return image
    }
  }
#endif
