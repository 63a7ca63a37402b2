import Foundation
import TeacherProtocol
import Testing

@Suite struct EvidenceCalibrationTests {
  private static func known(_ confidence: Double, right: Int, wrong: Int) -> [EvidenceCalibration.Known] {
    (0..<right + wrong).map { .init(confidence: confidence, isRight: $0 < right) }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// The mean of |calibrated - truth| over everything that so many labels may say.
  private static func meanError(labels: Int, stated: Double, truth: Double) -> Double {
    (0...labels).reduce(0) { sum, right in
      let calibration = EvidenceCalibration(known: known(stated, right: right, wrong: labels - right))
      return sum + chance(of: right, among: labels, truth) * abs(calibration.calibrated(stated) - truth)
    }
  }

  /// The probability of so many right ones, by the binomial distribution.
  private static func chance(of right: Int, among labels: Int, _ truth: Double) -> Double {
    var chance = pow(truth, Double(right)) * pow(1 - truth, Double(labels - right))
    for place in 0..<right { chance *= Double(labels - place) / Double(place + 1) }
    return chance
  }

  @Test(arguments: [(3, 7), (10, 0), (5, 5), (18, 2)])
  func `the shift is the mean over priors by their evidence`(right: Int, wrong: Int) {
    // Log-odds of 0.5 are 0, so the slope does not matter: the shift b of a prior of width w solves k - n s(b) = b / w².
    let (k, n) = (Double(right), Double(right + wrong))
    var (sum, all) = (0.0, 0.0)
    for width in [0.1, 0.3, 1, 2] {
      var (low, high) = (-20.0, 20.0)
      for _ in 0..<200 {
        let middle = (low + high) / 2
        if k - n * Self.sigmoid(middle) > middle / (width * width) { low = middle } else { high = middle }
      }
      let p = Self.sigmoid(low)
      let evidence =
        pow(p, k) * pow(1 - p, n - k) * exp(-low * low / (2 * width * width)) / width
        / (n * p * (1 - p) + 1 / (width * width)).squareRoot()
      (sum, all) = (sum + evidence * low, all + evidence)
    }
    let calibration = EvidenceCalibration(known: Self.known(0.5, right: right, wrong: wrong))
    #expect(abs(calibration.shift - sum / all) < 1e-9)
    #expect(abs(calibration.calibrated(0.5) - Self.sigmoid(sum / all)) < 1e-9)
  }

  @Test func `without a known truth every confidence stays and a turned order becomes level`() {
    let others = [EvidenceCalibration.Answer(confidence: 0.9, isGivenUp: true)]
    for value in [0.2, 0.7, 0.95] {
      #expect(abs(EvidenceCalibration(known: [], others: others).calibrated(value) - value) < 1e-12)
    }
    let turned = EvidenceCalibration(
      known: Self.known(0.95, right: 0, wrong: 200) + Self.known(0.05, right: 200, wrong: 0))
    #expect(turned.slope == 0 && abs(turned.calibrated(0.9) - 0.5) < 1e-6)
    for value in [0.0, 1] { #expect((0...1).contains(turned.calibrated(value))) }
  }

  @Test func `the order of the answers changes no bit`() {
    let known = Self.known(0.9, right: 7, wrong: 4) + Self.known(0.6, right: 3, wrong: 3)
    let others = (0..<30).map { EvidenceCalibration.Answer(confidence: Double($0) / 30, isGivenUp: $0 % 3 == 0) }
    #expect(
      EvidenceCalibration(known: known, others: others)
        == EvidenceCalibration(known: known.reversed(), others: others.reversed()))
  }

  @Test func `twenty labels halve an error of a quarter and hardly touch what is stated rightly`() {
    #expect(Self.meanError(labels: 20, stated: 0.9, truth: 0.65) < 0.5 * 0.25)
    #expect(Self.meanError(labels: 10, stated: 0.95, truth: 0.55) < 0.5 * 0.4)
    // The share of right answers among twenty would be off by 0.077 in the mean.
    #expect(Self.meanError(labels: 20, stated: 0.75, truth: 0.75) < 0.05)
  }

  @Test func `ten labels cannot show an error of a tenth`() {
    // Whoever goes by the labels alone is off by 0.112 in the mean, E|k/10 - 0.7|; whoever doubts them learns little.
    let share = (0...10).reduce(0.0) { sum, right in
      sum + Self.chance(of: right, among: 10, 0.7) * abs(Double(right) / 10 - 0.7)
    }
    #expect(abs(share - 0.1121) < 1e-4)
    let calibrated = Self.meanError(labels: 10, stated: 0.6, truth: 0.7)
    #expect((0.5 * 0.1...0.1).contains(calibrated))
  }

  @Test func `answers that were given up tell of those without a known truth`() {
    // Of twenty known answers four were given up and wrong, of the kept ones fifteen of sixteen are right.
    let known =
      Self.known(0.9, right: 15, wrong: 1)
      + (0..<4).map { _ in EvidenceCalibration.Known(confidence: 0.9, isGivenUp: true, isRight: false) }
    func calibrated(givenUp: Int) -> Double {
      let others = (0..<1000).map { EvidenceCalibration.Answer(confidence: 0.9, isGivenUp: $0 < givenUp) }
      return EvidenceCalibration(known: known, others: others).calibrated(0.9)
    }
    // Half of the others given up: hardly more than half are right, whatever the few known ones say.
    #expect((0.4...0.6).contains(calibrated(givenUp: 500)))
    #expect(calibrated(givenUp: 0) > 0.85)
    #expect(calibrated(givenUp: 200) < calibrated(givenUp: 100))
  }

  @Test func `what is given up as often as on the pool leaves a rightly stated confidence alone`() {
    // Stated 0.7, and fourteen of twenty are right; four of the six wrong ones are given up, a fifth of all, here and there.
    let known =
      Self.known(0.7, right: 14, wrong: 2)
      + (0..<4).map { _ in EvidenceCalibration.Known(confidence: 0.7, isGivenUp: true, isRight: false) }
    let others = (0..<1000).map { EvidenceCalibration.Answer(confidence: 0.7, isGivenUp: $0 < 200) }
    #expect(abs(EvidenceCalibration(known: known, others: others).calibrated(0.7) - 0.7) < 0.02)
  }
}
