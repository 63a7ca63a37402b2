import Evaluation
import Foundation

/// What the tests of evaluation, progress and reports share.
enum EvaluationSample {
  static let labels = ["pristine", "falsified"]

  /// Five items of three photos, three of them falsified, in two slices.
  static func split() -> TestSplit {
    TestSplit(
      items: [
        .init(id: "1", label: "pristine", group: "a", slice: "random"),
        .init(id: "2", label: "falsified", group: "a", slice: "random"),
        .init(id: "3", label: "pristine", group: "b", slice: "similar"),
        .init(id: "4", label: "falsified", group: "b", slice: "similar"),
        .init(id: "5", label: "falsified", group: "c", slice: "similar"),
      ], labels: labels, positive: "falsified")
  }

  static func predictions(_ answers: [String: String?]) -> [Prediction] {
    answers.sorted { $0.key < $1.key }.map { Prediction(itemID: $0.key, label: $0.value) }
  }
}
