internal import TeacherProtocol

extension EvaluationFile {
  /// How near the answers to a task with ordered labels come to the true levels.
  ///
  /// An item without an answer counts as answered with the level that is farthest from the true one.
  package struct LevelResult: Codable, Sendable, Equatable {
    /// Cohen's kappa with quadratic weights between answers and truth, at most 1; nil where chance alone gives 1.
    package var quadraticKappa: Double?
    /// The 95 % bootstrap interval of it, over the resamples that have one.
    package var quadraticKappaInterval: Interval?
    /// The mean distance between the level answered and the true one, in levels.
    package var meanAbsoluteError: Double
    /// The 95 % bootstrap interval of it.
    package var meanAbsoluteErrorInterval: Interval
    /// The mean distance between the expected level and the true one, in levels; nil where the voter gives no probabilities.
    package var expectedLevelError: Double?
    /// The 95 % bootstrap interval of it.
    package var expectedLevelErrorInterval: Interval?
    /// The number of items without an answer.
    package var unanswered: Int

    private enum CodingKeys: String, CodingKey {
      case unanswered
      case quadraticKappa = "quadratic_kappa"
      case quadraticKappaInterval = "quadratic_kappa_interval"
      case meanAbsoluteError = "mean_absolute_error"
      case meanAbsoluteErrorInterval = "mean_absolute_error_interval"
      case expectedLevelError = "expected_level_error"
      case expectedLevelErrorInterval = "expected_level_error_interval"
    }
  }
}

extension EvaluationFile.LevelResult {
  /// Compares answers with a split's true levels; nil where its labels have no order.
  init?(of predictions: [Prediction], on split: TestSplit, _ bootstrap: GroupBootstrap) {
    guard split.isOrdered else { return nil }
    let places = Dictionary(uniqueKeysWithValues: split.labels.enumerated().map { ($1, $0) })
    let expected = split.expectedLevels(of: predictions)
    let answers = LevelAnswers(
      truth: split.items.map { places[$0.label, default: 0] },
      given: split.answers(of: predictions).map { $0.flatMap { places[$0] } }, expected: expected,
      levels: split.labels.count)
    guard let score = answers.score else { return nil }
    let draws = bootstrap.totals(of: answers.items.map(\.lanes)).map { LevelSums(lanes: $0) }
    (quadraticKappa, meanAbsoluteError) = (score.quadraticKappa, score.meanAbsoluteError)
    (expectedLevelError, unanswered) = (score.expectedLevelError, score.unanswered)
    quadraticKappaInterval = score.quadraticKappa.flatMap { .init(of: draws.compactMap(\.quadraticKappa), else: $0) }
    meanAbsoluteErrorInterval = .init(of: draws.compactMap(\.meanDistance), else: score.meanAbsoluteError)
    expectedLevelErrorInterval = score.expectedLevelError.map {
      .init(of: draws.compactMap(\.meanExpectedDistance), else: $0)
    }
  }
}
