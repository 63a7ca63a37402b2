/// The lowest confidence from which on answers are as often right as wanted.
///
/// ```swift
/// let threshold = PrecisionThreshold(0.95, confidences: stated, correct: wasRight)
/// threshold?.confidence  // 0.82: at and above it at least 95 % of the answers are right
/// threshold?.share       // 0.6: as many of all answers reach it
/// ```
///
/// The precision is that on the answers it was found with. It was searched for among them, so on new ones it comes out a
/// little lower; ask for a margin, or look at the precision on answers that were kept back.
package struct PrecisionThreshold: Sendable, Equatable, Codable {
  /// Answers of at least this confidence are accepted.
  package let confidence: Double
  /// Answers that were accepted.
  package let accepted: Int
  /// The share of all answers that was accepted, 0...1.
  package let share: Double
  /// The share of those accepted that is right, 0...1; at least what was wanted.
  package let precision: Double

  /// Finds the threshold; nil where no confidence reaches the precision.
  ///
  /// - Parameters:
  ///   - wanted: the share of accepted answers that is to be right, 0...1.
  ///   - confidences: one per answer.
  ///   - correct: whether the answer was right, in the same order.
  ///   - minimum: fewer accepted answers than this prove nothing. The default is 1.
  /// - Precondition: as many outcomes as confidences, each confidence in 0...1.
  /// - Complexity: O(n log n).
  package init?(_ wanted: Double, confidences: [Double], correct: [Bool], minimum: Int = 1) {
    let answers = Array(judgedInOrder(confidences, correct).reversed())
    var (right, best) = (0, Int?.none)
    var precision = 0.0
    for (index, answer) in answers.enumerated() {
      right += answer.isRight ? 1 : 0
      // A threshold can't part equal confidences.
      if index + 1 < answers.count, answers[index + 1].confidence == answer.confidence { continue }
      let own = Double(right) / Double(index + 1)
      if own >= wanted, index + 1 >= minimum { (best, precision) = (index, own) }
    }
    guard let best else { return nil }
    confidence = answers[best].confidence
    accepted = best + 1
    share = Double(best + 1) / Double(answers.count)
    self.precision = precision
  }
}
