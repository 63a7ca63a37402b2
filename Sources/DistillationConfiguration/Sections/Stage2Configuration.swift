package import ConfigurationFiles
package import DPO
internal import Layers
internal import Training
package import TwoStage
internal import Wording

private let library = TwoStageOptions()

/// Stage 2: fine-tuning and preference optimisation on the conflicts that people labelled.
///
/// The loss is L_DPO + ``sftWeight`` x L_SFT(chosen).
/// Source: Rafailov et al. 2023, https://arxiv.org/abs/2305.18290
package struct Stage2Configuration: ConfigurationSection {
  /// The model that the student is compared with. Stage 2 needs it, and there is no default to fall into.
  package var reference: ReferenceConfiguration?
  package var loss = PreferenceLossConfiguration(.sigmoid)
  /// How strongly the loss holds the student to the reference, above 0. The default is 0.1.
  package var beta = StandardPreferenceLoss.defaultBeta.decimal
  package var labelSmoothing = 0.1
  package var divergence = Divergence.reverseKL
  package var divergenceAlpha = 0.5
  /// How much the tokens of an answer count that go beyond the length of the pair's other answer, from 0 to 1. The default
  /// is 1. Source: Liu et al. 2024, https://arxiv.org/abs/2409.06411
  package var tailWeight = library.tailWeight.decimal
  package var discopopTemperature = 0.05
  /// The weight of the negative log-likelihood of the chosen answers. The default is 1.
  package var sftWeight = library.supervisedWeight.decimal
  package var pairs = library.pairing
  package var whenAllWrong = library.whenAllWrong
  /// Agreed items mixed in, as a part of the conflicts' number. The default is ``usualReplay``.
  package var replay: Double?
  /// By which labels it is chosen what the stage ends with: this training, fine-tuning alone, or the student of Stage 1. The
  /// default is that of ``RunConfiguration/stage2Choice``.
  package var choose: Choice?
  /// Folder of an adapter that was trained elsewhere, taken in place of training. The default is none.
  package var adapter: String?
  /// How the stage is trained. The default is that of ``TrainingConfiguration/init()`` with step size 1e-5.
  package var training = TrainingConfiguration(
    epochs: library.stage2.epochs, batch: library.stage2.batch, learningRate: library.stage2.learningRate.decimal)

  /// What ``replay`` is where it is not said: an agreed item beside each conflict.
  package static let usualReplay = 1.0

  /// The labels by which it is chosen what the stage ends with.
  package enum Choice: String, ConfigurationChoice {
    /// Those of the development items, which then count as spent.
    case dev
    /// A fifth of the labelled conflicts, and agreed items beside them, held out of a training more of each kind.
    case budget
    /// By none: the stage ends with this training.
    case asConfigured = "as_configured"
  }

  /// How the distance to the reference is measured.
  /// Source: Wang et al. 2023, https://arxiv.org/abs/2309.16240
  package enum Divergence: String, ConfigurationChoice {
    /// DPO's own.
    case reverseKL = "reverse_kl"
    /// The other way round.
    case forwardKL = "forward_kl"
    /// Jensen and Shannon's.
    case jensenShannon = "js"
    /// The family that `f_divergence_alpha` chooses from.
    case alpha
  }

  /// A stage against a reference.
  package init(reference: ReferenceConfiguration) {
    self.reference = reference
  }

  /// No reference chosen.
  package static let blank = Stage2Configuration()

  private init() {}

  /// The method's own reference: the frozen Stage-1 adapter.
  package static let example = Stage2Configuration(reference: .stage1Adapter)

  /// The keys under `stage2`.
  package static let keys: [ConfigurationKey<Stage2Configuration>] =
    [
      ConfigurationKey(
        "reference", \.reference,
        "The model that DPO compares the student with, which Stage 2 needs: stage1_adapter (as in the paper), base (without "
          + "an adapter), none (the loss sees the student alone), {adapter: FOLDER} (another adapter on the base).",
        relativeTo: .configuration, sample: "stage1_adapter"),
      ConfigurationKey("loss", \.loss, "Preference loss by TRL's name, or a map of losses and weights."),
      ConfigurationKey(
        "beta", \.beta, "How strongly the student is held to the reference.", range: .above(0, through: 1_000_000)),
      ConfigurationKey(
        "label_smoothing", \.labelSmoothing, "How often labels are taken to be wrong: robust, cdpo, exo_pair.",
        range: ConfigurationRange("above 0 and below 0.5") { $0 > 0 && $0 < 0.5 }),
      ConfigurationKey(
        "f_divergence", \.divergence, "How the distance to the reference is measured; DPO's own is reverse_kl."),
      ConfigurationKey(
        "f_divergence_alpha", \.divergenceAlpha, "Alpha of the divergence alpha.", range: .from(-10, through: 10)),
      ConfigurationKey(
        "ld_alpha", \.tailWeight, "How much tokens beyond the shorter answer of a pair count.",
        range: .from(0, through: 1)),
      ConfigurationKey(
        "discopop_tau", \.discopopTemperature, "Temperature of discopop.", range: .above(0, through: 1_000_000)),
      ConfigurationKey(
        "sft_weight", \.sftWeight, "Weight of the SFT term on chosen answers.", range: .from(0, through: 1_000_000)),
      ConfigurationKey("pairs", \.pairs, "Every chosen with every rejected answer, or the best of each."),
      ConfigurationKey(
        "when_all_wrong", \.whenAllWrong, "No teacher has the human label: choose the label's own words, or skip."),
      ConfigurationKey(
        "replay", \.replay,
        "Agreed items mixed in, as a part of the conflicts' number, so that what Stage 1 taught is kept; without it 1.",
        range: .ifGiven(.from(0, through: 1000)), sample: "1"),
      ConfigurationKey(
        "choose", \.choose,
        "End the stage with what is best of it, fine-tuning alone and Stage 1: by the labels of dev, which count as spent, or by "
          + "a fifth of the budget's labels and agreed items held out, which is the default in a run of one round; as_configured "
          + "ends it with this stage.",
        sample: "as_configured"),
      ConfigurationKey(
        "adapter", \.adapter,
        "Folder of a PEFT adapter that was trained elsewhere on this stage's rows, taken in place of training here; it goes on "
          + "from that of stage1.adapter.", range: .ifGiven(.nonBlank), relativeTo: .configuration,
        sample: "training/stage2/adapter"),
    ] + TrainingConfiguration.keys.map { $0.lifted(to: \.training) }
}

