package import Layers

/// The sizes of a BERT-type encoder, with the keys of a model's config.json.
package struct TextEncoderConfiguration: Sendable, Equatable, Codable {
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
  package init(family: Family = .bert) {
    self.family = family
    paddingToken = family == .bert ? 0 : 1
  }

  /// The most tokens of a text, special ones included.
  package var maximumTokens: Int { family == .bert ? maxPositions : maxPositions - paddingToken - 1 }

  enum CodingKeys: String, CodingKey {
    case family = "model_type"
    case vocabularySize = "vocab_size"
    case hiddenSize = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case intermediateSize = "intermediate_size"
    case activation = "hidden_act"
    case maxPositions = "max_position_embeddings"
    case segments = "type_vocab_size"
    case epsilon = "layer_norm_eps"
    case paddingToken = "pad_token_id"
    case initialDeviation = "initializer_range"
    case labels = "id2label"
    case labelNumbers = "label2id"
    case labelCount = "num_labels"
    case problem = "problem_type"
    case positionKind = "position_embedding_type"
    case isDecoder = "is_decoder"
  }

  /// Reads config.json; a key that is missing keeps its default.
  ///
  /// - Throws: `DecodingError` where a size is out of range, or the file asks for what this encoder does not compute.
  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    func refuse(_ key: CodingKeys, _ text: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: keys, debugDescription: text)
    }
    func integer(_ key: CodingKeys, _ standard: Int) throws -> Int {
      try keys.decodeIfPresent(Int.self, forKey: key) ?? standard
    }
    let type = try keys.decode(String.self, forKey: .family)
    guard let family = Family(rawValue: type) else {
      let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse(.family, "model_type \"\(type)\" is no encoder that is read here; \(known) are")
    }
    self.init(family: family)
    vocabularySize = try integer(.vocabularySize, vocabularySize)
    hiddenSize = try integer(.hiddenSize, hiddenSize)
    layers = try integer(.layers, layers)
    heads = try integer(.heads, heads)
    intermediateSize = try integer(.intermediateSize, intermediateSize)
    maxPositions = try integer(.maxPositions, maxPositions)
    segments = try integer(.segments, segments)
    paddingToken = try integer(.paddingToken, paddingToken)
    epsilon = try keys.decodeIfPresent(Float.self, forKey: .epsilon) ?? epsilon
    initialDeviation = try keys.decodeIfPresent(Float.self, forKey: .initialDeviation) ?? initialDeviation
    if let name = try keys.decodeIfPresent(String.self, forKey: .activation) {
      // Two more names of the form by the hyperbolic tangent.
      let isTanh = ["gelu_new", "gelu_fast"].contains(name)
      guard let activation = isTanh ? .geluTanh : Activation(rawValue: name) else {
        let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
        throw refuse(.activation, "hidden_act \"\(name)\" is not computed here; \(known) are")
      }
      self.activation = activation
    }
    if let kind = try keys.decodeIfPresent(String.self, forKey: .positionKind), kind != "absolute" {
      throw refuse(.positionKind, "position_embedding_type \"\(kind)\" is not computed here; \"absolute\" is")
    }
    if try keys.decodeIfPresent(Bool.self, forKey: .isDecoder) == true {
      throw refuse(.isDecoder, "is_decoder true is not computed here; false is")
    }
    if let name = try keys.decodeIfPresent(String.self, forKey: .problem) {
      guard let problem = Problem(rawValue: name) else {
        throw refuse(.problem, "problem_type \"\(name)\" has no classes; single_label_classification has")
      }
      self.problem = problem
    }
    // Sizes are bounded before anything is made of them: a damaged file must not ask for all memory.
    let sizes: [(CodingKeys, Int, ClosedRange<Int>)] = [
      (.vocabularySize, vocabularySize, 1...(1 << 24)), (.hiddenSize, hiddenSize, 1...(1 << 20)),
      (.layers, layers, 0...(1 << 12)), (.heads, heads, 1...(1 << 12)),
      (.intermediateSize, intermediateSize, 1...(1 << 20)), (.maxPositions, maxPositions, 1...(1 << 20)),
      (.segments, segments, 1...(1 << 10)), (.paddingToken, paddingToken, 0...(vocabularySize - 1)),
    ]
    for (key, size, range) in sizes where !range.contains(size) {
      throw refuse(key, "\(key.rawValue) \(size) must lie in \(range)")
    }
    guard hiddenSize % heads == 0, hiddenSize / heads <= 256 else {
      throw refuse(
        .hiddenSize,
        "hidden_size \(hiddenSize) must be a multiple of num_attention_heads \(heads), and at most 256 times that")
    }
    guard maximumTokens > 0 else {
      throw refuse(.maxPositions, "max_position_embeddings \(maxPositions) leaves no place after pad_token_id")
    }
    for (key, value) in [(CodingKeys.epsilon, epsilon), (.initialDeviation, initialDeviation)] {
      guard value >= 0, value.isFinite else { throw refuse(key, "\(key.rawValue) \(value) must be 0 or more") }
    }
    labels = try Self.labels(keys)
  }

  /// The names under `id2label`, or as many of the default's form as `num_labels` says.
  private static func labels(_ keys: KeyedDecodingContainer<CodingKeys>) throws -> [String] {
    let counts = 1...(1 << 16)
    guard let names = try keys.decodeIfPresent([String: String].self, forKey: .labels) else {
      let count = try keys.decodeIfPresent(Int.self, forKey: .labelCount) ?? 2
      guard counts.contains(count) else {
        throw DecodingError.dataCorruptedError(
          forKey: .labelCount, in: keys, debugDescription: "num_labels \(count) must lie in \(counts)")
      }
      return (0..<count).map { "LABEL_\($0)" }
    }
    let labels = (0..<names.count).compactMap { names["\($0)"] }
    guard labels.count == names.count, counts.contains(labels.count) else {
      throw DecodingError.dataCorruptedError(
        forKey: .labels, in: keys,
        debugDescription: "id2label must name \(counts) classes by the numbers from 0, found \(names.keys.sorted())")
    }
    return labels
  }

  /// Writes the keys that `init(from:)` reads.
  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(family, forKey: .family)
    try keys.encode(vocabularySize, forKey: .vocabularySize)
    try keys.encode(hiddenSize, forKey: .hiddenSize)
    try keys.encode(layers, forKey: .layers)
    try keys.encode(heads, forKey: .heads)
    try keys.encode(intermediateSize, forKey: .intermediateSize)
    try keys.encode(activation, forKey: .activation)
    try keys.encode(maxPositions, forKey: .maxPositions)
    try keys.encode(segments, forKey: .segments)
    try keys.encode(epsilon, forKey: .epsilon)
    try keys.encode(paddingToken, forKey: .paddingToken)
    try keys.encode(initialDeviation, forKey: .initialDeviation)
    let numbers = labels.enumerated()
    try keys.encode(Dictionary(uniqueKeysWithValues: numbers.map { ("\($0)", $1) }), forKey: .labels)
    try keys.encode(Dictionary(numbers.map { ($1, $0) }) { first, _ in first }, forKey: .labelNumbers)
    try keys.encodeIfPresent(problem, forKey: .problem)
  }
}
