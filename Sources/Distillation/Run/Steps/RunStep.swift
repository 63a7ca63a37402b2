/// The steps of a run, in their order. Each reads the run's folder, writes its part, and is skipped while its inputs are
/// what they were.
///
/// Where the student's uncertainty says which conflicts people are asked about (`review.order: student_uncertainty`),
/// ``review`` comes after ``stage1``, whichever step is asked for.
public enum RunStep: String, CaseIterable, Sendable, Codable {
  /// Every teacher answers every item.
  case annotate
  /// Votes become pseudo-labels and conflicts.
  case agree
  /// Some conflicts get human labels.
  case review
  /// Supervised fine-tuning on all that the teachers say.
  case stage1
  /// Supervised and preference fine-tuning on the labelled conflicts.
  case stage2
  /// Scores on the test split, baselines beside them.
  case evaluate
  /// The page report.html.
  case report
}
