package import ConfigurationFiles

/// The student: its base model and the adapter that is trained on it.
package struct StudentConfiguration: ConfigurationSection {
  package var model: String?
  package var fresh: FreshStudentConfiguration?
  package var maximumTokens = 2048
  package var maximumNewTokens = 128
  /// How the student answers. The default is none: the label, then the reasons.
  package var answer: Answer?
  package var thinking: Bool?
  package var imageCache = true
  /// How the base model's matrices are kept and multiplied; adapters and sums are Float32. The default is Float32.
  package var precision = Precision.float32
  package var gradientCheckpointing = false
  package var lora = AdapterConfiguration()

  /// How an answer is written.
  package enum Answer: String, ConfigurationChoice {
    /// The label's words, then the reasons.
    case text
    /// The label's words alone: that is what both stages train, and `predict` writes no rationale.
    case label
  }

  /// How frozen matrices are kept and multiplied.
  package enum Precision: String, ConfigurationChoice {
    /// As the folder has them, multiplied in Float32.
    case float32
    /// In bfloat16, and multiplied so where the CPU can.
    case bfloat16
    /// In 8 bits, 64 neighbours of a row to a scale, multiplied in Float32.
    case int8
  }

  /// A student on a base model in a folder.
  package init(model: String) {
    self.model = model
  }

  /// A student on a base model that the run makes.
  package init(fresh: FreshStudentConfiguration) {
    self.fresh = fresh
  }

  /// No base.
  package static let blank = StudentConfiguration()

  private init() {}

  /// The base `models/student`.
  package static let example = StudentConfiguration(model: "models/student")

  /// The keys under `student`.
  package static let keys: [ConfigurationKey<StudentConfiguration>] = [
    ConfigurationKey(
      "model", \.model, "Folder of the base model (Hugging Face form), or its GGUF file. Give either this or fresh.",
      range: .ifGiven(.nonBlank), relativeTo: .configuration, sample: "models/student"),
    ConfigurationKey("fresh", \.fresh, "Sizes of a base made from nothing in the run, in place of model."),
    ConfigurationKey(
      "max_tokens", \.maximumTokens, "The most tokens of a row with its images; longer rows are set aside, never cut.",
      range: .from(1, through: 1_048_576)),
    ConfigurationKey(
      "max_new_tokens", \.maximumNewTokens, "The most tokens of a generated answer.",
      range: .from(1, through: 1_048_576)),
    ConfigurationKey(
      "answer", \.answer, "What it learns to answer: the label and the reasons, or the label alone; without it both.",
      sample: "label"),
    ConfigurationKey(
      "thinking", \.thinking,
      "What the chat template is told as enable_thinking: false closes the thought in the prompt; without it nothing, and what "
        + "the template writes before answers is learned with them.",
      sample: "false"),
    ConfigurationKey(
      "image_cache", \.imageCache,
      "Keep what the frozen vision tower and the reference compute in the folder `cache`, for other runs."),
    ConfigurationKey(
      "precision", \.precision,
      "How the frozen base is kept and multiplied: bfloat16 takes half the memory and, with AVX512_BF16, less time; "
        + "int8 a quarter, and generates fastest, at the cost of coarser weights."),
    ConfigurationKey(
      "gradient_checkpointing", \.gradientCheckpointing,
      "Compute activations again for the gradient in place of keeping them: less memory, a third more time."),
    ConfigurationKey("lora", \.lora, "The adapter that both stages train."),
  ]

  /// One base, and no kept features of a tower that changes.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      fresh == nil || model == nil, "model", "fresh", expected: "either model or fresh", found: "both")
    reader.require(
      !(imageCache && lora.vision), "image_cache", "lora.vision",
      expected: "false, since lora.vision trains the tower whose features would be kept", found: "true")
  }
}
