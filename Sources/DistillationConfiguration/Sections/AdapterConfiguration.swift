package import ConfigurationFiles
package import LoRA
internal import Wording

private let library = LoRAConfiguration()

/// The low-rank adapter on the student, and what trains as a whole beside it. Keys that PEFT has are PEFT's.
/// Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685
package struct AdapterConfiguration: DefaultedSection {
  package var rank = library.rank
  package var alpha = library.alpha.decimal
  package var dropout = library.dropout.decimal
  /// Names, path endings or patterns of layers to adapt; each must reach a layer of the model. The default is none given:
  /// all linear layers of the language model.
  package var targets: [String] = []
  /// Names, path endings or patterns of layers to leave out; they win over ``targets``, and each must reach a layer of the
  /// model. The default is none.
  package var exclude: [String] = []
  package var vision = library.adaptsVision
  package var usesRankStabilisedScale = library.isRankStabilized
  /// Whether each output's length is learned apart from its direction (DoRA). The default is false.
  /// Source: Liu et al. 2024, https://arxiv.org/abs/2402.09353
  package var usesDoRA = library.usesDoRA
  package var initialization = Initialization.standard
  /// Other ranks, by patterns of a layer's path or its end; each must match a layer of the model. The default is none.
  package var rankPattern: [String: Int] = [:]
  package var alphaPattern: [String: Double] = [:]
  package var layers: [Int] = []
  package var layersPattern: [String] = []
  /// Parts of the model, by the ends of their paths, that train as a whole and are saved with the adapter. The default is
  /// none.
  package var savedModules: [String] = []
  package var trainedBiases = library.trainedBiases
  package var ensuresTying: Bool?
  /// Tokens whose rows of the token table train, and are saved in place of the table's. The default is none.
  package var trainedTokens: TrainedTokens?
  package var hasBias = library.hasBias
  package var layout = library.layout

  /// How the matrices of a fresh adapter begin.
  package enum Initialization: String, ConfigurationChoice {
    /// A random, B zero: Kaiming's uniform.
    case standard
    /// A normal, B zero.
    case gaussian
    /// The principal part of each weight. Its adapter is written as a plain one of twice the rank, as which Stage 2 goes on.
    /// Source: Meng et al. 2024, https://arxiv.org/abs/2404.02948
    case pissa
  }

  /// Rank 16, alpha 32, on all linear layers of the language model.
  package init() {}

  /// The keys under `student.lora`.
  package static let keys: [ConfigurationKey<AdapterConfiguration>] = [
    ConfigurationKey("rank", \.rank, "Rank of every adapted layer.", range: .from(1, through: 65_536)),
    ConfigurationKey("alpha", \.alpha, "The update is scaled by alpha / rank.", range: .above(0, through: 1_000_000)),
    ConfigurationKey(
      "dropout", \.dropout, "Part of the adapter's inputs dropped in training.", range: .from(0, below: 1)),
    ConfigurationKey(
      "targets", \.targets, "Layers to adapt, by name or pattern; empty = all linear ones of the language model.",
      range: .each(.nonBlank)),
    ConfigurationKey(
      "exclude", \.exclude, "Layers to leave out, by name or pattern; wins over targets.", range: .each(.nonBlank)),
    ConfigurationKey("vision", \.vision, "Adapt the vision tower too."),
    ConfigurationKey("use_rslora", \.usesRankStabilisedScale, "Scale by alpha / sqrt(rank) instead."),
    ConfigurationKey("use_dora", \.usesDoRA, "Learn each output's length apart from its direction (DoRA)."),
    ConfigurationKey(
      "init", \.initialization, "How the matrices begin; pissa: as the principal part of each weight (PiSSA)."),
    ConfigurationKey(
      "rank_pattern", \.rankPattern, "Other ranks, by patterns of a path or its end: {q_proj: 32}.",
      range: .eachValue(.from(1, through: 65_536))),
    ConfigurationKey(
      "alpha_pattern", \.alphaPattern, "Other alphas, by patterns of a path or its end.",
      range: .eachValue(.above(0, through: 1_000_000))),
    ConfigurationKey(
      "layers_to_transform", \.layers, "Numbers of the layers to adapt, from 0; empty = all.",
      range: .each(.from(0, through: 10_000))),
    ConfigurationKey(
      "layers_pattern", \.layersPattern, "Path component before a layer's number where that is not the first number.",
      range: .each(.nonBlank)),
    ConfigurationKey(
      "modules_to_save", \.savedModules, "Parts that train as a whole, by name or path ending, such as lm_head.",
      range: .each(.nonBlank)),
    ConfigurationKey(
      "ensure_weight_tying", \.ensuresTying, "Let what trains of a token table that is the head too count for both.",
      sample: "true"),
    ConfigurationKey(
      "trainable_token_indices", \.trainedTokens, "Tokens whose rows train alone: numbers, or {lm_head: numbers}.",
      range: .ifGiven(TrainedTokens.range), sample: "[49280, 49281]"),
    ConfigurationKey("bias", \.trainedBiases, "Which of the model's offsets train too."),
    ConfigurationKey(
      "lora_bias", \.hasBias, "Give the added product an offset of its own; merged only where layers have one."),
    ConfigurationKey(
      "layout", \.layout, "How paths are spelled in the adapter's files: as in transformers from 4.52, or earlier."),
  ]

  /// Options that exclude each other.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      initialization != .pissa || !usesDoRA, "init", "use_dora",
      expected: "standard or gaussian, since use_dora is true", found: "the text 'pissa'")
    reader.require(
      initialization != .pissa || !hasBias, "init", "lora_bias",
      expected: "standard or gaussian, since lora_bias is true", found: "the text 'pissa'")
    reader.require(
      !(usesDoRA && hasBias), "lora_bias", "use_dora", expected: "false, since use_dora is true", found: "true")
    reader.require(
      layers.isEmpty || !targets.contains(where: Self.isPattern), "layers_to_transform", "targets",
      expected: "nothing where targets has patterns: a pattern can name the layers itself", found: "\(layers)")
    reader.require(
      layersPattern.isEmpty || !layers.isEmpty, "layers_pattern", "layers_to_transform",
      expected: "nothing without layers_to_transform", found: "\(layersPattern)")
  }

  /// Whether an entry is a regular expression, not a name or a path's ending.
  static func isPattern(_ entry: String) -> Bool { entry.contains { #"*+?()[]{}|^$\"#.contains($0) } }
}
