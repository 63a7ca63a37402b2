package import ConfigurationFiles

/// A teacher that is a vision-language model in this process.
package struct ModelTeacherConfiguration: ConfigurationSection {
  package var model: String
  package var adapter: String?
  package var prompt: String?
  package var imageView = ImageView.none
  package var thinking: Bool?
  package var maximumTokens = 128

  /// A model in a folder.
  package init(model: String) {
    self.model = model
  }

  /// A change of the image before a teacher sees it, by which teachers of one family come to differ.
  package enum ImageView: String, ConfigurationChoice {
    /// The image as it is.
    case none
    /// Luminance alone: a colour-blind teacher.
    case grey
    /// A quarter of the resolution: a short-sighted teacher.
    case blurred
  }

  /// No folder.
  package static let blank = ModelTeacherConfiguration(model: "")

  package static let example = ModelTeacherConfiguration(model: "models/teacher")

  /// The keys of a local model.
  package static let keys: [ConfigurationKey<ModelTeacherConfiguration>] = [
    ConfigurationKey(
      "model", \.model, "Folder of the model (Hugging Face form), or its GGUF file.", range: .nonBlank,
      relativeTo: .configuration,
      requirement: "the model's folder"),
    ConfigurationKey(
      "adapter", \.adapter, "Folder of a PEFT adapter on it; without it none.", range: .ifGiven(.nonBlank),
      relativeTo: .configuration, sample: "models/teacher-adapter"),
    ConfigurationKey(
      "prompt", \.prompt, "Template for this teacher alone; without it the run's.", range: .ifGiven(.nonBlank),
      sample: "'Caption: {text}'"),
    ConfigurationKey("image_view", \.imageView, "How it sees images: as they are, without colour, coarsely."),
    ConfigurationKey(
      "thinking", \.thinking, "What its chat template is told as enable_thinking; without it nothing.", sample: "false"),
    ConfigurationKey("max_tokens", \.maximumTokens, "The most tokens of a reply.", range: .from(1, through: 1_048_576)),
  ]
}
