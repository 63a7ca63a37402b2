internal import Foundation
internal import TeacherProtocol
internal import Wording

/// How many of the teachers' labels the next human labels are expected to correct, judged by the human labels so far.
///
/// The label of most votes stands for the teachers'; a tie is a correction by half. How often it is wrong is learned for each
/// way in which votes differ (who voted for what) from the conflicts of that way that have a human label, drawn towards the
/// rate over all of them as if by two labels more: k of n wrong in one way, K of N in all, is a Beta distribution with mean
/// (k + 2r) / (n + 2), where r = (K + 1/2) / (N + 1). Before any label nothing is known, and there is no expectation.
///
/// Votes alone do not say it: where teachers share mistakes, the model of Dawid and Skene expects far fewer.
package struct LabelExpectation: Sendable, Equatable, Codable {
  /// How many labels are looked ahead: those of the next open conflicts.
  package var labels: Int
  /// How many corrections are expected.
  package var corrections: Double
  /// Within what their number lies with 95 %.
  package var low: Double
  package var high: Double
  /// The human labels that this is learned from.
  package var known: Int

  /// The expectation; nil without an open conflict or without a label.
  ///
  /// - Parameters:
  ///   - next: the conflicts to be labelled next.
  ///   - labelled: those with a human label, and
  ///   - labels: item -> that label.
  package init?(next: [Conflict], labelled: [Conflict], labels: [String: String]) {
    var ways: [[String: String]: (wrong: Double, all: Double)] = [:]
    var (wrong, all) = (0.0, 0.0)
    for conflict in labelled {
      guard let label = labels[conflict.item.id] else { continue }
      let isWrong = 1 - conflict.shareOfLeading(label)
      ways[conflict.labelOfTeacher, default: (0, 0)].wrong += isWrong
      ways[conflict.labelOfTeacher, default: (0, 0)].all += 1
      wrong += isWrong
      all += 1
    }
    guard all > 0, !next.isEmpty else { return nil }
    let rate = (wrong + 0.5) / (all + 1)
    var counts: [[String: String]: Double] = [:]
    for conflict in next { counts[conflict.labelOfTeacher, default: 0] += 1 }
    // A sum depends on its order in the last digits: ways of equal figures add alike.
    let parts = counts.map { way, count in
      let seen = ways[way] ?? (0, 0)
      let (a, b) = (seen.wrong + 2 * rate, seen.all - seen.wrong + 2 * (1 - rate))
      let mean = a / (a + b)
      // Of a beta-binomial distribution.
      return (mean: count * mean, variance: count * mean * (1 - mean) * (a + b + count) / (a + b + 1))
    }.sorted { ($0.mean, $0.variance) < ($1.mean, $1.variance) }
    let mean = parts.reduce(0) { $0 + $1.mean }
    let spread = 1.96 * parts.reduce(0) { $0 + $1.variance }.squareRoot()
    (self.labels, corrections, known) = (next.count, mean, Int(all))
    (low, high) = (max(0, mean - spread), min(Double(next.count), mean + spread))
  }

  /// The expectation in words.
  package var sentence: String {
    func number(_ value: Double) -> String { NumberText.fixed(value, digits: 0) }
    return "the next \(NumberText.counted(labels, "label")) \(labels == 1 ? "is" : "are") expected to correct "
      + "\(number(corrections)) (\(number(low)) to \(number(high))) of the teachers' majorities, by the "
      + "\(NumberText.counted(known, "label")) so far"
  }
}

extension Conflict {
  /// 1 where most votes are for the label, a share of it where it leads together with others, 0 otherwise.
  fileprivate func shareOfLeading(_ label: String) -> Double {
    let counts = votes.counts
    guard let most = counts.values.max(), counts[label] == most else { return 0 }
    return 1 / Double(counts.values.count { $0 == most })
  }
}
