internal import Layers

extension TextEncoderConfiguration {
  /// The families that are read; they differ in positions, segments, layers and heads.
  package enum Family: String, Sendable, Codable, CaseIterable {
    /// BERT: positions from 0, two segments, a pooler before the head (Devlin et al. 2019).
    case bert
    /// RoBERTa: positions after the padding token's, a head of two layers (Liu et al. 2019).
    case roberta
    /// XLM-R: RoBERTa with another vocabulary (Conneau et al. 2020).
    case xlmRoberta = "xlm-roberta"
    /// CamemBERT: RoBERTa for French (Martin et al. 2020).
    case camembert
    /// DistilBERT: BERT without segments and pooler, other names in its files (Sanh et al. 2019).
    case distilbert
    /// ELECTRA: BERT with tables that may be narrower than its layers (Clark et al. 2020).
    case electra
    /// ModernBERT: pre-norm layers with rotary positions, most of which see a window of the text (Warner et al. 2024).
    case modernbert

    /// The first component of the encoder's paths in weight files.
    package var path: String {
      switch self {
      case .bert: "bert"
      case .roberta, .xlmRoberta, .camembert: "roberta"
      case .distilbert: "distilbert"
      case .electra: "electra"
      case .modernbert: "model"
      }
    }

    /// What transformers' classes of this family are called before their task.
    package var className: String {
      switch self {
      case .bert: "Bert"
      case .roberta: "Roberta"
      case .xlmRoberta: "XLMRoberta"
      case .camembert: "Camembert"
      case .distilbert: "DistilBert"
      case .electra: "Electra"
      case .modernbert: "ModernBert"
      }
    }

    /// Whether the two texts of a pair are told apart by segments.
    package var readsSegments: Bool { self == .bert || self == .electra }

    /// Whether positions are counted on from the padding token's number.
    var countsAfterPadding: Bool { self == .roberta || self == .xlmRoberta || self == .camembert }

    /// Whether there is a table of positions; else queries and keys turn by their places.
    var hasPositions: Bool { self != .modernbert }

    /// Whether there is a table of segments.
    var hasSegments: Bool { self != .distilbert && self != .modernbert }

    /// The names of the parts of a post-norm layer in weight files.
    var layerNames: TextLayerNames { self == .distilbert ? .distilbert : .bert }

    /// Where the layers stand in weight files, by their numbers.
    var layersPath: String { self == .modernbert ? "layers" : layerNames.layers }

    /// The names of sizes in config.json.
    var keys: TextEncoderKeys {
      switch self {
      case .distilbert: .distilbert
      case .modernbert: .modernbert
      case .bert, .roberta, .xlmRoberta, .camembert, .electra: .bert
      }
    }

    /// How the names of pre-training heads begin, which nothing here takes.
    var pretrainingHeads: [String] {
      switch self {
      case .bert, .roberta, .xlmRoberta, .camembert: ["cls.", "lm_head."]
      case .distilbert: ["vocab_transform.", "vocab_layer_norm.", "vocab_projector."]
      case .electra: ["discriminator_predictions.", "generator_predictions.", "generator_lm_head."]
      // Its "head." serves classes too.
      case .modernbert: ["decoder."]
      }
    }

    /// Where the parts of a head stand that says which class a text belongs to.
    var headPaths: [String] {
      switch self {
      case .distilbert: ["pre_classifier", "classifier"]
      case .modernbert: ["head", "classifier"]
      case .bert, .roberta, .xlmRoberta, .camembert, .electra: ["classifier"]
      }
    }
  }
}

/// Components of the paths of a post-norm layer in weight files.
struct TextLayerNames {
  /// Where the layers stand, by their numbers.
  let layers: String
  let query, key, value, output, attentionNorm: String
  let up, down, norm: String

  static let bert = TextLayerNames(
    layers: "encoder.layer", query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
    output: "attention.output.dense", attentionNorm: "attention.output.LayerNorm", up: "intermediate.dense",
    down: "output.dense", norm: "output.LayerNorm")
  static let distilbert = TextLayerNames(
    layers: "transformer.layer", query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
    output: "attention.out_lin", attentionNorm: "sa_layer_norm", up: "ffn.lin1", down: "ffn.lin2",
    norm: "output_layer_norm")
}

/// Keys of config.json that families call by different names.
struct TextEncoderKeys {
  let width, inner, layers, heads, activation, epsilon: String

  static let bert = TextEncoderKeys(
    width: "hidden_size", inner: "intermediate_size", layers: "num_hidden_layers", heads: "num_attention_heads",
    activation: "hidden_act", epsilon: "layer_norm_eps")
  static let modernbert = TextEncoderKeys(
    width: "hidden_size", inner: "intermediate_size", layers: "num_hidden_layers", heads: "num_attention_heads",
    activation: "hidden_activation", epsilon: "norm_eps")
  static let distilbert = TextEncoderKeys(
    width: "dim", inner: "hidden_dim", layers: "n_layers", heads: "n_heads", activation: "activation",
    epsilon: "layer_norm_eps")
}
