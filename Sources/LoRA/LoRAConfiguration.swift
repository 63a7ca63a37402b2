/// The form and the places of low-rank adapters: LoRA (Hu et al. 2021) and its variants.
///
/// ```swift
/// var configuration = LoRAConfiguration()
/// configuration.rank = 8
/// configuration.targets = .names(["q_proj", "v_proj"])
/// configuration.usesDoRA = true
/// ```
public struct LoRAConfiguration: Sendable, Equatable {
  /// Which places of a model are meant. A place is a projection or a table of token vectors.
  public enum Targets: Sendable, Equatable {
    /// Every linear layer of the language model, not the output head.
    case allLinear
    /// Places whose path equals one of these or ends with "." and one of these.
    case names([String])
    /// Places whose whole path matches this regular expression of Swift's `Regex`, which has look-ahead and no look-behind.
    case pattern(String)
    /// Places that one of these names means or one of these patterns matches.
    case mixed(names: [String], patterns: [String])
  }

  /// How the matrices of a fresh adapter begin.
  public enum Initialization: Sendable, Equatable {
    /// A uniform in ±1/√in, B zero; on a table of token vectors A zero, B normal.
    case standard
    /// A normal with standard deviation 1/rank, B zero; on a table of token vectors as ``standard``.
    case gaussian
    /// B and A begin as the principal part of the weight (PiSSA, Meng et al. 2024): its largest singular values. What
    /// they begin as is subtracted again, so that the model starts unchanged and its weights stay as they are.
    case principal
  }

  /// Which offsets train beside the adapters, with PEFT's names.
  package enum TrainedBiases: String, Sendable, Equatable, CaseIterable {
    /// None of the model's.
    case none
    /// Every parameter of the model that is called "bias".
    case all
    /// Those of the adapted projections.
    case adapted = "lora_only"
  }

  /// How the paths of a vision-language model are spelled in an adapter's file.
  package enum Layout: String, Sendable, Equatable, CaseIterable {
    /// As in the model at hand.
    case asModel = "as_model"
    /// As transformers 4.52 and later: `model.language_model.layers.0…`.
    case current
    /// As earlier versions: `model.layers.0…` for Qwen2-VL, `language_model.model.layers.0…` for LLaVA.
    case earlier
  }

  /// The keys of ``rankPattern`` and ``alphaPattern`` in the order of a file.
  struct PatternOrder: Sendable, Equatable {
    var ranks: [String]
    var alphas: [String]
  }

  /// The rank r of the added product, from 1 to 65,536. The default is 16.
  public var rank = 16
  /// The product is scaled by alpha / rank. The default is 32.
  public var alpha: Float = 32
  /// Other ranks where a path, or its end after a dot, matches the key as a regular expression; each key must
  /// match a place of the model, and keys that match one place must agree. The default is none.
  ///
  /// Of keys that a PEFT folder gave, the first in the order of its file counts, as in PEFT.
  public var rankPattern: [String: Int] = [:]
  /// Other alphas, by keys as in ``rankPattern``. The default is none.
  public var alphaPattern: [String: Float] = [:]
  /// In which order the two tables are asked, as a PEFT folder gives it: the first key that matches a path counts. The
  /// default is nil: keys that match one path must agree.
  var patternOrder: PatternOrder?
  /// The share of an adapter's inputs that training sets to zero, from 0 to below 1. The default is 0.
  public var dropout: Float = 0
  /// Scales by alpha / √rank instead (Kalajdzievski 2023). The default is false.
  public var isRankStabilized = false
  /// Learns each output's length apart from its direction (DoRA, Liu et al. 2024): the rows of the adapted weight are
  /// brought to trained lengths. As in PEFT, no gradient flows through the lengths they have. The default is false.
  public var usesDoRA = false
  /// How the matrices begin. The default is ``Initialization/standard``.
  public var initialization = Initialization.standard

  /// Which places are adapted; each name and each pattern must reach a place of the model. The default is all linear layers
  /// of the language model.
  public var targets = Targets.allLinear
  /// Paths, or ends of paths after a dot, that are never adapted; each must reach a place of the model. The default is none.
  public var excluded: [String] = []
  /// Regular expressions; places whose whole path matches one are never adapted. The default is none.
  package var excludedPatterns: [String] = []
  /// The numbers of the layers that ``Targets/names(_:)`` and ``Targets/allLinear`` reach; nil, the default, means all. A
  /// pattern names its layers itself. A layer's number is the first component of a path that is one, after at least two
  /// others.
  package var layers: [Int]?
  /// Regular expressions of the component before a layer's number, where the first number is not it. The default is none.
  package var layersPattern: [String] = []
  /// Whether vision tower and connector may be adapted. The default is false.
  public var adaptsVision = false

  /// Parts of the model, by the ends of their paths, that train as a whole and are saved with the adapter, such as
  /// "classifier". They are not adapted. The default is none.
  public var savedModules: [String] = []
  /// Which of the model's offsets train and are saved with the adapter. The default is none.
  package var trainedBiases = TrainedBiases.none
  /// Tokens whose rows train and are saved in place of a table's, by the end of the table's path; "" means the model's
  /// token table. A head that is the table follows. The default is none.
  package var trainedTokens: [String: [Int]] = [:]
  /// Whether what is trained of the token table or of an output head that is the table counts for both, as PEFT's
  /// `ensure_weight_tying`. Models whose head is not the table pass it over. The default is false: the two part.
  package var ensuresTying = false
  /// Whether the added product has an offset of its own. Where a layer has none itself, such an adapter can't be merged. The
  /// default is false.
  package var hasBias = false
  /// How paths are spelled when the adapter is saved. Loading says here which spelling was found. The default is
  /// ``Layout/asModel``.
  package var layout = Layout.asModel

  /// The defaults.
  public init() {}

  /// What the product is multiplied by where no pattern says otherwise.
  package var scale: Float { scale(rank: rank, alpha: alpha) }

  /// What a product of this rank and alpha is multiplied by.
  func scale(rank: Int, alpha: Float) -> Float {
    isRankStabilized ? alpha / Float(rank).squareRoot() : alpha / Float(rank)
  }

  /// Whether the projection at this path is adapted.
  ///
  /// - Throws: ``LoRAError/invalidPattern(_:_:)`` if a pattern is no regular expression.
  package func adapts(_ path: String) throws -> Bool { try AdapterMatcher(self).adapts(path, isTable: false) }

  /// Options that do not go together, or values out of range.
  func check() throws {
    func refuse(_ text: String) -> LoRAError { .invalidConfiguration(text) }
    for rank in [rank] + rankPattern.values where !(1...65536).contains(rank) {
      throw refuse("rank \(rank) must lie in 1...65536")
    }
    for alpha in [alpha] + alphaPattern.values where !alpha.isFinite { throw refuse("alpha \(alpha) must be finite") }
    guard (0..<1).contains(dropout) else { throw refuse("dropout \(dropout) must be at least 0 and below 1") }
    guard !(usesDoRA && hasBias) else { throw refuse("DoRA has no offset of its own: switch one of the two off") }
    guard !(usesDoRA && initialization == .principal) else {
      throw refuse("DoRA's lengths and a principal beginning exclude each other: switch one of the two off")
    }
    guard !(hasBias && initialization == .principal) else {
      throw refuse("an offset of its own and a principal beginning exclude each other: switch one of the two off")
    }
  }
}
