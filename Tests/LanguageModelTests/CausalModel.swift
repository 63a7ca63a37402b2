import LanguageModel
import Layers
import Tensor

/// A Llama decoder whose output head is its embedding table: the smallest scorer of answer trees.
struct CausalModel: Module, SequenceScorer {
  var text: Llama

  init(_ configuration: LlamaConfiguration, seed: UInt64) {
    var generator = Tensor.Generator(seed: seed)
    text = Llama(configuration, using: &generator)
    // Larger than a fresh model's, so that every part of it shows in the scores.
    text.embedding.weight.value = .normal(
      [configuration.vocabularySize, configuration.hiddenSize], standardDeviation: 0.7, using: &generator)
  }

  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let hidden = text(text.embedding(packed.tokens), positions: packed.positions, layout: packed.layout)
    let scores = TokenScores(
      hidden: text.normalized(hidden.gathered(packed.predictingRows)), head: text.embedding.weight.value,
      targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) { text.visit(&visitor, at: "model") }

  /// A small decoder with grouped queries: width, heads, key heads, head size.
  static func small(
    _ width: Int, _ heads: Int, _ keyHeads: Int, _ headSize: Int, kind: LlamaConfiguration.Kind = .llama,
    hasBiases: Bool = false, window: Int? = nil, layers: Int = 3
  ) -> CausalModel {
    var c = LlamaConfiguration(kind: kind)
    (c.hiddenSize, c.intermediateSize, c.layers, c.vocabularySize) = (width, 2 * width + 3, layers, 61)
    (c.heads, c.keyHeads, c.headDimensions, c.epsilon) = (heads, keyHeads, headSize, 1e-5)
    if kind == .smolLM3 { c.layersWithoutPositions = [1] }
    (c.hasAttentionBias, c.window) = (hasBiases, window)
    if kind == .gemma3 {
      // Queries are scaled as if heads had another size, and windows turn by positions of their own.
      (c.queryScalar, c.ropeBase, c.windowedRopeBase, c.layersWithoutWindow) = (Double(headSize + 3), 5e4, 100, [2])
      c.ropeScaling = .linear(factor: 3)
    }
    return CausalModel(c, seed: 7)
  }

  /// Tokens of the vocabulary without a pattern.
  static func tokens(_ count: Int, from seed: Int) -> [Int] { (0..<count).map { ($0 * 37 + seed * 11 + $0 * $0) % 61 } }
}
