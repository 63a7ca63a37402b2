package import Layers

extension TextEncoderConfiguration {
  /// The keys of BERT's files.
  package static let fields = table(of: .bert)

  /// The keys of the family's files.
  package var fields: [ModelField<TextEncoderConfiguration>] { Self.table(of: family) }

  private static func table(of family: Family) -> [ModelField<TextEncoderConfiguration>] {
    let keys = family.keys
    let sizes: [ModelField<TextEncoderConfiguration>] = [
      .written("model_type") { $0.family },
      ModelField("vocab_size", \.vocabularySize, in: 1...(1 << 24)),
      ModelField(keys.width, \.hiddenSize, in: 1...(1 << 20)),
      ModelField(keys.layers, \.layers, in: 0...(1 << 12)),
      ModelField(keys.heads, \.heads, in: 1...(1 << 12)),
      ModelField(keys.inner, \.intermediateSize, in: 1...(1 << 20)),
      .written(keys.activation) { $0.activation },
      ModelField("max_position_embeddings", \.maxPositions, in: 1...(1 << 20)),
      ModelField("pad_token_id", \.paddingToken, in: 0...(1 << 24)),
      ModelField("initializer_range", \.initialDeviation),
      .written("id2label") { Dictionary(uniqueKeysWithValues: $0.labels.enumerated().map { ("\($0)", $1) }) },
      .written("label2id") { Dictionary($0.labels.enumerated().map { ($1, $0) }) { first, _ in first } },
      .written("problem_type") { $0.problem },
      // The token table is no output head here.
      .known("tie_word_embeddings"),
    ]
    let tables: [ModelField<TextEncoderConfiguration>] = [
      ModelField("type_vocab_size", \.segments, in: 1...(1 << 10)),
      ModelField(keys.epsilon, \.epsilon),
      .only("position_embedding_type", "absolute", isWritten: false), .only("is_decoder", false, isWritten: false),
    ]
    switch family {
    // BERT's first program wrote sizes of a pooler that is as wide as the rows.
    case .bert, .roberta, .xlmRoberta, .camembert:
      return sizes + tables + [
        .known("directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers"),
        .known("pooler_size_per_head", "pooler_type"),
      ]
    // Summaries are of heads for multiple choice.
    case .electra:
      return sizes + tables + [
        .written("embedding_size") { $0.embeddingSize },
        .known("summary_activation", "summary_type", "summary_use_proj"),
      ]
    // How the table of positions began; it is stored in any case.
    case .distilbert: return sizes + [.known("sinusoidal_pos_embds", "tie_weights_")]
    case .modernbert: return sizes + Modern.fields + [ModelField(keys.epsilon, \.epsilon)]
    }
  }

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
    let keys = family.keys
    activation = try Self.activation(file, keys.activation) ?? activation
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
    try file.requireWholeHeads(keys.width, hiddenSize, keys.heads, heads)
    if family == .electra, let size: Int = try file["embedding_size"] {
      let sizes = 1...(1 << 20)
      guard sizes.contains(size) else {
        throw file.refusal("embedding_size", "embedding_size \(size) must lie in \(sizes)")
      }
      embeddingSize = size
    }
    modern = try family == .modernbert ? Modern(file, layers: layers, headSize: hiddenSize / heads) : nil
    guard maximumTokens > 0 else {
      throw file.refusal(
        "max_position_embeddings", "max_position_embeddings \(maxPositions) leaves no place after pad_token_id")
    }
    labels = try Self.labels(file)
  }

  /// The activation under a key; nil where it is missing.
  fileprivate static func activation(_ file: ConfigJSON, _ key: String) throws -> Activation? {
    guard let name: String = try file[key] else { return nil }
    // Two more names of the form by the hyperbolic tangent.
    let isTanh = ["gelu_new", "gelu_fast"].contains(name)
    guard let activation = isTanh ? .geluTanh : Activation(rawValue: name) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw file.refusal(key, "\(key) \"\(name)\" is not computed here; \(known) are")
    }
    return activation
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

