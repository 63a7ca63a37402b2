internal import DistillationConfiguration
internal import Evaluation
internal import Foundation
internal import TeacherProtocol
internal import Wording

extension RunCheck {
  /// How many groups are met, in the mean, where some of the items are drawn: a group of n is missed by (1 - share)^n.
  ///
  /// - Parameter groups: of all items.
  package static func expectedGroups(among groups: [String], drawn: Int) -> Int {
    guard !groups.isEmpty else { return 0 }
    let share = min(1, Double(drawn) / Double(groups.count))
    let sizes = Dictionary(groups.map { ($0, 1) }, uniquingKeysWith: +).values.sorted()
    return Int(sizes.reduce(0.0) { $0 + 1 - pow(1 - share, Double($1)) }.rounded())
  }

  /// Looks at the labels by which it is chosen what Stage 2 ends with, and at the training that this takes.
  static func inspectChoice(
    _ run: RunConfiguration, data: InspectedData, votes: InspectedVotes, into findings: inout [CheckFinding]
  ) {
    guard let source = run.stage2.choose else { return }
    let key = "stage2.choose"
    let labelled = votes.paid(by: run, items: data.items.train.count)
    func updates(_ labelled: Int) -> Int {
      let examples = labelled + Int((run.stage2.replay * Double(labelled)).rounded())
      return examples > 0 ? run.stage2.training.options.totalSteps(examples: examples) : 0
    }
    let (judging, more): (Int, String)
    switch source {
    case .dev:
      let dev = data.items.dev
      guard !dev.isEmpty else {
        return findings.fail(
          key, "there is no development item to choose by; budget in place of dev holds out labels of the budget")
      }
      judging = dev.count { data.items.gold?.has($0.id) ?? false }
      more =
        "\(NumberText.counted(judging, "label")) of development items, which count as spent; one more training of Stage 2, "
        + "about \(NumberText.counted(updates(labelled) * run.rounds, "update"))"
    case .budget:
      let all = data.items.train.map(\.group)
      let groups = expectedGroups(among: all, drawn: labelled)
      // Whole groups are held out, one at least.
      let held = (groups + StageChoice.folds - 1) / StageChoice.folds
      judging = groups == 0 ? 0 : Int((Double(labelled * held) / Double(groups)).rounded())
      let apart =
        Set(all).count == all.count
        ? "" : " (\(NumberText.grouped(held)) of about \(NumberText.counted(groups, "group")))"
      guard groups != 1 || labelled < 2 else {
        return findings.warn(
          key,
          "all labelled items are likely to be of one group (data.fields.group), which is held out as a whole: no label is left "
            + "for the trainings that are compared")
      }
      more =
        "about \(NumberText.counted(judging, "label")) held out\(apart); two more trainings of Stage 2 on the others, about "
        + NumberText.counted(2 * updates(labelled - judging), "update")
    }
    if judging < StageChoice.fewest {
      findings.warn(
        key,
        "\(NumberText.counted(judging, "label")) to judge by are too few, it takes \(StageChoice.fewest): Stage 2 is as "
          + "configured")
    } else {
      findings.ok(key, more)
    }
  }
}
