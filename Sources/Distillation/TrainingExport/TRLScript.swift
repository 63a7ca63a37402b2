internal import DPO
internal import DistillationConfiguration
internal import Foundation
internal import JSON
internal import Layers
internal import StudentModels
internal import Tokenization

/// The script `train.py`, with the settings of both stages in TRL's names.
struct TRLScript {
  /// Whether rows are conversations; plain texts where the student has no chat template.
  let isConversation: Bool
  let configuration: RunConfiguration
  private let settings: [JSONValue.Member]

  /// The version of TRL that the script was written against.
  static let version = "1.16.0"

  /// - Parameters:
  ///   - key: the base's key.
  ///   - origins: by stage, the key of what its rows are made from.
  init(
    _ student: some PretrainedStudent, _ configuration: RunConfiguration, model: URL, key: String, hasImages: Bool,
    origins: [String: String]
  ) throws {
    self.configuration = configuration
    let prompt = try student.rendered(
      student.messages(question: "q", imagesAt: [], answer: nil), addingGenerationPrompt: true)
    isConversation = prompt != "q"
    let frame = try isConversation ? Self.frame(of: student, prompt) : ("", "")
    let names = try FileManager.default.contentsOfDirectory(atPath: model.path).sorted()
    let weights = try names.filter { $0.hasSuffix(".safetensors") }
      .map { JSONValue.Member($0, .string(try configuration.digests.digest(of: model.appending(path: $0)))) }
    settings = [
      .init("model", .string(model.path)), .init("weights", .object(weights)), .init("base", .string(key)),
      .init("reads_images", .bool(student.imageToken != nil)), .init("has_images", .bool(hasImages)),
      .init("upright", .bool(configuration.data.readPixels.orientation == .applied)),
      .init("drops_alpha", .bool(configuration.data.readPixels.transparency == .dropped)),
      .init("dtype", .string(configuration.student.precision == .float32 ? "float32" : "bfloat16")),
      .init("beginning", .string(frame.0)), .init("closing", .string(frame.1)),
      .init("thinking", student.thinking.map { .bool($0) } ?? .null),
      .init("end_of_turn", .number(student.endOfTurn)),
      .init("gradient_checkpointing", .bool(configuration.student.gradientCheckpointing)),
      .init("pissa", .bool(configuration.student.lora.initialization == .pissa)),
      .init("seed", .number(configuration.seed)),
      .init("rows", .object(origins.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
    ]
  }

  /// What prompts here have before what the template writes, and what answers have behind it: mostly nothing.
  private static func frame(
    of student: some PretrainedStudent, _ prompt: String
  ) throws -> (beginning: String, closing: String) {
    let (ids, plain) = try (
      student.ids(of: prompt, images: []), student.tokenizer.encode(prompt, addingSpecialTokens: false)
    )
    let before = ids.dropLast(plain.count).compactMap(student.tokenizer.token).joined()
    let whole = try student.rendered(
      student.messages(question: "q", imagesAt: [], answer: "x"), addingGenerationPrompt: false)
    let rest = whole.utf8.dropFirst(
      try student.prompt(student.messages(question: "q", imagesAt: [], answer: nil)).utf8.count)
    let closed = student.tokenizer.encode(String(decoding: rest, as: UTF8.self), addingSpecialTokens: false)
    let isClosed = closed.contains(student.endOfTurn)
    return (before, isClosed ? "" : student.tokenizer.token(of: student.endOfTurn) ?? "")
  }

  /// The script for so many examples of each stage.
  func text(examples: [String: Int]) -> String {
    let lora = configuration.student.lora
    let adapter: [JSONValue.Member] = [
      .init("r", .number(lora.rank)), .init("lora_alpha", .number(lora.alpha)),
      .init("lora_dropout", .number(lora.dropout)),
      .init(
        "target_modules",
        lora.targets.isEmpty ? "all linear layers of the language model" : .array(lora.targets.map { .string($0) })),
    ]
    var all = settings + [.init("lora", .object(adapter))]
    all.append(.init("stage1", .object(stage(configuration.stage1.training, examples["stage1"] ?? 0))))
    if let count = examples["stage2"], count > 0 {
      all.append(.init("stage2", .object(stage(configuration.stage2.training, count) + preference)))
    }
    return TRLProgram.head(version: Self.version) + "SETTINGS = " + Self.python(.object(all)) + "\n" + TRLProgram.body
  }

  /// A stage's training under the names of transformers' arguments.
  private func stage(_ training: TrainingConfiguration, _ examples: Int) -> [JSONValue.Member] {
    let options = training.options
    let total = options.totalSteps(examples: examples)
    let schedule = ["cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"]
    return [
      .init("batch", .number(training.batch)), .init("num_train_epochs", .number(training.epochs)),
      .init("learning_rate", .number(training.learningRate)),
      .init("lr_scheduler_type", .string(schedule[training.schedule.rawValue] ?? training.schedule.rawValue)),
      .init("warmup_steps", .number(options.warmupSteps(of: total))),
      .init("weight_decay", .number(training.weightDecay)), .init("max_grad_norm", .number(training.clip)),
      .init("adam_beta1", .number(training.betas[0])), .init("adam_beta2", .number(training.betas[1])),
      .init("adam_epsilon", .number(training.epsilon)), .init("save_steps", .number(training.checkpointEvery)),
    ]
  }

  /// Stage 2's loss in TRL's names.
  private var preference: [JSONValue.Member] {
    let stage = configuration.stage2
    var weights: [String: Double] = [:]
    for part in stage.loss.parts {
      guard part.name == .cdpo else {
        weights[part.name.rawValue, default: 0] += part.weight
        continue
      }
      // TRL has no such loss, and it is a sum of two that it has.
      weights["sigmoid", default: 0] += 2 * (1 - stage.labelSmoothing) * part.weight
      weights["robust", default: 0] -= (1 - 2 * stage.labelSmoothing) * part.weight
    }
    let losses = weights.sorted { $0.key < $1.key }
    let divergence: JSONValue =
      switch stage.divergence {
      case .reverseKL: "reverse_kl"
      case .forwardKL: "forward_kl"
      case .jensenShannon: "js_divergence"
      case .alpha: "alpha_divergence"
      }
    let reference: JSONValue =
      switch stage.reference {
      case .stage1Adapter: "stage1"
      case .base: "base"
      case .adapter: "reference"
      case .some(.none), nil: "none"
      }
    return [
      .init("loss_type", .array(losses.map { .string($0.key) })),
      .init("loss_weights", .array(losses.map { .number($0.value) })), .init("sft_weight", .number(stage.sftWeight)),
      .init("beta", .number(stage.beta)), .init("label_smoothing", .number(stage.labelSmoothing)),
      .init("f_divergence_type", divergence), .init("f_alpha_divergence_coef", .number(stage.divergenceAlpha)),
      .init("ld_alpha", stage.tailWeight == 1 ? JSONValue.null : .number(stage.tailWeight)),
      .init("discopop_tau", .number(stage.discopopTemperature)), .init("reference", reference),
    ]
  }

  /// A value as Python spells it, an object of the first two levels line by line.
  static func python(_ value: JSONValue, level: Int = 0) -> String {
    switch value {
    case .null: "None"
    case .bool(let isTrue): isTrue ? "True" : "False"
    case .number, .string: value.text
    case .array(let values): "[" + values.map { python($0, level: level + 1) }.joined(separator: ", ") + "]"
    case .object(let members):
      "{\n"
        + members.map {
          String(repeating: "    ", count: level + 1) + JSONValue.string($0.name).text + ": "
            + python($0.value, level: level + 1) + ",\n"
        }.joined() + String(repeating: "    ", count: level) + "}"
    }
  }
}