extension TextEncoderConfiguration.Modern {
  /// The keys that are ModernBERT's alone, as transformers 5 writes them.
  static let fields: [ModelField<TextEncoderConfiguration>] = [
    .written("layer_types") { $0.modern?.sights },
    .written("local_attention") { $0.modern?.window },
    .written("rope_parameters") { c in
      c.modern.map { ["full_attention": Rope(base: $0.base), "sliding_attention": Rope(base: $0.windowBase)] }
    },
    .written("classifier_pooling") { $0.modern?.pooling },
    .written("classifier_activation") { $0.modern?.headActivation },
    .only("norm_bias", false), .only("attention_bias", false), .only("mlp_bias", false),
    .only("classifier_bias", false),
    .known("global_attn_every_n_layers", "global_rope_theta", "local_rope_theta"),
    // What pre-training's head and other programs have, and what BERT's files say that ModernBERT's took over.
    .known("decoder_bias", "sparse_prediction", "sparse_pred_ignore_index", "deterministic_flash_attn"),
    .known("reference_compile", "repad_logits_with_grad", "initializer_cutoff_factor"),
    .known("layer_norm_eps", "position_embedding_type"),
  ]

  /// The rotary positions of one kind of layers.
  private struct Rope: Codable {
    var rope_type: String?
    var rope_theta: Double?

    init(base: Double) { (rope_type, rope_theta) = ("default", base) }
  }

  /// Reads both layouts in circulation: `layer_types` and `rope_parameters`, or `global_attn_every_n_layers`,
  /// `global_rope_theta` and `local_rope_theta`.
  fileprivate init(_ file: ConfigJSON, layers: Int, headSize: Int) throws {
    guard headSize % 2 == 0 else {
      throw file.refusal("num_attention_heads", "heads of \(headSize) coordinates cannot turn: the number must be even")
    }
    let period = try file["global_attn_every_n_layers"] ?? 3
    guard period > 0 else {
      throw file.refusal("global_attn_every_n_layers", "global_attn_every_n_layers \(period) must be above 0")
    }
    self.init(layers: layers, fullEvery: period)
    if let names: [String] = try file["layer_types"] {
      sights = try names.map { name in
        guard let sight = Sight(rawValue: name) else {
          throw file.refusal(
            "layer_types", "a layer of \"\(name)\" is not computed here; full_attention and sliding_attention are")
        }
        return sight
      }
      guard sights.count == layers else {
        throw file.refusal("layer_types", "layer_types names \(sights.count) layers, num_hidden_layers \(layers)")
      }
    }
    window = try file["local_attention"] ?? window
    guard (0...(1 << 20)).contains(window) else {
      throw file.refusal("local_attention", "local_attention \(window) must lie in \(0...(1 << 20))")
    }
    base = try file["global_rope_theta"] ?? base
    windowBase = try file["local_rope_theta"] ?? windowBase
    let ropes: [String: Rope] = try file["rope_parameters"] ?? [:]
    for (kind, rope) in ropes {
      guard Sight(rawValue: kind) != nil, rope.rope_type ?? "default" == "default" else {
        throw file.refusal(
          "rope_parameters",
          "rope_type \"\(rope.rope_type ?? "default")\" of \"\(kind)\" is not computed here; default is")
      }
    }
    base = ropes[Sight.full.rawValue]?.rope_theta ?? base
    windowBase = ropes[Sight.window.rawValue]?.rope_theta ?? windowBase
    for (key, base) in [("global_rope_theta", base), ("local_rope_theta", windowBase)] {
      guard base > 0, base.isFinite else { throw file.refusal(key, "\(key) must be more than 0") }
    }
    if let name: String = try file["classifier_pooling"] {
      guard let pooling = Pooling(rawValue: name) else {
        throw file.refusal(
          "classifier_pooling", "classifier_pooling \"\(name)\" is not computed here; cls and mean are")
      }
      self.pooling = pooling
    }
    headActivation = try TextEncoderConfiguration.activation(file, "classifier_activation") ?? headActivation
  }
}
