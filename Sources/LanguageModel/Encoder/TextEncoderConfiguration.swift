package import Layers

/// The sizes of a BERT-type encoder, with the keys of a model's config.json.
package struct TextEncoderConfiguration: ModelConfiguration {
  /// The families that are read; they differ in positions, segments and heads.
  package enum Family: String, Sendable, Codable, CaseIterable {
    /// BERT: positions from 0, two segments, a pooler before the head (Devlin et al. 2019).
    case bert
    /// RoBERTa: positions after the padding token's, a head of two layers (Liu et al. 2019).
    case roberta
    /// XLM-R: RoBERTa with another vocabulary (Conneau et al. 2020).
    case xlmRoberta = "xlm-roberta"

    /// The first component of the encoder's paths in weight files.
    package var path: String { self == .bert ? "bert" : "roberta" }
  }

  /// The family, `model_type` in the file. The default is BERT.
  package var family = Family.bert
  /// Tokens of the vocabulary. The default is 30522.
  package var vocabularySize = 30522
  /// The width of a row. The default is 768.
  package var hiddenSize = 768
  /// Transformer layers. The default is 12.
  package var layers = 12
  /// Attention heads; divides ``hiddenSize``. The default is 12.
  package var heads = 12
  /// The inner width of the MLP. The default is 3072.
  package var intermediateSize = 3072
  /// Inside the MLP. The default is GELU by the error function.
  package var activation = Activation.gelu
  /// Rows of the position table. The default is 512.
  package var maxPositions = 512
  /// Rows of the segment table. The default is 2.
  package var segments = 2
  /// Added to variances. The default is 1e-12.
  package var epsilon: Float = 1e-12
  /// The padding token, after whose number RoBERTa's positions start. The default is 0, in RoBERTa and XLM-R 1.
  package var paddingToken = 0
  /// The standard deviation of fresh weights. The default is 0.02.
  package var initialDeviation: Float = 0.02
  /// The names of the classes, by number. The default is LABEL_0 and LABEL_1.
  package var labels = ["LABEL_0", "LABEL_1"]
  /// What the classes are to each other; nil means that a text has exactly one. The default is nil.
  package var problem: Problem?

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
    paddingToken = family == .bert ? 0 : 1
  }

  /// The defaults of BERT.
  package init() { self.init(family: .bert) }

  /// The most tokens of a text, special ones included.
  package var maximumTokens: Int { family == .bert ? maxPositions : maxPositions - paddingToken - 1 }

  package static let fields: [ModelField<TextEncoderConfiguration>] = [
    .written("model_type") { $0.family },
    ModelField("vocab_size", \.vocabularySize, in: 1...(1 << 24)),
    ModelField("hidden_size", \.hiddenSize, in: 1...(1 << 20)),
    ModelField("num_hidden_layers", \.layers, in: 0...(1 << 12)),
    ModelField("num_attention_heads", \.heads, in: 1...(1 << 12)),
    ModelField("intermediate_size", \.intermediateSize, in: 1...(1 << 20)),
    .written("hidden_act") { $0.activation },
    ModelField("max_position_embeddings", \.maxPositions, in: 1...(1 << 20)),
    ModelField("type_vocab_size", \.segments, in: 1...(1 << 10)),
    ModelField("layer_norm_eps", \.epsilon),
    ModelField("pad_token_id", \.paddingToken, in: 0...(1 << 24)),
    ModelField("initializer_range", \.initialDeviation),
    .only("position_embedding_type", "absolute", isWritten: false), .only("is_decoder", false, isWritten: false),
    .written("id2label") { Dictionary(uniqueKeysWithValues: $0.labels.enumerated().map { ("\($0)", $1) }) },
    .written("label2id") { Dictionary($0.labels.enumerated().map { ($1, $0) }) { first, _ in first } },
    .written("problem_type") { $0.problem },
    // The token table is no output head here, and BERT's first program wrote sizes of a pooler that is as wide as the rows.
    .known("tie_word_embeddings", "directionality", "pooler_fc_size", "pooler_num_attention_heads"),
    .known("pooler_num_fc_layers", "pooler_size_per_head", "pooler_type"),
  ]

  /// Reads config.json; a key that is missing keeps its default.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this encoder does not compute.
  package init(from decoder: any Decoder) throws {
    let file = try ConfigJSON(decoder)
    let type: String = try file["model_type"] ?? ""
    guard let family = Family(rawValue: type) else {
      let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw file.refusal("model_type", "model_type \"\(type)\" is no encoder that is read here; \(known) are")
    }
    self.init(family: family)
    try read(file)
  }

  /// Reads the words and the classes, and checks what holds between sizes.
  package mutating func complete(from file: ConfigJSON) throws {
    if let name: String = try file["hidden_act"] {
      // Two more names of the form by the hyperbolic tangent.
      let isTanh = ["gelu_new", "gelu_fast"].contains(name)
      guard let activation = isTanh ? .geluTanh : Activation(rawValue: name) else {
        let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
        throw file.refusal("hidden_act", "hidden_act \"\(name)\" is not computed here; \(known) are")
      }
      self.activation = activation
    }
    if let name: String = try file["problem_type"] {
      guard let problem = Problem(rawValue: name) else {
        throw file.refusal(
          "problem_type", "problem_type \"\(name)\" has no classes; single_label_classification has")
      }
      self.problem = problem
    }
    guard paddingToken < vocabularySize else {
      throw file.refusal("pad_token_id", "pad_token_id \(paddingToken) must lie in \(0..<vocabularySize)")
    }
    try file.requireWholeHeads("hidden_size", hiddenSize, "num_attention_heads", heads)
    guard maximumTokens > 0 else {
      throw file.refusal(
        "max_position_embeddings", "max_position_embeddings \(maxPositions) leaves no place after pad_token_id")
    }
    labels = try Self.labels(file)
  }

  /// The names under `id2label`, or as many of the default's form as `num_labels` says.
  private static func labels(_ file: ConfigJSON) throws -> [String] {
    let counts = 1...(1 << 16)
    guard let names: [String: String] = try file["id2label"] else {
      let count = try file["num_labels"] ?? 2
      guard counts.contains(count) else {
        throw file.refusal("num_labels", "num_labels \(count) must lie in \(counts)")
      }
      return (0..<count).map { "LABEL_\($0)" }
    }
    let labels = (0..<names.count).compactMap { names["\($0)"] }
    guard labels.count == names.count, counts.contains(labels.count) else {
      throw file.refusal(
        "id2label",
        "id2label must name \(counts) classes by the numbers from 0, found \(names.keys.sorted())")
    }
    return labels
  }
}
