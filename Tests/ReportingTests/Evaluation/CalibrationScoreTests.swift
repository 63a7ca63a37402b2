import Evaluation
import Foundation
import TestSupport
import Testing

@Suite struct CalibrationScoreTests {
  private typealias Sample = CalibrationSample

  private static func split(_ answers: [StudentCalibration.Answer], labels: [String]) -> TestSplit {
    TestSplit(
      items: answers.map { .init(id: $0.id, label: $0.truth, group: $0.group) }, labels: labels, positive: nil)
  }

  private static func predictions(_ answers: [StudentCalibration.Answer]) -> [Prediction] {
    answers.map { answer in
      let likeliest = answer.probabilities.max { ($0.value, $1.key) < ($1.value, $0.key) }
      return Prediction(itemID: answer.id, label: likeliest?.key, probabilities: answer.probabilities)
    }
  }

  /// scikit-learn 1.9.1: log_loss, the mean of squared distances summed over labels; NumPy: ECE bin by bin.
  @Test func `figures are those of scikit-learn`() throws {
    let score = try #require(
      CalibrationScore(
        of: Self.predictions(Sample.sixty), on: Self.split(Sample.sixty, labels: Sample.labels), resamples: 200, seed: 1
      ))
    #expect(score.items == 60)
    #expect(abs(score.logLoss - 0.6499150028341497) < 1e-12)
    #expect(abs(score.brier - 0.27187605903971274) < 1e-12)
    #expect(abs(score.expectedCalibrationError - 0.12236570957424271) < 1e-12)
    #expect(score.logLossInterval.low < score.logLoss && score.logLoss < score.logLossInterval.high)
    #expect(score.brierInterval.low < score.brier && score.brier < score.brierInterval.high)
  }

  @Test func `items without probabilities are in no figure`() throws {
    let split = Self.split(Sample.sixty, labels: Sample.labels)
    var predictions = Self.predictions(Sample.sixty)
    predictions[0].probabilities = [:]
    #expect(CalibrationScore(of: predictions, on: split, resamples: 0, seed: 1)?.items == 59)
    let silent = predictions.map { Prediction(itemID: $0.itemID, label: $0.label) }
    #expect(CalibrationScore(of: silent, on: split, resamples: 0, seed: 1) == nil)
  }

  /// The naive way: draw groups, gather their items, score those as a split of their own.
  @Test func `intervals are those of scoring resamples of whole groups`() throws {
    let answers = Sample.answers(240, sharpness: 2, labels: Sample.labels, seed: 21).enumerated().map { index, answer in
      var answer = answer
      answer.group = "\(index / 4)"
      return answer
    }
    let score = try #require(
      CalibrationScore(
        of: Self.predictions(answers), on: Self.split(answers, labels: Sample.labels), resamples: 2_000, seed: 3))
    var generator = FixedGenerator(seed: 0x1234_5678_9ABC)
    var (errors, losses): ([Double], [Double]) = ([], [])
    for _ in 0..<500 {
      let drawn = (0..<60).flatMap { draw in
        let group = Int.random(in: 0..<60, using: &generator)
        return answers[group * 4..<group * 4 + 4].map { answer in
          var answer = answer
          answer.id += " \(draw)"
          return answer
        }
      }
      let own = CalibrationScore(
        of: Self.predictions(drawn), on: Self.split(drawn, labels: Sample.labels), resamples: 0, seed: 1)
      errors.append(own?.expectedCalibrationError ?? 0)
      losses.append(own?.logLoss ?? 0)
    }
    // Four standard errors of a quantile at 500 and 2,000 draws: about 0.45 of a standard deviation.
    for (values, interval) in [(errors, score.errorInterval), (losses, score.logLossInterval)] {
      let sorted = values.sorted()
      let mean = values.reduce(0, +) / 500
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 499).squareRoot()
      #expect(abs(GroupBootstrap.quantile(0.025, of: sorted) - interval.low) < 0.45 * deviation)
      #expect(abs(GroupBootstrap.quantile(0.975, of: sorted) - interval.high) < 0.45 * deviation)
    }
  }

  /// 400 answers of 0.8: their error is |S / 400 - 0.8| where S is binomial, with a deviation of 0.02. The normal law has 2.5 % of
  /// the distances below 0.03 deviations and 2.5 % above 2.24; those of S lie on steps of 1/400.
  @Test func `an error by chance is that of true confidences`() throws {
    let answers = (0..<400).map {
      StudentCalibration.Answer(
        id: "\($0)", group: "\($0)", probabilities: ["a": 0.8, "b": 0.2], truth: $0 % 2 == 0 ? "a" : "b")
    }
    let score = try #require(
      CalibrationScore(
        of: Self.predictions(answers), on: Self.split(answers, labels: ["a", "b"]), resamples: 4_000, seed: 2))
    let chance = try #require(score.errorByChance)
    #expect(abs(chance.low) <= 0.0025 && abs(chance.high - 2.2414 * 0.02) < 0.003)
    // Half of them are right: no chance.
    #expect(score.expectedCalibrationError > chance.high)
    let turned = CalibrationScore(
      of: Self.predictions(answers), on: Self.split(answers.reversed(), labels: ["a", "b"]), resamples: 4_000, seed: 2)
    #expect(turned?.errorByChance == chance)
  }

  @Test func `the error of true probabilities lies within chance, that of a student who is too sure does not`() throws {
    var within = 0
    for seed in UInt64(0)..<20 {
      for sharpness in [1.0, 3] {
        let answers = Sample.answers(500, sharpness: sharpness, labels: Sample.labels, seed: 5_000 + seed)
        let score = try #require(
          CalibrationScore(
            of: Self.predictions(answers), on: Self.split(answers, labels: Sample.labels), resamples: 500, seed: 1))
        let chance = try #require(score.errorByChance)
        if sharpness == 1 { within += score.expectedCalibrationError <= chance.high ? 1 : 0 }
        if sharpness == 3 { #expect(score.expectedCalibrationError > chance.high) }
      }
    }
    // 19.5 of 20 are to be expected; 16 or fewer have a chance of 1 in 1,000.
    #expect(within >= 17)
  }

  /// A student whose log-odds are three times the true ones, 300 labels, 2,000 other items.
  @Test func `the calibration error of a student that is too sure is halved, over ten seeds`() throws {
    for seed in UInt64(0)..<10 {
      let known = Sample.answers(300, sharpness: 3, labels: Sample.labels, seed: 3_000 + seed)
      let fresh = Sample.answers(2_000, sharpness: 3, labels: Sample.labels, seed: 4_000 + seed)
      let calibration = StudentCalibration(known, labels: Sample.labels, source: "dev")
      let split = Self.split(fresh, labels: Sample.labels)
      var generator = FixedGenerator(seed: 5)
      let evaluator = Evaluator(split: split, resamples: 50, using: &generator)
      let result = try #require(evaluator.calibration(of: Self.predictions(fresh), by: calibration))
      let after = try #require(result.after)
      #expect(after.expectedCalibrationError < max(0.03, result.before.expectedCalibrationError / 2))
      #expect(after.logLoss < result.before.logLoss && after.brier < result.before.brier)
      #expect(result.result == "two_stage" && result.answers == 300 && result.source == "dev")
    }
  }

  @Test func `without a calibration there is nothing after`() throws {
    var generator = FixedGenerator(seed: 5)
    let split = Self.split(Sample.sixty, labels: Sample.labels)
    let evaluator = Evaluator(split: split, resamples: 0, using: &generator)
    let none = try #require(evaluator.calibration(of: Self.predictions(Sample.sixty), by: nil))
    #expect(none.after == nil && none.method == nil && none.reason == nil)
    let identity = StudentCalibration(labels: Sample.labels, mapping: .identity, answers: 3, reason: "too few")
    let kept = try #require(evaluator.calibration(of: Self.predictions(Sample.sixty), by: identity))
    #expect(kept.after == nil && kept.method == .identity && kept.reason == "too few")
  }

  /// Level parts of isotonic functions make labels equally probable: the label stays the student's.
  @Test func `labels that calibration makes equal keep their order`() {
    let calibration = StudentCalibration(
      labels: ["a", "b"], mapping: .vector(weights: ["a": 0, "b": 0], biases: ["a": 0, "b": 0]))
    let prediction = Prediction(itemID: "1", label: "b", probabilities: ["a": 0.4, "b": 0.6])
    let calibrated = prediction.calibrated(by: calibration)
    #expect(calibrated.label == "b" && calibrated.probabilities == ["a": 0.5, "b": 0.5])
    let moved = StudentCalibration(
      labels: ["a", "b"], mapping: .vector(weights: ["a": 1, "b": 1], biases: ["a": 1, "b": 0]))
    #expect(prediction.calibrated(by: moved).label == "a")
    #expect(Prediction(itemID: "1", label: nil).calibrated(by: moved) == Prediction(itemID: "1", label: nil))
  }
}
