#if Run
  import LoRA
  import Layers
  import StudentModels
  import Tensor
  import Tokenization

  /// An update of a text classifier or a token tagger on a batch of random texts, new ones each step.
  struct EncoderBench<Model: Module> {
    private var model: Model
    private let sizes: BenchSizes
    private let tokens: Range<Int>
    private let loss: (Model, [Encoding]) -> Tensor
    private var optimizer = AdamW()
    private var generator = Tensor.Generator(seed: 0)

    /// - Parameter vocabulary: rows of the token table.
    /// - Throws: what the adapters refuse.
    init(
      _ model: Model, sizes: BenchSizes, precision: WeightFormat, vocabulary: Int,
      loss: @escaping (Model, [Encoding]) -> Tensor
    ) throws {
      (self.model, self.sizes, self.loss) = (model, sizes, loss)
      // About as many tokens as some hundred patent abstracts have, or some thousand sentences.
      tokens = min(100, vocabulary - 1)..<min(3700, vocabulary)
      guard !sizes.full else { return }
      var targets = LoRAConfiguration()
      (targets.rank, targets.alpha) = (16, 32)
      targets.savedModules = ["classifier"]
      try self.model.attachAdapters(targets, using: &generator)
      self.model.convertFrozenWeights(to: precision)
    }

    mutating func step() {
      let lengths = sizes.lengths.isEmpty ? [sizes.prompt] : sizes.lengths
      let texts = (0..<sizes.batch).map { i in
        Encoding(ids: (0..<lengths[i % lengths.count]).map { _ in Int.random(in: tokens, using: &generator) })
      }
      let gradients = model.valueAndGradients { loss($0, texts) }.gradients
      optimizer.update(&model, gradients: gradients, learningRate: 1e-4)
    }
  }
#endif
