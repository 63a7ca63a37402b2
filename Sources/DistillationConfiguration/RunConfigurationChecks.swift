package import ConfigurationFiles
internal import Layers
internal import TeacherProtocol
internal import TwoStage
internal import Wording

extension RunConfiguration {
  /// What holds between sections: teachers, labels, stages.
  package func checkRelations(with reader: inout ConfigurationReader) {
    reader.require(
      method == .multiTeacher, "method", expected: "multi-teacher, whose keys these are",
      found: "the text '\(method.rawValue)'")
    checkTeachers(with: &reader)
    checkLabels(with: &reader)
    if let name = stage2.lossesWithoutDivergence.first {
      reader.require(
        false, "stage2.f_divergence", "stage2.loss",
        expected: "reverse_kl, since \(name.rawValue) compares each answer with the reference by itself",
        found: "the text '\(stage2.divergence.rawValue)'")
    }
    reader.require(
      stage2.adapter == nil || stage1.adapter != nil, "stage1.adapter", "stage2.adapter",
      expected: "the adapter that stage2.adapter went on from", found: "nothing")
    checkChoice(with: &reader)
    reader.require(
      pretrain == nil || student.fresh != nil, "pretrain", "student.fresh", "student.model",
      expected: "no pre-training, or student.fresh with the sizes of the base to pre-train",
      found: "student.model, which is trained already")
    checkMatcher(with: &reader)
  }

  /// What Stage 2 is chosen by has to be apart from what it is trained and scored on.
  private func checkChoice(with reader: inout ConfigurationReader) {
    guard let choose = stage2.choose else { return }
    let found = "the text '\(choose.rawValue)'"
    reader.require(
      choose != .dev || evaluation.split != .dev, "stage2.choose", "evaluation.split",
      expected: "budget, since the scored split is dev itself", found: found)
    reader.require(
      choose != .budget || rounds == 1, "stage2.choose", "rounds",
      expected: "dev, since a later round goes on from what has learned the labels of those before", found: found)
    reader.require(
      choose == .asConfigured || stage2.adapter == nil, "stage2.choose", "stage2.adapter",
      expected: "nothing, since stage2.adapter is taken as it is", found: found)
  }

  private func checkTeachers(with reader: inout ConfigurationReader) {
    reader.require(
      !teachers.isEmpty, "teachers", expected: "at least one teacher, two to find conflicts", found: "none")
    for (index, teacher) in teachers.enumerated() {
      if let first = teachers.prefix(index).firstIndex(where: { $0.name == teacher.name }) {
        reader.require(
          false, "teachers[\(index)].name", "teachers[\(first)].name", expected: "a name of its own for every teacher",
          found: "the text '\(teacher.name)' again")
      }
    }
    let trained = teachers.first { $0.kind == .trained }
    reader.require(
      trained == nil || data.teacherShare > 0, "data.teacher_share", "teachers.\(trained?.name ?? "").kind",
      expected: "a share of the training groups for the teacher to learn from", found: "0")
    reader.require(
      trained == nil || data.fields.label != nil, "data.fields.label", "teachers.\(trained?.name ?? "").kind",
      expected: "the column with the labels that the teacher learns", found: "none")
    reader.require(
      trained != nil || data.teacherShare == 0, "data.teacher_share", "teachers",
      expected: "0, since no teacher is of the kind trained", found: "\(data.teacherShare)")
    if case .teacher(let name) = stage1.answers {
      let names = teachers.map(\.name)
      reader.require(
        names.contains(name), "stage1.answers", "teachers",
        expected: "all or a teacher's name (\(names.joined(separator: ", ")))", found: "the text '\(name)'",
        nearest: NearestName.nearest(to: name, among: names + ["all"]))
    }
    if let distance = agreement.distance, distance > 0 {
      reader.require(
        ordered == true, "agreement.distance", "ordered",
        expected: "0, or labels that are levels, by ordered: true", found: "the number \(distance)")
      reader.require(
        ordered != true || distance < labels.count - 1, "agreement.distance", "labels",
        expected: "less than the distance between the lowest and the highest level, \(labels.count - 1)",
        found: "the number \(distance), so that nothing is a conflict")
    }
    // One teacher can be asked; what its votes amount to is not.
    guard teachers.count > 1 else { return }
    reader.require(
      agreement.minimumVotes <= teachers.count, "agreement.minimum_votes", "teachers",
      expected: "at most the number of teachers, \(teachers.count)", found: "the number \(agreement.minimumVotes)")
    reader.require(
      agreement.margin <= teachers.count, "agreement.margin", "teachers",
      expected: "at most the number of teachers, \(teachers.count)", found: "the number \(agreement.margin)")
  }

  private func checkLabels(with reader: inout ConfigurationReader) {
    let names = labels.map(\.name)
    reader.require(labels.count >= 2, "labels", expected: "at least two labels", found: "\(labels.count)")
    var owners: [String: Int] = [:]
    var isSound = labels.count >= 2
    for (index, label) in labels.enumerated() {
      for spelling in [label.name] + label.aliases {
        if let owner = owners.updateValue(index, forKey: spelling) {
          isSound = false
          reader.require(
            false, "labels[\(index)].\(spelling == label.name ? "name" : "aliases")", "labels[\(owner)].name",
            expected: "names and aliases that mean one label alone", found: "the text '\(spelling)' again")
        }
      }
      if let first = labels.prefix(index).firstIndex(where: { $0.answer == label.answer }) {
        isSound = false
        reader.require(
          false, "labels[\(index)].answer", "labels[\(first)].answer", expected: "an answer of its own for every label",
          found: "the text '\(label.answer)' again")
      }
    }
    // Spellings that readers take for one: 1 and 1.0, typographic quotes, full width, marks at the end.
    if isSound, let clash = LabelSet.clash(of: spelledLabels) {
      reader.require(false, "labels", expected: "labels that a reply can be read apart by", found: clash)
    }
    if let positive {
      reader.require(
        names.contains(positive), "positive", "labels",
        expected: "the name of a label (\(names.joined(separator: ", ")))",
        found: "the text '\(positive)'", nearest: NearestName.nearest(to: positive, among: names))
    }
    reader.require(
      positive != nil || pretrain?.objective.contains(.matching) != true, "positive", "pretrain.objective",
      expected: "the label of a caption that does not fit its photo, since pretrain.objective has matching",
      found: "nothing")
  }
}

extension LabelSet {
  /// What is wrong with labels that can't be told apart, with the pair; nil where nothing is.
  static func clash(of labels: [Label]) -> String? {
    do throws(TeacherProtocolError) {
      return try LabelSet(labels).indistinguishable.first.map { "\($0)" }
    } catch {
      return error.description
    }
  }
}
