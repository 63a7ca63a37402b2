public import Evaluation
package import Layers
internal import StudentModels
public import TeacherProtocol

extension StageTargets {
  /// A student's answer to each item: the most probable label, with probabilities and, if wanted, a rationale. Labels that
  /// are exactly as probable as each other give none.
  ///
  /// - Parameters:
  ///   - student: the model that these targets are for, as it is now.
  ///   - rationaleTokens: the longest rationale, generated greedily after the label. The default of 0 asks for none.
  public func predictions(
    for items: [Item], by student: Model, rationaleTokens: Int = 0
  ) throws -> [Prediction] {
    try predictions(for: items, by: student, rationaleTokens: rationaleTokens, scoring: .ended)
  }

  package func predictions(
    for items: [Item], by student: Model, rationaleTokens: Int, scoring: LabelScoring,
    calibration: StudentCalibration? = nil, ranks: any Ranks = OneRank(), progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [Prediction] {
    let questions = try items.map(question)
    var answers = try student.labelAnswers(
      questions.compactMap(\.self), rationaleTokens: rationaleTokens, scoring: scoring,
      calibration: calibration, ranks: ranks, progress: progress)[...]
    return zip(items, questions).map { item, question in
      // No answer to an item that was set aside; where it is scored, that counts as wrong.
      guard question != nil, let answer = answers.popFirst() else {
        return Prediction(itemID: item.id, label: nil, error: setAside[item.id])
      }
      return Prediction(
        itemID: item.id, label: answer.isTied ? nil : labels.names[answer.chosen],
        probabilities: Dictionary(uniqueKeysWithValues: zip(labels.names, answer.probabilities)),
        rationale: rationaleTokens > 0 ? answer.rationale : nil
      ).scored(over: labels)
    }
  }
}
