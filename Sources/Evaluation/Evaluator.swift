/// Scores voters over one test split, all with the same resamples, and puts the whole comparison together.
///
/// ```swift
/// let evaluator = Evaluator(split: split, using: &generator)
/// let file = evaluator.evaluation(
///   of: [
///     .init(.teacher("gemini"), predictions: gemini, labels: 0),
///     .init(.twoStage, predictions: student, labels: 700),
///   ], items: 9_000, labelsSpent: 700)
/// try file.write(to: run.appending(path: "evaluation.json"))
/// ```
package struct Evaluator: Sendable {
  /// One voter to be scored.
  package struct Candidate: Sendable, Equatable {
    package var name: ResultName
    /// What the voter said; items without a prediction count as wrong.
    package var predictions: [Prediction]
    /// The human labels it cost.
    package var labels: Int

    package init(_ name: ResultName, predictions: [Prediction], labels: Int) {
      self.name = name
      self.predictions = predictions
      self.labels = labels
    }
  }

  /// The items scored on.
  package let split: TestSplit
  private let bootstrap: GroupBootstrap
  private let seed: UInt64

  /// An evaluator on one split.
  ///
  /// - Parameters:
  ///   - resamples: of each interval; 0 makes intervals of no width. The default is 2,000.
  ///   - generator: one number is taken from it.
  package init(split: TestSplit, resamples: Int = 2_000, using generator: inout some RandomNumberGenerator) {
    self.init(split: split, resamples: resamples, seed: generator.next())
  }

  private init(split: TestSplit, resamples: Int, seed: UInt64) {
    self.split = split
    self.seed = seed
    bootstrap = GroupBootstrap(groups: split.items.map(\.group), resamples: resamples, seed: seed)
  }

  /// The evaluator of one slice of the split, with the same seed; nil where the slice has no item.
  package func slice(_ name: String) -> Evaluator? {
    split.slice(name).map { Evaluator(split: $0, resamples: bootstrap.resamples, seed: seed) }
  }

  /// The score of one voter over the whole split.
  package func result(of predictions: [Prediction], labels: Int) -> EvaluationFile.Result {
    let answers = split.answers(of: predictions)
    let truth = split.items.map(\.label)
    let confusion = ConfusionMatrix(labels: split.labels, truth: truth, answers: answers)
    // Of more labels than two all but one are no class.
    let positive = split.labels.count == 2 ? split.positive : nil
    return EvaluationFile.Result(
      accuracy: confusion.accuracy,
      accuracyOnPositive: positive.flatMap { confusion.accuracy(onTruth: $0) },
      accuracyOnOthers: positive.flatMap { confusion.accuracy(onTruth: $0, inverted: true) },
      macroF1: confusion.macroF1, labels: labels,
      interval: bootstrap.interval(of: zip(answers, truth).map { $0 == $1 }), confusion: confusion,
      levels: .init(of: predictions, on: split, bootstrap))
  }

  /// How well a student's probabilities fit what is true; nil where it states none.
  ///
  /// - Parameters:
  ///   - raw: what the result ``ResultName/twoStage`` is made of, with probabilities as it states them.
  ///   - calibration: by which they are calibrated; nil where that was not asked for.
  package func calibration(
    of raw: [Prediction], by calibration: StudentCalibration?
  ) -> EvaluationFile.Calibration? {
    func score(_ predictions: [Prediction]) -> CalibrationScore? {
      CalibrationScore(of: predictions, on: split, resamples: bootstrap.resamples, seed: seed)
    }
    guard let before = score(raw) else { return nil }
    return EvaluationFile.Calibration(
      result: .twoStage, calibration, before: before,
      after: calibration.flatMap { calibration in score(raw.map { $0.calibrated(by: calibration) }) })
  }

  /// How much better the first voter is than the other, item by item.
  package func difference(of first: Candidate, against second: Candidate) -> EvaluationFile.Difference {
    let left = split.correctness(of: first.predictions)
    let right = split.correctness(of: second.predictions)
    let surplus = zip(left, right).reduce(0) { $0 + ($1.0 ? 1 : 0) - ($1.1 ? 1 : 0) }
    return EvaluationFile.Difference(
      result: first.name.rawValue, against: second.name.rawValue,
      difference: Double(surplus) / Double(split.items.count),
      interval: bootstrap.difference(left, minus: right))
  }

  /// The whole comparison: all candidates over the split and over each of its slices.
  ///
  /// - Parameters:
  ///   - candidates: the voters, no name twice.
  ///   - items: the number of training items annotated.
  ///   - labelsSpent: the human labels read by the run.
  ///   - teacherLabels: the labels that home-made teachers were trained with; nil where there are none.
  ///   - main: the result compared with each of the others. The default is ``ResultName/twoStage``; where no candidate
  ///     has that name there are no differences.
  ///   - budgets: the curve of accuracy over labels spent. The default is none.
  package func evaluation(
    of candidates: [Candidate], items: Int, labelsSpent: Int, teacherLabels: Int? = nil,
    main: ResultName = .twoStage, budgets: [EvaluationFile.BudgetPoint]? = nil
  ) -> EvaluationFile {
    let whole = compare(candidates, main: main)
    let slices = split.sliceNames.compactMap { name in
      slice(name).map { (name, $0.compare(candidates, main: main)) }
    }
    return EvaluationFile(
      items: items, testItems: split.items.count, labelsSpent: labelsSpent, teacherLabels: teacherLabels,
      results: whole.results, differences: whole.differences.isEmpty ? nil : whole.differences,
      slices: slices.isEmpty ? nil : Dictionary(uniqueKeysWithValues: slices), budgets: budgets)
  }

  private func compare(_ candidates: [Candidate], main: ResultName) -> EvaluationFile.Slice {
    let named = candidates.map { ($0.name.rawValue, result(of: $0.predictions, labels: $0.labels)) }
    let first = candidates.first { $0.name == main }
    let others = candidates.filter { $0.name != main }.sorted { $0.name < $1.name }
    return EvaluationFile.Slice(
      testItems: split.items.count, results: Dictionary(uniqueKeysWithValues: named),
      differences: first.map { first in others.map { difference(of: first, against: $0) } } ?? [])
  }
}
