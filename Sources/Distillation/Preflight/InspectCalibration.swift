internal import DistillationConfiguration
internal import Evaluation
internal import Foundation
internal import TeacherProtocol
internal import Wording

extension RunCheck {
  /// Says which labels a calibration and a decision threshold are learned from, and whether there are enough.
  static func inspectCalibration(
    _ run: RunConfiguration, data: InspectedData, votes: InspectedVotes, into findings: inout [CheckFinding]
  ) {
    let dev = data.items.dev
    let labelled = dev.count { data.items.gold?.has($0.id) ?? false }
    let (key, fewest) = ("evaluation.calibration", StudentCalibration.fewest)
    let spent = "\(NumberText.counted(labelled, "label")) of development items, counted as spent beside review.budget"
    if run.evaluation.choosesThresholdOnDev {
      if dev.isEmpty {
        findings.fail("evaluation.dev_for_threshold", "there is no development item to choose the threshold on")
      } else {
        findings.ok("evaluation.dev_for_threshold", spent)
      }
    }
    switch run.evaluation.calibration {
    case nil: break
    case .dev:
      if dev.isEmpty {
        findings.fail(
          key, "there is no development item to calibrate on; budget in place of dev takes the labels of conflicts")
      } else if labelled < fewest {
        findings.warn(
          key, "\(labelled) of \(NumberText.counted(dev.count, "development item")) have a label: it takes \(fewest)")
      } else {
        findings.ok(key, run.evaluation.choosesThresholdOnDev ? "\(spent), once for both" : spent)
      }
    case .budget:
      let items = votes.paid(by: run, items: data.items.train.count)
      let text = "the labels of \(NumberText.counted(items, "conflict")) that review.budget pays for, and no other"
      if items < fewest {
        findings.warn(key, "\(text): it takes \(fewest)")
      } else {
        findings.ok(
          key,
          "\(text), beside agreed items; Stage 2 is trained five times more, each time without a fifth of both")
      }
    }
  }
}
