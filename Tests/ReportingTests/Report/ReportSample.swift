import Evaluation
import Reporting
import TestSupport

/// Reports with something in every part.
enum ReportSample {
  static func evaluation(labels: [String] = EvaluationSample.labels) -> EvaluationFile {
    let items = (0..<40).map {
      TestSplit.Item(
        id: "\($0)", label: labels[$0 % labels.count], group: "\($0 / 2)", slice: $0 % 4 < 2 ? "random" : "similar")
    }
    var generator = FixedGenerator(seed: 11)
    let evaluator = Evaluator(
      split: TestSplit(items: items, labels: labels, positive: labels[1]), resamples: 200, using: &generator)
    let names: [ResultName] = [.teacher("eye"), .teacher("ear")] + ResultName.ordered
    let candidates = names.enumerated().map { place, name in
      Evaluator.Candidate(
        name,
        predictions: items.enumerated().map { index, item in
          Prediction(itemID: item.id, label: (index + place) % 5 == 0 ? nil : item.label)
        }, labels: name == .fullLabel ? 400 : place < 5 ? 0 : 30)
    }
    return evaluator.evaluation(of: candidates, items: 400, labelsSpent: 30)
  }

  static func rows() -> [MetricsRow] {
    (1...300).map { step in
      let share = Double(step) / 300
      return MetricsRow(
        stage: "stage1", step: step, [.loss: 2 - share, .meanTokenAccuracy: share / 2, .learningRate: 1e-4])
    }
      + (1...5).map { step in
        MetricsRow(
          stage: "two_stage", step: step,
          [.loss: 0.5, .rewardsChosen: Double(step), .rewardsRejected: -1, .rewardsMargins: 2, .rewardsAccuracies: 1])
      }
  }

  static func conflict(_ id: String, caption: String = "Two dogs.", human: String? = "pristine")
    -> ReportContent.Conflict
  {
    ReportContent.Conflict(
      id: id, photos: [.init(format: .png, bytes: [1, 2, 3])], caption: caption,
      votes: [
        .init(name: "eye", label: "pristine", rationale: "It fits.", confidence: 0.9),
        .init(name: "ear", label: "falsified", rationale: "It does not.", confidence: 0.6),
        .init(name: "nose", label: nil),
      ], humanLabel: human, student: .init(name: "student", label: "pristine", rationale: "Dogs.", confidence: 0.8))
  }

  static func content() -> ReportContent {
    var content = ReportContent(title: "Photos")
    content.summary = "A sample."
    content.steps = [
      .init(name: "annotate", detail: "two teachers", seconds: 61), .init(name: "review", detail: "30", seconds: nil),
    ]
    content.configuration = "beta: 0.1\n"
    content.evaluation = evaluation()
    content.curves = ReportContent.curves(of: rows())
    content.agreement = .init(
      teachers: ["eye", "ear"],
      pairs: [.init(first: "ear", second: "eye", items: 4_721, agreement: 0.754289, kappa: 0.517521)])
    content.conflicts = (0..<5).map {
      conflict("item \($0)", human: $0 == 4 ? nil : $0 == 3 ? "falsified" : "pristine")
    }
    content.setAside = [.init(place: "row 7", reason: "no image")]
    return content
  }
}
