#if Run
  import LanguageModel
  import StudentModels

  /// Floating-point operations that a step can't do without: products with frozen weights forward and, for the gradient
  /// of their input, back; the adapters' products; attention over the pairs of tokens that see each other; the head over
  /// answer tokens. What an engine computes twice to save memory does not count.
  struct BenchArithmetic {
    let decoder: LlamaConfiguration
    let tower: TowerSize?
    var rank = 16

    /// One training step over a tree.
    func training(prompt: Int, answers: [Int]) -> Double {
      let rows = Double(prompt + answers.reduce(0) { $0 + $1 - 1 })
      return 2 * forward(prompt: prompt, answers: answers) + 6 * rows * adapter
    }

    /// The log-probabilities of a tree's answers, without gradients.
    func forward(prompt: Int, answers: [Int]) -> Double {
      let tails = answers.map { Double($0 - 1) }
      let rows = Double(prompt) + tails.reduce(0, +)
      let pairs =
        Double(prompt) * Double(prompt + 1) / 2
        + tails.reduce(0) { $0 + $1 * Double(prompt) + $1 * ($1 + 1) / 2 }
      let attention = 4 * pairs * Double(decoder.heads * decoder.headSize * decoder.layers)
      let head = 2 * Double(answers.reduce(0, +)) * Double(decoder.vocabularySize * decoder.hiddenSize)
      return 2 * rows * weights + attention + head
    }

    /// An image through the tower.
    func vision(tiles: Int) -> Double? {
      guard let tower else { return nil }
      let (patches, width) = (Double(tower.patches), Double(tower.width))
      let layer =
        2 * patches * (4 * width * width + width * Double(tower.innerMatrices * tower.innerWidth)) + 4 * patches
        * patches * width
      return Double(tiles) * Double(tower.layers) * layer
    }

    /// Weights of the layers' linear maps.
    private var weights: Double { decoder.linearShapes.reduce(0) { $0 + Double($1.input * $1.output) } * layers }
    /// Weights of the adapters.
    private var adapter: Double {
      decoder.linearShapes.reduce(0) { $0 + Double(rank * ($1.input + $1.output)) } * layers
    }
    private var layers: Double { Double(decoder.layers) }
  }

  extension LlamaConfiguration {
    /// The linear maps of one layer.
    fileprivate var linearShapes: [(input: Int, output: Int)] {
      let (width, inner) = (hiddenSize, intermediateSize)
      let (queries, keys) = (heads * headSize, keyValueHeads * headSize)
      return [
        (width, queries), (width, keys), (width, keys), (queries, width), (width, inner), (width, inner),
        (inner, width),
      ]
    }

    /// Weights that one new token reads: all linear maps and the head.
    var weightsPerToken: Int {
      linearShapes.reduce(0) { $0 + $1.input * $1.output } * layers + vocabularySize * hiddenSize
    }
  }
#endif
