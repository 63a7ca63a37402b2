public import LanguageModel
public import Layers
public import Tensor
public import VisionEncoder

/// The network of SmolVLM and Idefics3 (Laurençon et al. 2024): SigLIP tower, pixel shuffle, projector, Llama decoder.
public struct SmolVLMModel: Module, SequenceScorer {
  /// The sizes.
  public let configuration: SmolVLMConfiguration
  /// The vision tower.
  public var vision: SigLIP
  /// From shuffled features to the decoder's width.
  public var connector: any Projection
  /// The decoder.
  public var text: Llama
  /// The output head; nil where it is the embedding table.
  public var head: (any Projection)?

  /// A network with random weights.
  public init(_ configuration: SmolVLMConfiguration, using generator: inout some RandomNumberGenerator) {
    self.configuration = configuration
    vision = SigLIP(configuration.vision, using: &generator)
    let width = configuration.text.hiddenSize
    connector = Linear(
      inputDimensions: configuration.vision.hiddenSize * configuration.scaleFactor * configuration.scaleFactor,
      outputDimensions: width, bias: false, using: &generator)
    text = Llama(configuration.text, using: &generator)
    if !configuration.text.tiesEmbeddings {
      head = Linear(
        inputDimensions: width, outputDimensions: configuration.text.vocabularySize, bias: false, using: &generator)
    }
  }

  /// Image tokens for tiles: [tiles, 3, side, side] to [tiles · tokens per tile, width].
  public func imageFeatures(_ pixels: Tensor) -> Tensor {
    connector(SmolVLMModel.shuffled(vision(pixels), side: configuration.vision.side, by: configuration.scaleFactor))
  }

  /// Joins each block of factor x factor patches into one row: [tiles · side², width] to [tiles · (side/factor)², width · factor²].
  package static func shuffled(_ x: Tensor, side: Int, by factor: Int) -> Tensor {
    let (width, small) = (x.shape[1], side / factor)
    return
      x
      .reshaped([-1, small, factor, small, factor, width])
      .permuted([0, 1, 3, 2, 4, 5])
      .reshaped([-1, factor * factor * width])
  }

  /// The output head's matrix [vocabulary, width].
  public var headWeight: Tensor { head?.denseWeight() ?? text.embedding.weight.value }

  /// The log-probability of each answer token; the prompt of each tree is computed once.
  public func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let rows = embedded(packed.tokens, images: trees.flatMap(\.images))
    let hidden = text(rows, positions: packed.positions, layout: packed.layout)
    let scores = TokenScores(
      hidden: text.normalized(hidden.gathered(packed.predictingRows)), head: headWeight, targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      meanLogits: scores.meanLogits, isGreedy: scores.isGreedy)
  }

  /// Token rows with image tokens replaced by the images' features, in order.
  ///
  /// - Precondition: as many image tokens as feature rows.
  func embedded(_ tokens: [Int], images: [PromptImage]) -> Tensor {
    let rows = text.embedding(tokens)
    let places = tokens.indices.filter { tokens[$0] == configuration.imageToken }
    guard !images.isEmpty else {
      precondition(places.isEmpty, "\(places.count) image tokens and no image")
      return rows
    }
    let features = Tensor.concatenated(features(of: images))
    precondition(
      features.shape[0] == places.count, "\(places.count) image tokens for \(features.shape[0]) feature rows")
    return rows.replacingRows(at: places, with: features)
  }

  /// The features of each image; those given as pixels go through the tower together.
  private func features(of images: [PromptImage]) -> [Tensor] {
    let pixels = images.compactMap { if case .pixels(let pixels) = $0 { pixels } else { nil } }
    let computed = pixels.isEmpty ? nil : imageFeatures(.concatenated(pixels))
    var at = 0
    return images.map { image in
      switch image {
      case .features(let features): return features
      case .pixels(let pixels):
        let count = pixels.shape[0] * configuration.tokensPerTile
        defer { at += count }
        return computed?.rows(at..<(at + count)) ?? pixels
      }
    }
  }

  /// Tokens after each prompt, with a cache, until `stop` or the limit; all prompts advance together.
  public func continuations(
    of prompts: [AnswerTree], stop: Int, maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [(tokens: [Int], stopped: Bool)] {
    var results = prompts.map { _ in (tokens: [Int](), stopped: false) }
    guard maximumTokens > 0, !prompts.isEmpty else { return results }
    let capacity = (prompts.map(\.prompt.count).max() ?? 0) + maximumTokens
    var cache = text.emptyCache(sequences: prompts.count, capacity: capacity)
    var counts = prompts.map(\.prompt.count)
    var rows = embedded(prompts.flatMap(\.prompt), images: prompts.flatMap(\.images))
    let head = headWeight
    while true {
      let hidden = text(rows, counts: counts, cache: &cache)
      let active = counts.indices.filter { counts[$0] > 0 }
      var end = -1
      let lasts = active.map { sequence -> Int in
        end += counts[sequence]
        return end
      }
      let logits = text.normalized(hidden.gathered(lasts)).matmul(head, transposeB: true)
      counts = Array(repeating: 0, count: prompts.count)
      var next: [Int] = []
      for (row, sequence) in active.enumerated() {
        let token = sampling.token(from: logits.rows(row..<(row + 1)), using: &generator)
        if token == stop {
          results[sequence].stopped = true
          continue
        }
        results[sequence].tokens.append(token)
        if results[sequence].tokens.count < maximumTokens {
          counts[sequence] = 1
          next.append(token)
        }
      }
      guard !next.isEmpty else { return results }
      rows = text.embedding(next)
    }
  }

  /// Shows `model.vision_model`, `model.connector`, `model.text_model` and `lm_head`, the names of transformers' files.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "model.vision_model"))
    visitor.visit(projection: &connector, at: path.appending(component: "model.connector.modality_projection.proj"))
    text.visit(&visitor, at: path.appending(component: "model.text_model"))
    if var projection = head {
      head = nil  // one owner, so that training changes the weights in place
      visitor.visit(projection: &projection, at: path.appending(component: "lm_head"))
      head = projection
    }
  }
}
