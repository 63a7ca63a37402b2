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
    // Without a reference the run does not come to Stage 2.
    guard let source = run.stage2Choice, run.stage2.reference != nil else { return }
    let key = "stage2.choose"
    let labelled = votes.paid(by: run, items: data.items.train.count)
    func updates(_ labelled: Int) -> Int {
      let examples = labelled + Int((run.twoStageOptions.replay * Double(labelled)).rounded())
      return examples > 0 ? run.stage2.training.options.totalSteps(examples: examples) : 0
    }
    if source == .dev {
      let dev = data.items.dev
      guard !dev.isEmpty else {
        return findings.fail(
          key, "there is no development item to choose by; budget in place of dev holds out labels of the budget")
      }
      let judging = dev.count { data.items.gold?.has($0.id) ?? false }
      if judging >= StageChoice.fewest {
        return findings.ok(
          key,
          "\(NumberText.counted(judging, "label")) of development items, which count as spent; one more training of Stage 2, "
            + "about \(NumberText.counted(updates(labelled) * run.rounds, "update"))")
      }
      findings.warn(
        key,
        "\(tooFew(judging, of: "development items")): "
          + (run.rounds == 1 ? "labels of the budget are held out" : ending(labelled)))
      guard run.rounds == 1 else { return }
    }
    let all = data.items.train.map(\.group)
    let groups = expectedGroups(among: all, drawn: labelled)
    guard groups != 1 || labelled < 2 else {
      return findings.warn(
        key,
        "all labelled items are likely to be of one group (data.fields.group), which is held out as a whole: no label is left "
          + "for the trainings that are compared")
    }
    guard labelled >= StageChoice.fewest else {
      return findings.warn(
        key,
        "\(tooFew(labelled, of: "the budget")): " + ending(labelled))
    }
    // Whole groups are held out, one at least of each part.
    let parts = min(StageChoice.parts(of: labelled), groups)
    let held = min(groups, parts * ((groups + StageChoice.folds - 1) / StageChoice.folds))
    let judging = Int((Double(labelled * held) / Double(groups)).rounded())
    let apart =
      Set(all).count == all.count
      ? "" : " (\(NumberText.grouped(held)) of about \(NumberText.counted(groups, "group")))"
    let trainings = parts * StageChoice.trainingsOfPart(labels: labelled)
    let rest = labelled - judging / parts
    findings.ok(
      key,
      "about \(NumberText.counted(judging, "label")) held out\(apart)\(parts > 1 ? ", in \(parts) parts" : ""); "
        + "\(trainings) more trainings of Stage 2 on the others, about "
        + NumberText.counted(trainings * updates(rest), "update")
        + (labelled < StageChoice.few ? "; preferences are not tried with fewer than \(StageChoice.few) labels" : ""))
  }

  private static func tooFew(_ labels: Int, of source: String) -> String {
    "\(NumberText.counted(labels, "label")) of \(source) to judge by \(labels == 1 ? "is" : "are") too few, it takes "
      + "\(StageChoice.fewest)"
  }

  /// What is taken where nothing judges.
  private static func ending(_ labelled: Int) -> String {
    labelled < StageChoice.few
      ? "the student stays as Stage 1 left it" : "Stage 2 is fine-tuning alone, without preferences"
  }
}