/// The model that Stage 2 compares the student with.
package enum ReferenceConfiguration: ConfigurationValue {
  /// The student with its frozen Stage-1 adapter, as in the paper.
  case stage1Adapter
  /// The base model without an adapter.
  case base
  /// No reference: its log-probabilities count as 0.
  case none
  /// The base with the adapter in a folder.
  case adapter(String)

  /// The four choices.
  package static var configurationForm: String { "stage1_adapter, base, none or {adapter: FOLDER}" }

  /// Takes a word, or a map with the key `adapter`.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: ReferenceConfiguration?, with reader: inout ConfigurationReader
  ) -> ReferenceConfiguration? {
    switch node.content {
    case .text("stage1_adapter"): return .stage1Adapter
    case .text("base"): return .base
    case .text("none"): return ReferenceConfiguration.none
    case .map(let entries):
      if entries.count == 1, entries[0].key == "adapter", case .text(let folder) = entries[0].value.content,
        !folder.isEmpty
      {
        return .adapter(folder)
      }
      reader.reject(node, expected: configurationForm)
    case .text(let word):
      reader.reject(
        node, expected: configurationForm,
        nearest: NearestName.nearest(to: word, among: ["stage1_adapter", "base", "none"]))
    case .null, .boolean, .number, .list:
      reader.reject(node, expected: configurationForm)
    }
    return nil
  }

  /// The word, or the map.
  package var configurationNode: ConfigurationNode? {
    switch self {
    case .stage1Adapter: .text("stage1_adapter")
    case .base: .text("base")
    case .none: .text("none")
    case .adapter(let folder): .map([ConfigurationNode.Entry("adapter", .text(folder))])
    }
  }

  /// The folder of an adapter replaced.
  package func mappingConfigurationPaths(
    _ root: ConfigurationPathRoot?, _ replace: (String, ConfigurationPathRoot) -> String
  ) -> ReferenceConfiguration {
    guard case .adapter(let folder) = self else { return self }
    return .adapter(folder.mappingConfigurationPaths(root, replace))
  }
}
