/// The low-rank adapter on the student.
/// Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685
public struct AdapterConfiguration: ConfigurationSection {
  /// Rank r of every adapted layer. The default is 16.
  public var rank = 16
  /// The update is scaled by alpha / rank. The default is 32.
  public var alpha = 32.0
  /// The part of the adapter's inputs that is dropped in training, from 0 and below 1. The default is 0.
  public var dropout = 0.0
  /// Names, path endings or patterns of layers to adapt. The default is none given: all linear layers of the language
  /// model.
  public var targets: [String] = []
  /// Names, path endings or patterns of layers to leave out; they win over ``targets``. The default is none.
  public var exclude: [String] = []
  /// Whether layers of the vision tower may be adapted. The default is false.
  public var vision = false
  /// Whether the scale is alpha / sqrt(rank) instead. The default is false.
  public var usesRankStabilisedScale = false
  /// Whether each output's length is learned apart from its direction (DoRA). The default is false.
  /// Source: Liu et al. 2024, https://arxiv.org/abs/2402.09353
  public var usesDoRA = false

  /// Rank 16, alpha 32, on all linear layers of the language model.
  public init() {}

  /// The adapter of ``init()``.
  public static let blank = AdapterConfiguration()

  /// The keys under `student.lora`.
  public static let keys: [ConfigurationKey<AdapterConfiguration>] = [
    ConfigurationKey("rank", \.rank, "Rank of every adapted layer.", range: .atLeast(1)),
    ConfigurationKey("alpha", \.alpha, "The update is scaled by alpha / rank.", range: .above(0)),
    ConfigurationKey(
      "dropout", \.dropout, "Part of the adapter's inputs dropped in training.", range: .from(0, below: 1)),
    ConfigurationKey(
      "targets", \.targets, "Layers to adapt, by name or pattern; empty = all linear ones of the language model.",
      range: .each(.nonBlank)),
    ConfigurationKey("exclude", \.exclude, "Layers to leave out; wins over targets.", range: .each(.nonBlank)),
    ConfigurationKey("vision", \.vision, "Adapt the vision tower too."),
    ConfigurationKey("use_rslora", \.usesRankStabilisedScale, "Scale by alpha / sqrt(rank) instead."),
    ConfigurationKey("use_dora", \.usesDoRA, "Learn each output's length apart from its direction (DoRA)."),
  ]
}
