internal import Foundation
package import StudentModels
internal import TeacherProtocol

extension MatchDecision {
  /// The most probable decision for cosines of matches and of mismatches: logistic regression (Platt 1999) with his targets, which
  /// keep the scale finite where the two can be told apart without fault.
  ///
  /// - Precondition: some of both.
  package init(matches: [Double], mismatches: [Double]) {
    precondition(!matches.isEmpty && !mismatches.isEmpty, "\(matches.count) matches, \(mismatches.count) mismatches")
    let (high, low) = ((Double(matches.count) + 1) / (Double(matches.count) + 2), 1 / (Double(mismatches.count) + 2))
    let rows = [(matches, high), (mismatches, low)].flatMap { cosines, target in
      cosines.map { LogisticPosterior.Row(features: [$0, 1], target: target) }
    }
    // Without a cosine the share of matches would be all that is known.
    let share = log((Double(matches.count) + 1) / (Double(mismatches.count) + 1))
    let values = LogisticPosterior(rows, mean: [0, share], deviation: [Self.deviation, Self.deviation]).values
    let (scale, shift) = (values[0], values[1])
    self.init(scale: scale, border: scale == 0 ? 0 : -shift / scale)
  }

  /// So wide a prior that it moves no digit that is computed with, and steps are finite where all cosines are one.
  private static let deviation = 1e5
}
