internal import ConfigurationFiles
internal import TeacherProtocol

extension RunConfiguration {
  /// Is told what must hold, the keys concerned, that at fault first, what was expected and what was found.
  package typealias Demand =
    (_ holds: Bool, _ key: String, _ other: String, _ expected: String, _ found: String) -> Void

  /// Says what of the run's items and labels does not suit a model that compares a text with one photo, whether the run makes it
  /// or reads it from a folder.
  ///
  /// - Parameter model: the key that names the model.
  package func demands(ofMatcherAt model: String, _ require: Demand) {
    let images = data.fields.image?.columns.count ?? 0
    require(
      images == 1, "data.fields.image", model, "one column of images, since a matcher compares a text with one photo",
      images == 0 ? "none" : "\(images)")
    require(
      data.fields.text != nil, "data.fields.text", model,
      "a column of texts, since a matcher compares a text with a photo", "none")
    require(labels.count == 2, "labels", model, "two labels, since a matcher has two answers", "\(labels.count)")
  }

  /// Says which settings of the student do not suit one that compares.
  ///
  /// - Parameter model: the key that names the student, or what it grows from.
  package func demands(ofComparingStudentAt model: String, _ require: Demand) {
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

  /// Says which settings of pre-training teach nothing, or are not read.
  ///
  /// Where a run begins, and not where its configuration is read: runs that had them are finished, and are read still.
  package func demandsOfPretraining(_ require: Demand) {
    if let matcher = student.fresh?.matcher {
      demands(ofComparingStudentAt: "student.fresh.matcher", require)
      let shift = pretrain?.imageShift ?? 0
      require(
        shift < matcher.imageSize, "pretrain.image_shift", "student.fresh.matcher.image_size",
        "less than image_size = \(matcher.imageSize), or nothing of the photo but its border is left",
        "the number \(shift)")
    }
    guard let pretrain else { return }
    require(
      pretrain.imageShift == 0 || student.fresh?.matcher != nil, "pretrain.image_shift", "student.fresh",
      "0, since a base that writes sees each photo as it is; student.fresh.matcher shifts them",
      "the number \(pretrain.imageShift)")
    let parts = pretrain.updateParts
    require(
      !pretrain.objective.contains(.contrastive) || pretrain.training.batch >= 2 * parts, "pretrain.batch",
      "pretrain.parts",
      "at least \(2 * parts), two captions for each of \(parts) parts (parts: 1 takes the batch as one), since objective "
        + "has contrastive, which holds the captions of a part against each other",
      "the number \(pretrain.training.batch)")
  }

  /// What must hold for a matcher that the run makes.
  func checkMatcher(with reader: inout ConfigurationReader) {
    guard student.fresh?.matcher != nil else { return }
    demands(ofMatcherAt: "student.fresh.matcher") { holds, key, other, expected, found in
      reader.require(holds, key, other, expected: expected, found: found)
    }
    reader.require(
      positive != nil, "positive", "student.fresh.matcher",
      expected: "the label of a text that does not belong to its photo", found: "nothing")
    reader.require(
      pretrain?.objective == [.contrastive], "pretrain.objective", "student.fresh.matcher",
      expected: "[contrastive], by which a matcher's tower learns",
      found: pretrain == nil ? "no pre-training" : "others")
  }
}
