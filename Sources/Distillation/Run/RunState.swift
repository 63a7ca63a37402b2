internal import Annotations
internal import TeacherProtocol
internal import DistillationConfiguration

/// What the first steps of a run found.
struct RunState: Sendable {
  let labels: LabelSet
  let data: RunData
  let teachers: [String]
  let train: AnnotationRun
  let test: AnnotationRun
  let judgements: [Judgement]
  let testJudgements: [Judgement]

  var conflicts: [Conflict] { judgements.compactMap(\.conflict) }

  /// A digest of what the votes came to.
  var verdictsKey: String {
    StepRecords.key(
      (judgements + testJudgements).map {
        "\($0.item.id) \($0.label ?? "") \($0.conflict == nil ? "" : "conflict")"
      }.joined(separator: "\n"))
  }
}

extension AnnotationRun {
  /// A line about what a teacher did not answer.
  func words(about teacher: String, _ failures: [Failure]) -> String {
    "teacher \(teacher): \(failures.count) of \(items.count) items have no answer; first: \(failures[0].reason)"
  }

  /// The keys of all replies as one text.
  var keys: String { annotations.flatMap { $0.map(\.key) }.joined(separator: "\n") }
}

extension AgreementConfiguration {
  /// The rule.
  ///
  /// - Parameters:
  ///   - table: what it learns the teachers' reliabilities from, where it does.
  ///   - levels: the labels from the lowest level to the highest; nil where they have no order.
  ///   - prior: what it takes of the teachers' errors before it sees their votes.
  func rule(over table: VoteTable, levels: [String]?, prior: ConfusionPrior) -> any AgreementRule {
    switch rule {
    case .unanimous:
      if let levels, let distance, distance > 0 {
        LevelDistanceRule(levels: levels, distance: distance, minimumVotes: minimumVotes)
      } else {
        UnanimousRule(minimumVotes: minimumVotes)
      }
    case .majority: MajorityRule(margin: margin, minimumVotes: minimumVotes)
    case .confidenceWeighted: ConfidenceWeightedRule(lead: lead, minimumVotes: minimumVotes)
    case .dawidSkene:
      DawidSkeneRule(
        DawidSkene(table, prior: prior), minimumProbability: probability, minimumVotes: minimumVotes)
    }
  }
}
