#if Run
  import LoRA
  import Layers
  import StudentModels
  import Tensor
  import Tokenization

  /// An update of a text classifier on a batch of random texts, new ones each step.
  struct EncoderBench {
    private var classifier: TextClassifier
    private let sizes: BenchSizes
    private var optimizer = AdamW()
    private var generator = Tensor.Generator(seed: 0)

    /// - Throws: what the adapters refuse.
    init(_ model: TextClassifier, sizes: BenchSizes, precision: WeightFormat) throws {
      classifier = model
      self.sizes = sizes
      guard !sizes.full else { return }
      var targets = LoRAConfiguration()
      (targets.rank, targets.alpha) = (16, 32)
      targets.savedModules = ["classifier"]
      try classifier.attachAdapters(targets, using: &generator)
      classifier.convertFrozenWeights(to: precision)
    }

    mutating func step() {
      let texts = (0..<sizes.batch).map { _ in
        Encoding(ids: (0..<sizes.prompt).map { _ in Int.random(in: 100..<1000, using: &generator) })
      }
      let classes = texts.indices.map { $0 % classifier.labels.count }
      let gradients = classifier.valueAndGradients { $0.loss(texts, classes: classes) }.gradients
      optimizer.update(&classifier, gradients: gradients, learningRate: 1e-4)
    }
  }
#endif
