package import ConfigurationFiles
internal import DPO
package import DualChecker
package import TextStudents
package import Training
internal import Wording

private let encoder = EncoderStudent.Options()
private let decoder = DecoderStudentOptions()
/// Measured on spans in the written records; for classes it changed nothing for the better. See the page on DualChecker.
private let freshTokenDropout = 0.3

/// The student that is trained.
package struct DualCheckerStudentConfiguration: DefaultedSection {
  package var kind = Kind.encoder
  package var model: String?
  package var fresh = FreshEncoder()
  package var thinking: Bool?
  package var lora: AdapterConfiguration?
  /// The learning rate while labels arrive, and the highest of the final training. The default is 2e-5.
  package var learningRate = encoder.learningRate.decimal
  package var epochs = encoder.epochs
  package var batch = encoder.batch
  package var weightDecay = encoder.weightDecay.decimal
  package var weighs = encoder.weighs
  package var targets: LabelTargets?
  package var tokenDropout: Double?
  package var labelNoise: LabelNoise?
  package var preferences = Preferences()

  /// The kinds of student.
  package enum Kind: String, ConfigurationChoice {
    /// An encoder with a head.
    case encoder
    /// A language model with an adapter, which also learns to prefer the answer that counts to those given up for it.
    case decoder
  }

  package init() {}

  /// The keys under `student`.
  package static let keys: [ConfigurationKey<DualCheckerStudentConfiguration>] = [
    ConfigurationKey(
      "kind", \.kind, "An encoder with a head, or a decoder with LoRA and DPO where asking again changed an answer."),
    ConfigurationKey(
      "model", \.model,
      "Folder of an encoder (the page on models lists them) or of a decoder, or its GGUF file; without it a small encoder from nothing.",
      range: .ifGiven(.nonBlank), relativeTo: .configuration, sample: "models/bert-base-uncased"),
    ConfigurationKey("fresh", \.fresh, "Sizes of an encoder from nothing."),
    ConfigurationKey(
      "thinking", \.thinking, "What a decoder's chat template is told as enable_thinking; without it nothing.",
      sample: "false"),
    ConfigurationKey("lora", \.lora, "The adapter; without it an encoder is trained whole."),
    ConfigurationKey(
      "learning_rate", \.learningRate, "The highest learning rate; 1e-3 suits one from nothing.",
      range: .above(0, through: 100)),
    ConfigurationKey("epochs", \.epochs, "Passes of the final training.", range: .from(1, through: 10_000)),
    ConfigurationKey("batch", \.batch, "Texts of an update.", range: .from(1, through: 10_000)),
    ConfigurationKey("weight_decay", \.weightDecay, "Decay of matrices.", range: .from(0, through: 1000)),
    ConfigurationKey("weigh", \.weighs, "Let teacher labels count by calibrated confidence."),
    ConfigurationKey(
      "targets", \.targets,
      "What is learned: hard, the answer that counts; soft, of a class the teacher's calibrated confidence in it, and what is left "
        + "for the others, in the place of weigh, of spans by an encoder every answer that was given, by its probability. Without "
        + "it soft for spans by an encoder, else hard.", sample: "soft"),
    ConfigurationKey(
      "token_dropout", \.tokenDropout,
      "Share of a text's tokens that an encoder's final training hides, others at every look; without it "
        + "\(freshTokenDropout) for spans by one from nothing, else 0.",
      range: .ifGiven(.from(0, through: 0.9)), sample: "0.1"),
    ConfigurationKey(
      "label_noise", \.labelNoise,
      "What an encoder learns where a label may be wrong: none, the label; posterior, how probable each answer is by the label and by "
        + "the words of all texts, unless the pool speaks against it; without it posterior for an encoder, else none.",
      sample: "none"),
    ConfigurationKey(
      "preferences", \.preferences, "Preference training of a decoder where a follow-up changed an answer."),
  ]

  /// A decoder comes from a folder.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      kind == .encoder || tokenDropout == nil, "token_dropout", "kind",
      expected: "no token_dropout, which is for encoders, since kind is decoder",
      found: tokenDropout.map { "the number \($0)" } ?? "")
    reader.require(
      kind == .encoder || labelNoise != .posterior, "label_noise", "kind",
      expected: "none, since kind is decoder and posterior is for encoders", found: "the text 'posterior'")
    reader.require(
      kind == .encoder || model != nil, "model", "kind", expected: "the folder of a decoder, since kind is decoder",
      found: "none")
  }

  /// How a decoder learns to prefer the answer that counts to those that the teacher gave up for it.
  package struct Preferences: DefaultedSection {
    package var loss = PreferenceLossConfiguration(.sigmoid)
    package var beta = StandardPreferenceLoss.defaultBeta.decimal
    /// The weight of the negative log-likelihood of the chosen answers. The default is 1.
    package var sftWeight = decoder.supervisedWeight.decimal
    package var epochs = decoder.preferenceEpochs
    package var learningRate = decoder.preferenceRate.decimal

    package init() {}

    /// The keys under `student.preferences`.
    package static let keys: [ConfigurationKey<Preferences>] = [
      ConfigurationKey("loss", \.loss, "Preference loss by TRL's name, or a map of losses and weights."),
      ConfigurationKey(
        "beta", \.beta, "How strongly the student is held to what supervised training left.",
        range: .above(0, through: 1_000_000)),
      ConfigurationKey(
        "sft_weight", \.sftWeight, "Weight of the SFT term on chosen answers.", range: .from(0, through: 1_000_000)),
      ConfigurationKey(
        "epochs", \.epochs, "Passes over the records with changed answers; 0 leaves them out.",
        range: .from(0, through: 10_000)),
      ConfigurationKey("learning_rate", \.learningRate, "The highest learning rate.", range: .above(0, through: 100)),
    ]
  }

  /// What is learned of a task of this kind.
  package func targets(for kind: LabellingTask.Kind) -> LabelTargets {
    targets ?? (kind == .spans && self.kind == .encoder ? .soft : .hard)
  }

  /// What is done about labels that may be wrong, where nothing is said.
  package var defaultLabelNoise: LabelNoise { kind == .encoder ? .posterior : .none }

  /// How an encoder learns a task of this kind.
  package func encoderOptions(for kind: LabellingTask.Kind) -> EncoderStudent.Options {
    var options = EncoderStudent.Options()
    options.learningRate = Float(learningRate)
    options.epochs = epochs
    options.batch = batch
    options.weightDecay = Float(weightDecay)
    options.adapter = lora?.asLoRA
    options.weighs = weighs
    options.targets = targets(for: kind)
    options.tokenDropout = tokenDropout ?? (model == nil && kind == .spans ? freshTokenDropout : 0)
    return options
  }

  package var decoderOptions: DecoderStudentOptions {
    var options = DecoderStudentOptions()
    options.adapter = (lora ?? AdapterConfiguration()).asLoRA
    options.baseModel = model ?? options.baseModel
    options.learningRate = Float(learningRate)
    options.epochs = epochs
    options.batch = batch
    options.weightDecay = Float(weightDecay)
    options.weighs = weighs
    options.targets = targets ?? decoder.targets
    // Stage 2's form of the loss, whose other settings stay at their defaults.
    var stage = Stage2Configuration(reference: .stage1Adapter)
    (stage.loss, stage.beta) = (preferences.loss, preferences.beta)
    options.loss = stage.preferenceLoss
    options.supervisedWeight = Float(preferences.sftWeight)
    options.preferenceEpochs = preferences.epochs
    options.preferenceRate = Float(preferences.learningRate)
    return options
  }
}
