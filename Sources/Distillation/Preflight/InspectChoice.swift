internal import DistillationConfiguration
internal import Evaluation
internal import TeacherProtocol
internal import Wording

extension RunCheck {
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
      judging = labelled / StageChoice.folds
      more =
        "about \(NumberText.counted(judging, "label")) held out; two more trainings of Stage 2 on the others, about "
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
