package import Layers

/// The sizes of a BERT-type encoder, with the keys of a model's config.json.
package struct TextEncoderConfiguration: ModelConfiguration {
  /// The family, `model_type` in the file. The default is BERT.
  package var family = Family.bert
  /// Tokens of the vocabulary. The default is 30522, in ModernBERT 50368.
  package var vocabularySize = 30522
  /// The width of a row. The default is 768, in ELECTRA 256.
  package var hiddenSize = 768
  /// The width of the tables' rows: ``hiddenSize`` but in ELECTRA, where rows of another width are mapped to it. nil means
  /// the former.
  package var embeddingSize: Int?
  /// Transformer layers. The default is 12, in DistilBERT 6 and in ModernBERT 22.
  package var layers = 12
  /// Attention heads; divides ``hiddenSize``. The default is 12, in ELECTRA 4.
  package var heads = 12
  /// The inner width of the MLP. The default is 3072, in ELECTRA 1024 and in ModernBERT
  /// 1152.
  package var intermediateSize = 3072
  /// Inside the MLP. The default is GELU by the error function.
  package var activation = Activation.gelu
  /// Rows of the position table, or the longest text. The default is 512, in ModernBERT 8192.
  package var maxPositions = 512
  /// Rows of the segment table. The default is 2.
  package var segments = 2
  /// Added to variances. The default is 1e-12, which no file of DistilBERT's changes, in ModernBERT 1e-5.
  package var epsilon: Float = 1e-12
  /// The padding token, after whose number RoBERTa's positions start. The default is 0, in RoBERTa and its
  /// kin 1.
  package var paddingToken = 0
  /// The standard deviation of fresh weights. The default is 0.02.
  package var initialDeviation: Float = 0.02
  /// The names of the classes, by number. The default is LABEL_0 and LABEL_1.
  package var labels = ["LABEL_0", "LABEL_1"]
  /// What the classes are to each other; nil means that a text has exactly one. The default is nil.
  package var problem: Problem?

  /// What is ModernBERT's alone; nil in the other families.
  package var modern: Modern?

  /// What ModernBERT's files say beside the sizes (Warner et al. 2024).
  package struct Modern: Sendable, Equatable {
    /// What the rows of a layer see.
    package enum Sight: String, Sendable, Codable {
      /// The whole text.
      case full = "full_attention"
      /// The tokens near to them.
      case window = "sliding_attention"
    }

    /// What a classifier of texts reads.
    package enum Pooling: String, Sendable, Codable {
      /// The first row.
      case first = "cls"
      /// The mean of all rows.
      case mean
    }

    /// The sight of each layer. By default every third layer, from the first, sees the whole text.
    package var sights: [Sight]
    /// Tokens of a window, both sides together: a row sees half of it to each side, and itself. The default is 128.
    package var window = 128
    /// The base of the rotary positions of layers that see all. The default is 160,000.
    package var base = 160_000.0
    /// The base of the others'. The default is 10,000.
    package var windowBase = 10_000.0
    /// What a classifier of texts reads. The default is the first row.
    package var pooling = Pooling.first
    /// Inside the head. The default is GELU by the error function.
    package var headActivation = Activation.gelu

    /// The defaults for so many layers.
    package init(layers: Int, fullEvery period: Int = 3) {
      sights = (0..<layers).map { $0 % period == 0 ? .full : .window }
    }
  }

  /// The kinds of problem of a sequence classifier.
  package enum Problem: String, Sendable, Codable {
    /// A text has exactly one of them.
    case singleLabel = "single_label_classification"
    /// A text has any number of them.
    case multiLabel = "multi_label_classification"
  }

  /// The defaults of transformers' configurations.
  package init(family: Family) {
    self.family = family
    paddingToken = family.countsAfterPadding ? 1 : 0
    switch family {
    case .bert, .roberta, .xlmRoberta, .camembert: break
    case .distilbert: layers = 6
    case .electra: (embeddingSize, hiddenSize, heads, intermediateSize) = (128, 256, 4, 1024)
    case .modernbert:
      (vocabularySize, layers, intermediateSize, maxPositions) = (50368, 22, 1152, 8192)
      (epsilon, paddingToken) = (1e-5, 50283)
      modern = Modern(layers: layers)
    }
  }

  /// The defaults of BERT.
  package init() { self.init(family: .bert) }

  /// The most tokens of a text, special ones included.
  package var maximumTokens: Int { family.countsAfterPadding ? maxPositions - paddingToken - 1 : maxPositions }
}
