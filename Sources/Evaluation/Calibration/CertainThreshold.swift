internal import Foundation

/// The smallest confidence from which on answers are as often right as wanted, with the certainty that is wanted.
///
/// ```swift
/// let threshold = try CertainThreshold(precision: 0.95, certainty: 0.95, confidences: stated, correct: wasRight)
/// threshold.confidence  // 0.87: with a certainty of 95 %, at least 95 % of all answers from there on are right
/// threshold.share       // 0.6: as many of all answers reach it
/// ```
///
/// Of the answers from a confidence on, so many must be right that were the wanted precision not there, so many would be
/// with a probability of 1 - certainty at most: the one-sided exact bound of Clopper and Pearson (1934) is at least the wanted
/// precision. Many confidences are tried, and the first try may mislead as well as the last; so they are tried in a fixed
/// sequence, from the highest confidence downwards, which ends with the first that fails, and none is taken from behind it
/// (fixed sequence testing of Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test", with several starts).
/// Starts are chosen by numbers of answers alone, never by what is right: the fewest answers that can prove anything, twice as
/// many, four times as many, as long as there are so many; each start has its share of 1 - certainty.
package struct CertainThreshold: Codable, Sendable, Equatable {
  /// The share of accepted answers that is to be right, above 0 and below 1.
  package let precision: Double
  /// The probability with which it is, over draws of the labelled answers; above 0 and below 1.
  package let certainty: Double
  /// Answers of at least this confidence are accepted.
  package let confidence: Double
  /// The labelled answers that it was found with.
  package let answers: Int
  /// Those of them that are accepted.
  package let accepted: Int
  /// Those of the accepted ones that are right.
  package let right: Int
  /// The one-sided lower bound of the accepted answers' precision by Clopper and Pearson, at this certainty; at least the
  /// precision wanted.
  package let bound: Double

  private enum CodingKeys: String, CodingKey {
    case precision, certainty, confidence, answers, accepted, right, bound
  }

  /// The share of labelled answers that is accepted, 0...1.
  package var share: Double { Double(accepted) / Double(answers) }

  /// Why there is no threshold.
  package enum Failure: Error, Sendable, Equatable {
    /// There are too few answers for any proof; how many it takes at least, if all of them are right.
    case tooFew(answers: Int, needed: Int)
    /// No confidence has the precision with that certainty. `right` of the `accepted` answers of the highest confidences
    /// are right where that looks best, and so many labelled answers would show it in four cases of five if that went on; nil
    /// where no number would, since nowhere more are right than wanted.
    case notShown(answers: Int, accepted: Int, right: Int, needed: Int?)
  }

  /// Finds the threshold.
  ///
  /// - Parameters:
  ///   - precision: the share of accepted answers that is to be right, above 0 and below 1.
  ///   - certainty: above 0 and below 1.
  ///   - confidences: one per labelled answer, each in 0...1; 0 for an item without an answer.
  ///   - correct: whether the answer is right, in the same order.
  /// - Throws: ``Failure``.
  /// - Complexity: O(n²) at worst.
  package init(precision: Double, certainty: Double, confidences: [Double], correct: [Bool]) throws(Failure) {
    precondition(precision > 0 && precision < 1, "a precision of \(precision), expected above 0 and below 1")
    precondition(certainty > 0 && certainty < 1, "a certainty of \(certainty), expected above 0 and below 1")
    let steps = Self.steps(confidences, correct)
    let count = confidences.count
    let needed = FixedSequence(starts: 1, precision, certainty).fewest
    guard count >= needed else { throw .tooFew(answers: count, needed: needed) }
    let sequence = FixedSequence(answers: count, precision, certainty)
    var best: Int?
    for start in 0..<sequence.starts {
      guard var step = steps.firstIndex(where: { $0.accepted >= sequence.accepted(at: start) }) else { continue }
      while step < steps.count,
        sequence.shows(steps[step].right, of: steps[step].accepted)
      {
        best = max(best ?? step, step)
        step += 1
      }
    }
    guard let best else { throw Self.notShown(steps, count: count, precision, certainty) }
    self.init(
      precision: precision, certainty: certainty, confidence: steps[best].confidence, answers: count,
      accepted: steps[best].accepted, right: steps[best].right,
      bound: Binomial.lowerBound(steps[best].right, of: steps[best].accepted, certainty: certainty))
  }

  private init(
    precision: Double, certainty: Double, confidence: Double, answers: Int, accepted: Int, right: Int, bound: Double
  ) {
    (self.precision, self.certainty, self.confidence) = (precision, certainty, confidence)
    (self.answers, self.accepted, self.right, self.bound) = (answers, accepted, right, bound)
  }

  /// Reads the members by the properties' names.
  ///
  /// - Throws: `DecodingError` for numbers that are none of a threshold.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(
      _ key: CodingKeys, _ expected: String, _ holds: (Value) -> Bool
    ) throws -> Value {
      let value = try fields.decode(Value.self, forKey: key)
      guard holds(value) else {
        throw DecodingError.dataCorruptedError(forKey: key, in: fields, debugDescription: "expected \(expected)")
      }
      return value
    }
    let share = "a number above 0 and below 1"
    precision = try read(.precision, share) { $0 > 0 && $0 < 1 }
    certainty = try read(.certainty, share) { $0 > 0 && $0 < 1 }
    confidence = try read(.confidence, "a number from 0 to 1") { (0...1).contains($0) }
    answers = try read(.answers, "1 or more") { $0 >= 1 }
    let all = answers
    accepted = try read(.accepted, "1 to the \(all) of 'answers'") { (1...all).contains($0) }
    let some = accepted
    right = try read(.right, "0 to the \(some) of 'accepted'") { (0...some).contains($0) }
    // The bound of what was found is the wanted precision at least, but for its last digits.
    let least = precision
    bound = try read(.bound, "a number from the \(least) of 'precision' to 1") { (least - 1e-9...1).contains($0) }
  }

  private typealias Step = (confidence: Double, accepted: Int, right: Int)

  /// What is accepted from each confidence on, from the highest downwards; a threshold can't part equal ones.
  private static func steps(_ confidences: [Double], _ correct: [Bool]) -> [Step] {
    precondition(confidences.count == correct.count, "\(confidences.count) confidences, \(correct.count) answers")
    var steps: [Step] = []
    var (accepted, right) = (0, 0)
    for (confidence, isRight) in zip(confidences, correct).sorted(by: { $0.0 > $1.0 }) {
      (accepted, right) = (accepted + 1, right + (isRight ? 1 : 0))
      if steps.last?.confidence == confidence { steps.removeLast() }
      steps.append((confidence, accepted, right))
    }
    return steps
  }

  /// How many labelled answers would do where that looks best: where the normal approximation asks for fewest.
  private static func notShown(_ steps: [Step], count: Int, _ precision: Double, _ certainty: Double) -> Failure {
    let tried = steps.filter { $0.accepted >= min(20, count) }
    func share(_ step: Step) -> Double { Double(step.right) / Double(step.accepted) }
    func looks(_ step: Step) -> Double {
      let gap = share(step) - precision
      return gap > 0 ? gap * gap * Double(step.accepted) : 0
    }
    guard let best = tried.max(by: { looks($0) < looks($1) }) else {
      return .notShown(answers: count, accepted: 0, right: 0, needed: nil)
    }
    let part = Double(best.accepted) / Double(count)
    guard let labels = FixedSequence.needed(share: share(best), part: part, precision, certainty) else {
      // Where most are right.
      let most = tried.max { $0.right * $1.accepted < $1.right * $0.accepted } ?? best
      return .notShown(answers: count, accepted: most.accepted, right: most.right, needed: nil)
    }
    // It did not do with as many as there are.
    return .notShown(answers: count, accepted: best.accepted, right: best.right, needed: max(labels, count + 1))
  }
}

extension CertainThreshold.Failure: CustomStringConvertible {
  /// The failure in a sentence.
  package var description: String {
    switch self {
    case .tooFew(let answers, let needed):
      "\(answers) labelled answers show too little: it takes \(needed) at least, even if all of them are right"
    case .notShown(let answers, let accepted, let right, let needed?):
      "no confidence has that precision with that certainty on \(answers) labelled answers: where it looks best, \(right) of the "
        + "\(accepted) surest are right; if that went on, about \(needed) labelled answers would show it in four cases of five"
    case .notShown(let answers, let accepted, let right, nil):
      "no confidence has that precision on \(answers) labelled answers: where it looks best, \(right) of the \(accepted) surest "
        + "are right, so no number of labels will show it; ask for less, or train the student further"
    }
  }
}
