internal import Annotations
internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

extension RunCheck {
  /// Looks at the label budget and at the file that people fill in.
  static func inspectReview(
    _ run: RunConfiguration, data: InspectedData, votes: InspectedVotes, into findings: inout [CheckFinding]
  ) {
    let train = data.items.train
    let opinions = run.review.opinionsOfItem
    let budgets =
      [("review.budget", run.review.labels(ofItems: train.count), opinions)]
      + run.budgets.map { ("budgets", $0.labels(ofItems: train.count), 1) }
    for (key, labels, opinions) in budgets {
      let share = NumberText.fixed(100 * Double(labels) / Double(max(1, train.count)), digits: 1)
      let text =
        "\(NumberText.counted(labels, "label")), \(share) % of \(NumberText.counted(train.count, "training item"))"
        + (opinions > 1 ? "; \(labels / opinions) by \(opinions) people each" : "")
      if labels < opinions {
        findings.fail(key, "\(text): nothing would be labelled; raise it")
      } else if let conflicts = votes.conflicts, conflicts * opinions < labels, conflicts > 0 {
        findings.ok(key, "\(text); only \(NumberText.counted(conflicts, "conflict")) will use it")
      } else {
        findings.ok(key, text)
      }
    }
    if run.review.source == .oracle, data.items.gold == nil {
      // A configuration that goes no further than teachers is whole without it.
      findings.append(
        CheckFinding(run.missing() == nil ? .error : .warning, "review.source", "\(data.items.nothingToReview)"))
    }
    guard run.review.source == .file, let path = run.review.file else { return }
    do {
      if votes.conflicts == 0 {
        return findings.ok("review.file", "no file is needed, as there is no conflict to decide")
      }
      guard FileManager.default.fileExists(atPath: path) else {
        findings.warn(
          "review.file", "\(path) is not there yet: the run stops after the step agree, for people to fill it in")
        return
      }
      let file = try ReviewFileSource(URL(filePath: path), labels: run.labelSet(), items: Set(train.map(\.id)))
      findings.ok("review.file", "\(path): \(NumberText.counted(file.spent, "label")) filled in")
      if !file.setAside.isEmpty {
        findings.warn(
          "review.file", "\(NumberText.counted(file.setAside.count, "row")) can't be used",
          details: .firstLines(file.setAside.map(\.description)))
      }
    } catch {
      findings.fail("review.file", FaultText.sentence(for: error))
    }
  }
}
