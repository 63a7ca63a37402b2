internal import ConfigurationFiles
internal import TeacherProtocol

extension RunConfiguration {
  /// Says what of the run does not suit a model that compares a text with one photo, whether the run makes it or reads it from
  /// a folder.
  ///
  /// - Parameters:
  ///   - model: the key that names the model.
  ///   - isStudent: whether it is the student, or what the student grows from.
  ///   - require: is told what must hold, the keys concerned, that at fault first, what was expected and what was found.
  package func demands(
    ofMatcherAt model: String, isStudent: Bool,
    _ require: (_ holds: Bool, _ key: String, _ other: String, _ expected: String, _ found: String) -> Void
  ) {
    let images = data.fields.image?.columns.count ?? 0
    require(
      images == 1, "data.fields.image", model, "one column of images, since a matcher compares a text with one photo",
      images == 0 ? "none" : "\(images)")
    require(labels.count == 2, "labels", model, "two labels, since a matcher has two answers", "\(labels.count)")
    guard isStudent else { return }
    require(
      student.precision == .float32, "student.precision", model, "float32, in which a matcher's small tower is kept",
      "the text '\(student.precision.rawValue)'")
    require(
      !student.gradientCheckpointing, "student.gradient_checkpointing", model,
      "false, since a matcher has no decoder whose activations could be computed again", "true")
    require(
      student.thinking == nil, "student.thinking", model, "nothing, since a matcher reads no chat template",
      "\(student.thinking ?? false)")
  }

  /// What must hold for a matcher that the run makes.
  func checkMatcher(with reader: inout ConfigurationReader) {
    if let pretrain {
      reader.require(
        pretrain.imageShift == 0 || student.fresh?.matcher != nil, "pretrain.image_shift", "student.fresh",
        expected: "0, since a base that writes sees each photo as it is; student.fresh.matcher shifts them",
        found: "the number \(pretrain.imageShift)")
    }
    guard let matcher = student.fresh?.matcher else { return }
    demands(ofMatcherAt: "student.fresh.matcher", isStudent: true) { holds, key, other, expected, found in
      reader.require(holds, key, other, expected: expected, found: found)
    }
    reader.require(
      positive != nil, "positive", "student.fresh.matcher",
      expected: "the label of a text that does not belong to its photo", found: "nothing")
    reader.require(
      pretrain?.objective == [.contrastive], "pretrain.objective", "student.fresh.matcher",
      expected: "[contrastive], by which a matcher's tower learns",
      found: pretrain == nil ? "no pre-training" : "others")
    let shift = pretrain?.imageShift ?? 0
    reader.require(
      shift < matcher.imageSize, "pretrain.image_shift", "student.fresh.matcher.image_size",
      expected: "less than image_size = \(matcher.imageSize), or nothing of the photo but its border is left",
      found: "the number \(shift)")
  }
}
