/// The name under which a result stands in `evaluation.json`, with its fixed place in tables.
///
/// ```swift
/// evaluation[ResultName(rawValue: "two_stage")]?.accuracy
/// evaluation[ResultName(rawValue: "teacher:gemini")]?.labels   // 0
/// ```
public struct ResultName: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The name as written.
  public let rawValue: String

  /// A result of any name; names that are not listed here stand last, in the order of their letters.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// One teacher alone: `teacher:<name>`.
  package static func teacher(_ name: String) -> ResultName { ResultName(rawValue: teacherPrefix + name) }

  /// What most teachers say.
  package static let majority = ResultName(rawValue: "majority")
  /// Agreed labels, and a human's wherever the teachers disagree: what one would get without a student.
  package static let agreementPlusLabels = ResultName(rawValue: "agreement_plus_labels")
  /// The student after the first stage: teachers' outputs alone, no human label.
  package static let stage1 = ResultName(rawValue: "stage1")
  /// The first stage, then supervised training on the labelled conflicts.
  package static let stage1SFT = ResultName(rawValue: "stage1_sft")
  /// The first stage, then preference training on the labelled conflicts.
  package static let stage1DPO = ResultName(rawValue: "stage1_dpo")
  /// The first stage, then as many human labels on random items, at equal steps.
  package static let randomLabels = ResultName(rawValue: "random_labels")
  /// Both stages: supervised and preference training on the labelled conflicts.
  package static let twoStage = ResultName(rawValue: "two_stage")
  /// The same base and steps with a human label for every item.
  package static let fullLabel = ResultName(rawValue: "full_label")

  /// The listed names in the order of tables, behind the teachers.
  package static let ordered: [ResultName] = [
    .majority, .agreementPlusLabels, .stage1, .stage1SFT, .stage1DPO, .randomLabels, .twoStage, .fullLabel,
  ]

  /// The teacher's own name, where this is the result of one teacher.
  package var teacherName: String? {
    rawValue.hasPrefix(Self.teacherPrefix) ? String(rawValue.dropFirst(Self.teacherPrefix.count)) : nil
  }

  /// The name in words, for readers: "Two stages", "Teacher gemini".
  package var title: String {
    if let teacherName { return "Teacher \(teacherName)" }
    return Self.titles[self] ?? rawValue
  }

  /// What stands behind the name, in one line; nil for names that are not listed here.
  package var explanation: String? { Self.explanations[self] }

  /// The name as written.
  public var description: String { rawValue }

  /// Teachers first, then the order of `ordered`, then all others by their letters.
  public static func < (left: ResultName, right: ResultName) -> Bool {
    (left.place, left.rawValue) < (right.place, right.rawValue)
  }

  private static let teacherPrefix = "teacher:"
  private static let titles: [ResultName: String] = [
    .majority: "Majority of teachers", .agreementPlusLabels: "Agreement + human labels", .stage1: "Stage 1",
    .stage1SFT: "Stage 1 + SFT", .stage1DPO: "Stage 1 + DPO", .randomLabels: "Random labels",
    .twoStage: "Two stages", .fullLabel: "Full labels",
  ]

  private static let explanations: [ResultName: String] = [
    .agreementPlusLabels: "their common label, a human's where they differ",
    .stage1: "teachers' outputs alone", .stage1SFT: "labelled conflicts as targets",
    .stage1DPO: "labelled conflicts as preferences",
    .randomLabels: "as many labels, on random items", .twoStage: "labels on conflicts: what Stage 2 ends with",
    .fullLabel: "a label for every item",
  ]

  private var place: Int {
    if teacherName != nil { return -1 }
    return Self.ordered.firstIndex(of: self) ?? Self.ordered.count
  }
}
