package import ConfigurationFiles

/// A teacher that the run makes: its base with all weights fine-tuned on labelled pairs that are set apart for teachers.
///
/// `data.teacher_share` says how many training groups are set apart. Their labels are counted as `teacher_labels`, and
/// neither teachers nor student meet these items again.
package struct TrainedTeacherConfiguration: DefaultedSection {
  /// The model that it grows from, in Hugging Face form. The default is none: the student's own base.
  package var base: String?
  package var prompt: String?
  /// How the teacher sees images, while it is trained and when it is asked. The default is `none`: as they are.
  package var imageView = ModelTeacherConfiguration.ImageView.none
  package var maximumTokens = 16
  package var training = TrainingConfiguration(epochs: 3, batch: 32, learningRate: 3e-4)

  /// A teacher that grows from the student's base.
  package init() {}

  /// A colour-blind teacher.
  package static let example: TrainedTeacherConfiguration = {
    var teacher = TrainedTeacherConfiguration()
    teacher.imageView = .grey
    return teacher
  }()

  /// The keys of a teacher that the run makes.
  package static let keys: [ConfigurationKey<TrainedTeacherConfiguration>] =
    [
      ConfigurationKey(
        "base", \.base, "Folder of the model that it grows from; without it the student's base.",
        range: .ifGiven(.nonBlank), relativeTo: .configuration, sample: "models/base"),
      ConfigurationKey(
        "prompt", \.prompt, "Template for this teacher alone; without it the run's.", range: .ifGiven(.nonBlank),
        sample: "'Caption: {text}'"),
      ConfigurationKey("image_view", \.imageView, "How it sees images: as they are, without colour, coarsely."),
      ConfigurationKey(
        "max_tokens", \.maximumTokens, "The most tokens of a reply.", range: .from(1, through: 1_048_576)),
    ] + TrainingConfiguration.keys.map { $0.lifted(to: \.training) }

  /// What holds between the keys of the training.
  package func checkRelations(with reader: inout ConfigurationReader) { training.checkRelations(with: &reader) }

  /// The teacher once it is made, in this folder.
  package func made(in folder: String) -> ModelTeacherConfiguration {
    var model = ModelTeacherConfiguration(model: folder)
    model.prompt = prompt
    model.imageView = imageView
    model.maximumTokens = maximumTokens
    return model
  }
}
