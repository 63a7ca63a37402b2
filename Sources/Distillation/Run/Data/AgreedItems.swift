internal import Annotations
internal import Evaluation
internal import TeacherProtocol
internal import Tensor

/// Training items on which the teachers agree and that no person labelled: weak evidence beside labelled conflicts, dealt out
/// into the same folds.
struct AgreedItems {
  /// The most that a student is asked about.
  static let most = 400

  let judgements: [Judgement]
  /// The share of conflicts among the training items that are one or the other.
  let conflictShare: Double
  private let labelled: GroupFolds
  private let others: GroupFolds
  private let labelledGroups: Set<String>

  /// - Parameters:
  ///   - labels: item -> label, of the items that people labelled.
  ///   - folds: at least 1.
  init(_ state: RunState, labels: [String: String], folds: Int) {
    judgements = state.judgements.filter { $0.label != nil && labels[$0.item.id] == nil }
    let conflicts = Double(state.conflicts.count)
    conflictShare = conflicts / max(1, conflicts + Double(judgements.count))
    let known = Set(state.data.train.filter { labels[$0.id] != nil }.map(\.group))
    labelledGroups = known
    labelled = GroupFolds(known, count: folds)
    others = GroupFolds(Set(judgements.map(\.item.group)).subtracting(known), count: folds)
  }

  /// The fold of a group, from 0: agreed items of a labelled item's group go with it.
  ///
  /// - Precondition: the group of a labelled or an agreed item.
  func fold(of group: String) -> Int { labelledGroups.contains(group) ? labelled[group] : others[group] }

  /// The agreed items of a fold.
  func judgements(ofFold fold: Int) -> [Judgement] { judgements.filter { self.fold(of: $0.item.group) == fold } }

  /// At most so many of these, drawn at random, in their order.
  static func drawn(
    _ most: Int, of judgements: [Judgement], using generator: inout Tensor.Generator
  ) -> [Judgement] {
    let ids = Set(judgements.map(\.item.id).sorted().shuffled(using: &generator).prefix(most))
    return judgements.filter { ids.contains($0.item.id) }
  }
}
