/// The encoder that is trained.
public struct CheckedStudentConfiguration: ConfigurationSection {
  /// The folder of an encoder of the BERT, RoBERTa or XLM-R family. The default is none: ``fresh``.
  public var model: String?
  /// The sizes of an encoder made from nothing. The default is ``Fresh/init()``.
  public var fresh = Fresh()
  /// Rank of adapters. The default is none: everything is trained.
  public var loraRank: Int?
  /// The learning rate while labels arrive, and the highest of the final training. The default is 2e-5.
  public var learningRate = 2e-5
  /// Passes of the final training. The default is 10.
  public var epochs = 10
  /// Texts of an update. The default is 16.
  public var batch = 16
  /// Decay of matrices. The default is 0.1.
  public var weightDecay = 0.1
  /// Whether teacher labels count by their calibrated confidence. The default is true.
  public var weighs = true

  /// The defaults.
  public init() {}

  /// The defaults.
  public static let blank = CheckedStudentConfiguration()

  /// The keys under `student`.
  public static let keys: [ConfigurationKey<CheckedStudentConfiguration>] = [
    ConfigurationKey(
      "model", \.model, "Folder of a BERT, RoBERTa or XLM-R encoder; without it a small one from nothing.",
      range: .ifGiven(.nonBlank), relativeTo: .configuration, sample: "models/bert-base-uncased"),
    ConfigurationKey("fresh", \.fresh, "Sizes of an encoder from nothing."),
    ConfigurationKey(
      "lora_rank", \.loraRank, "Rank of adapters; without it everything is trained.",
      range: .ifGiven(.from(1, through: 4096)),
      sample: "16"),
    ConfigurationKey(
      "learning_rate", \.learningRate, "The highest learning rate; 1e-3 suits one from nothing.", range: .above(0)),
    ConfigurationKey("epochs", \.epochs, "Passes of the final training.", range: .from(1, through: 10_000)),
    ConfigurationKey("batch", \.batch, "Texts of an update.", range: .from(1, through: 10_000)),
    ConfigurationKey("weight_decay", \.weightDecay, "Decay of matrices.", range: .atLeast(0)),
    ConfigurationKey("weigh", \.weighs, "Let teacher labels count by calibrated confidence."),
  ]

  /// The sizes of an encoder made from nothing.
  public struct Fresh: ConfigurationSection {
    /// Elements of a hidden row. The default is 64.
    public var hiddenSize = 64
    /// Layers. The default is 2.
    public var layers = 2
    /// Heads. The default is 4.
    public var heads = 4
    /// Tokens of the vocabulary. The default is 2,000.
    public var vocabularySize = 2_000
    /// Most tokens of a text. The default is 256.
    public var maximumTokens = 256

    /// The defaults.
    public init() {}

    /// The defaults.
    public static let blank = Fresh()

    /// The keys under `student.fresh`.
    public static let keys: [ConfigurationKey<Fresh>] = [
      ConfigurationKey("hidden_size", \.hiddenSize, "Elements of a hidden row.", range: .from(8, through: 4096)),
      ConfigurationKey("num_hidden_layers", \.layers, "Layers.", range: .from(1, through: 100)),
      ConfigurationKey("num_attention_heads", \.heads, "Heads.", range: .from(1, through: 256)),
      ConfigurationKey(
        "vocab_size", \.vocabularySize, "Tokens of the vocabulary.", range: .from(300, through: 1_000_000)),
      ConfigurationKey("max_tokens", \.maximumTokens, "Most tokens of a text.", range: .from(8, through: 100_000)),
    ]

    /// Heads that divide the width.
    public func checkRelations(with reader: inout ConfigurationReader) {
      reader.require(
        hiddenSize.isMultiple(of: heads), "hidden_size", "num_attention_heads",
        expected: "a multiple of num_attention_heads = \(heads)", found: "\(hiddenSize)")
    }
  }

  var encoder: FreshEncoder {
    var encoder = FreshEncoder()
    encoder.hiddenSize = fresh.hiddenSize
    encoder.layers = fresh.layers
    encoder.heads = fresh.heads
    encoder.vocabularySize = fresh.vocabularySize
    encoder.maximumTokens = fresh.maximumTokens
    return encoder
  }

  var options: EncoderStudent.Options {
    var options = EncoderStudent.Options()
    options.learningRate = Float(learningRate)
    options.epochs = epochs
    options.batch = batch
    options.weightDecay = Float(weightDecay)
    options.loraRank = loraRank
    options.weighs = weighs
    return options
  }
}

/// What a DualChecker run measures.
public struct CheckedEvaluationConfiguration: ConfigurationSection {
  /// Draws of fixed demonstrations that the teacher is compared with. The default is 5; 0 leaves the comparison out.
  public var draws = 5
  /// Draws for which a student is trained too. The default is 1.
  public var studentDraws = 1
  /// Whether a student is trained on all gold labels for comparison. The default is true.
  public var trainsOnGold = true
  /// Rounds between two measures of the student on the way. The default is 10.
  public var every = 10

  /// The defaults.
  public init() {}

  /// The defaults.
  public static let blank = CheckedEvaluationConfiguration()

  /// The keys under `evaluation`.
  public static let keys: [ConfigurationKey<CheckedEvaluationConfiguration>] = [
    ConfigurationKey(
      "draws", \.draws, "Draws of fixed demonstrations to compare with.", range: .from(0, through: 1000)),
    ConfigurationKey(
      "student_draws", \.studentDraws, "Draws for which a student is trained too.", range: .from(0, through: 1000)),
    ConfigurationKey("gold_student", \.trainsOnGold, "Train a student on all gold labels to compare with."),
    ConfigurationKey("every", \.every, "Rounds between two measures on the way.", range: .from(1, through: 100_000)),
  ]
}
