public import ConfigurationFiles

/// A teacher that is a vision-language model in this process.
public struct ModelTeacherConfiguration: ConfigurationSection {
  /// The model's folder in Hugging Face form; there is no default.
  public var model: String
  /// The folder of a PEFT adapter on it. The default is none.
  public var adapter: String?
  /// A template for this teacher alone. The default is none: that of the run.
  public var prompt: String?
  /// How the teacher sees images. The default is `none`: as they are.
  public var imageView = ImageView.none
  /// The most tokens of a reply. The default is 128.
  public var maximumTokens = 128

  /// A model in a folder.
  public init(model: String) {
    self.model = model
  }

  /// A change of the image before a teacher sees it, by which teachers of one family come to differ.
  public enum ImageView: String, ConfigurationChoice {
    /// The image as it is.
    case none
    /// Luminance alone: a colour-blind teacher.
    case grey
    /// A quarter of the resolution: a short-sighted teacher.
    case blurred
  }

  /// No folder.
  public static let blank = ModelTeacherConfiguration(model: "")

  /// `models/teacher`.
  public static let example = ModelTeacherConfiguration(model: "models/teacher")

  /// The keys of a local model.
  public static let keys: [ConfigurationKey<ModelTeacherConfiguration>] = [
    ConfigurationKey(
      "model", \.model, "Folder of the model (Hugging Face form).", range: .nonBlank, relativeTo: .configuration,
      requirement: "the model's folder"),
    ConfigurationKey(
      "adapter", \.adapter, "Folder of a PEFT adapter on it; without it none.", range: .ifGiven(.nonBlank),
      relativeTo: .configuration, sample: "models/teacher-adapter"),
    ConfigurationKey(
      "prompt", \.prompt, "Template for this teacher alone; without it the run's.", range: .ifGiven(.nonBlank),
      sample: "'Caption: {text}'"),
    ConfigurationKey("image_view", \.imageView, "How it sees images: as they are, without colour, coarsely."),
    ConfigurationKey("max_tokens", \.maximumTokens, "The most tokens of a reply.", range: .atLeast(1)),
  ]
}
