internal import Wording

/// Faults of the two-stage method.
public enum TwoStageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Fewer than two teachers, which cannot disagree: how many there are.
  case tooFewTeachers(Int)
  /// Nothing to learn in Stage 1, since the teachers agree on no item: how many items there are, and why the first question
  /// without an answer has none; empty where all were answered.
  case nothingAgreed(items: Int, reason: String)
  /// Nothing to learn in Stage 1, since the student can take none of the agreed items: how many, and the first reason.
  case nothingUsable(items: Int, reason: String)
  /// People gave an item a label that is none: the item, the label, and the labels that there are.
  case unknownLabel(item: String, label: String, known: [String])

  /// The fault and the remedy.
  public var description: String {
    switch self {
    case .tooFewTeachers(let count):
      "\(NumberText.counted(count, "teacher")): the method needs two or more, whose conflicts people decide"
    case .nothingAgreed(let items, let reason):
      "the teachers agree on none of \(NumberText.counted(items, "item")), so Stage 1 has nothing to learn; "
        + (reason.isEmpty
          ? "take another agreement rule, one with fewer votes, or let Stage 1 learn all answers on conflicts (options.conflicts)"
          : "the first question without an answer: \(reason.withoutFullStop)")
    case .nothingUsable(let items, let reason):
      "the student can take none of \(NumberText.counted(items, "agreed item")), so Stage 1 has nothing to learn; the first: "
        + reason.withoutFullStop
    case .unknownLabel(let item, let label, let known):
      "item \(item): people gave the label '\(label)', which is none of \(known.joined(separator: ", "))"
    }
  }
}
