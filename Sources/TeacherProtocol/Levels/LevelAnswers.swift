/// Answers to a task with ordered labels beside the true levels, numbered from 0.
///
/// An item without an answer counts as answered with the level that is farthest from the true one, so that leaving the hard
/// items out never helps.
package struct LevelAnswers: Sendable, Equatable {
  /// One an item.
  package let items: [LevelSums]
  /// Items without an answer.
  package let unanswered: Int
  /// Whether any item has an expected level.
  package let hasExpected: Bool

  /// Compares answers with the truth.
  ///
  /// - Parameters:
  ///   - truth: the true level of each item.
  ///   - given: the level answered; nil for none.
  ///   - expected: the expected level; nil where there are no probabilities.
  ///   - levels: how many there are.
  /// - Precondition: as many of each, all levels below `levels`.
  package init(truth: [Int], given: [Int?], expected: [Double?], levels: Int) {
    precondition(
      truth.count == given.count && truth.count == expected.count,
      "\(truth.count) true levels, \(given.count) answers and \(expected.count) expected levels")
    unanswered = given.count { $0 == nil }
    hasExpected = expected.contains { $0 != nil }
    items = zip(truth, zip(given, expected)).map { truth, answer in
      precondition(truth < levels && answer.0 ?? 0 < levels, "a level is not below \(levels)")
      let farthest = 2 * truth < levels - 1 ? levels - 1 : 0
      return LevelSums(truth, answer.0 ?? farthest, expected: answer.1 ?? Double(farthest))
    }
  }

  /// The figures; nil without items.
  package var score: LevelScore? { LevelScore(items.reduce(LevelSums(), +), self) }
}

/// How near answers come to the true levels.
package struct LevelScore: Sendable, Equatable, Codable {
  /// Cohen's kappa with quadratic weights, at most 1; nil where chance alone gives 1.
  package var quadraticKappa: Double?
  /// The mean distance between the level answered and the true one, in levels.
  package var meanAbsoluteError: Double
  /// The same of the expected level; nil where no item has probabilities. An item that has none counts as farthest away.
  package var expectedLevelError: Double?
  /// Items without an answer: they count as answered with the level that is farthest from the true one.
  package var unanswered: Int

  init?(_ sums: LevelSums, _ answers: LevelAnswers) {
    guard let error = sums.meanDistance else { return nil }
    (quadraticKappa, meanAbsoluteError) = (sums.quadraticKappa, error)
    expectedLevelError = answers.hasExpected ? sums.meanExpectedDistance : nil
    unanswered = answers.unanswered
  }
}
