public import Annotations
public import StudentModels

/// The outcome of ``TwoStageDistillation``.
public struct TwoStageOutcome<Model: Student>: Sendable {
  /// The student after both stages; as Stage 1 left it where no conflict was labelled.
  public let student: Model
  /// The student as Stage 1 left it.
  public let stage1: Model
  /// The teachers' replies.
  public let annotations: AnnotationRun
  /// The rule's judgements, item by item.
  public let judgements: [Judgement]
  /// The human labels that were read: item -> label.
  public let humanLabels: [String: String]
  /// Items that the student could not take.
  public let setAside: SetAside

  /// The items on which the teachers do not agree.
  public var conflicts: [Conflict] { judgements.compactMap(\.conflict) }
}
