internal import LanguageModel
package import StudentModels
internal import VisionEncoder
package import DistillationConfiguration

/// How many numbers the parts of a model hold, and how much work a token is.
///
/// One multiplication and one addition a weight and token are 2 floating-point operations; norms and biases are left out,
/// as they are far below the error of any estimate made from this.
package struct ModelSize {
  /// The decoder.
  let text: LlamaConfiguration
  /// The vision tower; nil where the model reads text alone.
  private let vision: TowerSize?

  package init(_ configuration: any FamilyConfiguration) {
    text = configuration.text
    vision = configuration.tower
  }

  /// Weights of the decoder's layers.
  var decoder: Int {
    let attention = 2 * text.hiddenSize * text.headSize * (text.heads + text.keyValueHeads)
    return text.layers * (attention + 3 * text.hiddenSize * text.intermediateSize)
  }

  /// Weights of the output head, which is the embedding table where they are tied.
  var head: Int { text.vocabularySize * text.hiddenSize }

  /// Weights of the vision tower's layers.
  var tower: Int {
    vision.map { $0.layers * (4 * $0.width * $0.width + $0.innerMatrices * $0.width * $0.innerWidth) } ?? 0
  }

  package var parameters: Int { decoder + head * (text.tiesEmbeddings ? 1 : 2) + tower + (vision?.otherWeights ?? 0) }

  /// Operations of one pass forward over a row.
  ///
  /// - Parameters:
  ///   - tokens: of the prompt and all answers.
  ///   - scored: answer tokens, which alone go through the head.
  package func forward(tokens: Double, scored: Double) -> Double {
    // Scores and weighted sums over, on average, half of the tokens.
    let attention = 2 * Double(text.layers * text.heads * text.headSize) * tokens * tokens
    return 2 * Double(decoder) * tokens + attention + 2 * Double(head) * scored
  }

  /// Operations of the tower on one image of some tiles.
  package func image(tiles: Double) -> Double {
    guard let vision else { return 0 }
    let patches = Double(vision.patches)
    return tiles * (2 * Double(tower) * patches + 4 * Double(vision.layers * vision.width) * patches * patches)
  }

  /// The most bytes of an update by an adapter: weights, what is kept between the passes forward and backward, what training
  /// changes, and the program.
  ///
  /// - Parameters:
  ///   - tokens: of all rows together.
  ///   - scored: those of answers among them.
  ///   - trained: elements that training changes; nil for those of an adapter of rank 16 on every linear layer.
  ///   - weights: bytes that the weights take; nil for those of Float32.
  ///   - recomputes: whether activations are computed again in place of being kept. The default is false.
  package func updateMemory(
    tokens: Double, scored: Double, trained: Int? = nil, weights: Int? = nil, recomputes: Bool = false
  ) -> Int {
    let activations = tokens * Double(activationBytesPerToken(recomputes: recomputes))
    let logits = min(scored * Double(text.vocabularySize) * 8, Self.mostLogits)
    // Value, gradient and two moments of what is trained; the base once.
    let own = (weights ?? 4 * parameters) + 16 * (trained ?? adapter(rank: 16))
    // Sizes as large as a configuration may name them together are beyond what an integer holds.
    return own + Int(min(activations + logits, 1e18)) + CostEstimate.overhead
  }

  /// Bytes of logits that are in memory at one time, with their gradients.
  private static let mostLogits = 128e6

  /// Bytes kept for one token between the passes forward and backward: what all layers compute, or what enters each and what
  /// one of them computes.
  private func activationBytesPerToken(recomputes: Bool) -> Int {
    let attention = 2 * text.headSize * (text.heads + text.keyValueHeads)
    let layer = 3 * text.hiddenSize + attention + 3 * text.intermediateSize
    return 4 * (recomputes ? text.layers * text.hiddenSize + layer : text.layers * layer)
  }

  /// Bytes that frozen weights take in a form.
  ///
  /// - Parameter stored: those that they take as their files have them.
  package func bytes(stored: Int, as precision: StudentConfiguration.Precision) -> Int {
    switch precision {
    case .float32: stored
    case .bfloat16: min(stored, 2 * parameters)
    // And a scale for 64 of them.
    case .int8: min(stored, parameters + parameters / 16)
    }
  }

  /// Weights of an adapter of some rank on every linear layer of the decoder.
  package func adapter(rank: Int) -> Int {
    let inner = text.heads * text.headSize
    let keys = text.keyValueHeads * text.headSize
    let sides = 2 * (text.hiddenSize + inner) + 2 * (text.hiddenSize + keys)
    return text.layers * rank * (sides + 3 * (text.hiddenSize + text.intermediateSize))
  }
}

/// An update of a student of texts, of whose shape nothing is known but its weights.
package enum TextUpdate {
  /// The bytes of weights, of what training changes, and of what is kept between the passes forward and backward.
  ///
  /// - Parameters:
  ///   - weights: elements.
  ///   - bytes: what frozen weights take; nil for those of Float32.
  ///   - tokens: of all texts together.
  package static func memory(weights: Int, bytes: Int? = nil, tokens: Double, isWhole: Bool) -> Int {
    let own = isWhole ? 16 * weights : (bytes ?? 4 * weights) + weights
    return own + Int(tokens * 40 * Double(weights).squareRoot())
  }
}

extension FreshStudentConfiguration {
  /// The sizes as a model's configuration has them.
  var modelConfiguration: SmolVLMConfiguration {
    var model = SmolVLMConfiguration()
    let (d, v) = (text, vision)
    (model.text.vocabularySize, model.text.tiesEmbeddings) = (vocabularySize, tiesWordEmbeddings)
    (model.text.hiddenSize, model.text.intermediateSize, model.text.layers) = (
      d.hiddenSize, d.intermediateSize, d.layers
    )
    (model.text.heads, model.text.keyHeads, model.text.maxPositions) = (d.heads, d.keyValueHeads, d.maximumPositions)
    (model.text.ropeBase, model.text.epsilon) = (d.ropeTheta, Float(d.normEpsilon))
    (model.vision.hiddenSize, model.vision.intermediateSize) = (v.hiddenSize, v.intermediateSize)
    (model.vision.layers, model.vision.heads, model.vision.imageSize) = (v.layers, v.heads, v.imageSize)
    (model.vision.patchSize, model.vision.epsilon) = (v.patchSize, Float(v.normEpsilon))
    model.scaleFactor = scaleFactor
    return model
  }
}
