internal import LanguageModel
package import Student
internal import VisionEncoder

/// How many numbers the parts of a SmolVLM model hold, and how much work a token is.
///
/// One multiplication and one addition a weight and token are 2 floating-point operations; norms and biases are left out,
/// as they are far below the error of any estimate made from this.
package struct ModelSize {
  package let configuration: SmolVLMConfiguration

  package init(_ configuration: SmolVLMConfiguration) { self.configuration = configuration }

  /// Weights of the decoder's layers.
  var decoder: Int {
    let text = configuration.text
    let attention = 2 * text.hiddenSize * text.headSize * (text.heads + text.keyValueHeads)
    return text.layers * (attention + 3 * text.hiddenSize * text.intermediateSize)
  }

  /// Weights of the output head, which is the embedding table where they are tied.
  var head: Int { configuration.text.vocabularySize * configuration.text.hiddenSize }

  /// Weights of the vision tower's layers.
  var tower: Int {
    let vision = configuration.vision
    return vision.layers * (4 * vision.hiddenSize * vision.hiddenSize + 2 * vision.hiddenSize * vision.intermediateSize)
  }

  /// Weights between tower and decoder, and below the tower.
  private var joints: Int {
    let vision = configuration.vision
    let patches = 3 * vision.patchSize * vision.patchSize + vision.side * vision.side
    return vision.hiddenSize
      * (patches + configuration.scaleFactor * configuration.scaleFactor * configuration.text.hiddenSize)
  }

  /// All weights.
  package var parameters: Int { decoder + head * (configuration.text.tiesEmbeddings ? 1 : 2) + tower + joints }

  /// Operations of one pass forward over a row.
  ///
  /// - Parameters:
  ///   - tokens: of the prompt and all answers.
  ///   - scored: answer tokens, which alone go through the head.
  package func forward(tokens: Double, scored: Double) -> Double {
    let text = configuration.text
    // Scores and weighted sums over, on average, half of the tokens.
    let attention = 2 * Double(text.layers * text.heads * text.headSize) * tokens * tokens
    return 2 * Double(decoder) * tokens + attention + 2 * Double(head) * scored
  }

  /// Operations of the tower on one image of some tiles.
  package func image(tiles: Double) -> Double {
    let vision = configuration.vision
    let patches = Double(vision.side * vision.side)
    return tiles * (2 * Double(tower) * patches + 4 * Double(vision.layers * vision.hiddenSize) * patches * patches)
  }

  /// Bytes kept for one token between the passes forward and backward.
  var activationBytesPerToken: Int {
    let text = configuration.text
    return 4 * text.layers * (12 * text.hiddenSize + 5 * text.intermediateSize)
  }

  /// Weights of an adapter of some rank on every linear layer of the decoder.
  package func adapter(rank: Int) -> Int {
    let text = configuration.text
    let inner = text.heads * text.headSize
    let keys = text.keyValueHeads * text.headSize
    let sides = 2 * (text.hiddenSize + inner) + 2 * (text.hiddenSize + keys)
    return text.layers * rank * (sides + 3 * (text.hiddenSize + text.intermediateSize))
  }
}

extension FreshStudentConfiguration {
  /// The sizes as a model's configuration has them.
  var modelConfiguration: SmolVLMConfiguration {
    var model = SmolVLMConfiguration()
    model.text.vocabularySize = vocabularySize
    model.text.hiddenSize = text.hiddenSize
    model.text.intermediateSize = text.intermediateSize
    model.text.layers = text.layers
    model.text.heads = text.heads
    model.text.keyHeads = text.keyValueHeads
    model.text.maxPositions = text.maximumPositions
    model.text.ropeBase = text.ropeTheta
    model.text.epsilon = Float(text.normEpsilon)
    model.text.tiesEmbeddings = tiesWordEmbeddings
    model.vision.hiddenSize = vision.hiddenSize
    model.vision.intermediateSize = vision.intermediateSize
    model.vision.layers = vision.layers
    model.vision.heads = vision.heads
    model.vision.imageSize = vision.imageSize
    model.vision.patchSize = vision.patchSize
    model.vision.epsilon = Float(vision.normEpsilon)
    model.scaleFactor = scaleFactor
    return model
  }
}
