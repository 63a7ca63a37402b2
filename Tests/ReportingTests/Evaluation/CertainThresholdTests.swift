import Evaluation
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct CertainThresholdTests {
  /// SciPy 1.17.1: beta.ppf(0.05, k, n - k + 1) for k right of n.
  @Test(arguments: [(59, 59, 0.9504923901), (200, 205, 0.9494040171), (95, 100, 0.8977466224)])
  func `the bound is Clopper and Pearson's`(_ right: Int, _ count: Int, _ bound: Double) throws {
    // All of one confidence: there is one threshold.
    let found = try CertainThreshold(
      precision: 0.85, certainty: 0.95, confidences: [Double](repeating: 0.9, count: count),
      correct: (0..<count).map { $0 < right })
    #expect(abs(found.bound - bound) < 1e-9)
    #expect(found.accepted == count && found.right == right && found.confidence == 0.9 && found.share == 1)
  }

  /// 0.95^58 = 0.0511 and 0.95^59 = 0.0485.
  @Test func `fewer answers than can prove anything are refused with the number that can`() {
    func failure(_ count: Int) -> CertainThreshold.Failure? {
      do throws(CertainThreshold.Failure) {
        _ = try CertainThreshold(
          precision: 0.95, certainty: 0.95, confidences: [Double](repeating: 1, count: count),
          correct: [Bool](repeating: true, count: count))
        return nil
      } catch { return error }
    }
    #expect(failure(58) == .tooFew(answers: 58, needed: 59))
    #expect(failure(59) == nil)
    #expect(failure(0) == .tooFew(answers: 0, needed: 59))
  }

  /// 80 of the 100 surest are right, of the others half, and 75 % are wanted with 95 %. With SciPy 1.17.1: 2,304 answers have room
  /// for 8 starts, of which the seventh takes 18 · 2⁶ = 1,152 answers, half of all; there binom.sf(900, 1152, 0.75) = 0.0060 is
  /// below 0.05 / 8, and binom.sf(900, 1152, 0.8) = 0.9387.
  @Test func `a precision that is there and not shown is refused with how many labels would show it`() {
    let confidences = (0..<200).map { $0 < 100 ? 0.9 : 0.6 }
    let correct = (0..<200).map { $0 < 100 ? $0 % 5 != 0 : $0 % 2 == 0 }
    #expect(throws: CertainThreshold.Failure.notShown(answers: 200, accepted: 100, right: 80, needed: 2_304)) {
      try CertainThreshold(precision: 0.75, certainty: 0.95, confidences: confidences, correct: correct)
    }
  }

  /// Of 100 answers the surer half is right with 90 %, the others with 50 %; 80 % are wanted with 90 %. By drawing anew.
  @Test func `as many labels as are said to show it do so in four cases of five, and half as many do not`() throws {
    var needed = 0
    do throws(CertainThreshold.Failure) {
      _ = try CertainThreshold(
        precision: 0.8, certainty: 0.9, confidences: (0..<100).map { 1 - Double($0) / 100 },
        correct: (0..<100).map { $0 < 50 ? $0 % 10 != 2 : $0 % 2 == 1 })
    } catch {
      guard case .notShown(_, let accepted, let right, let labels?) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(accepted == 50 && right == 45)
      needed = labels
    }
    // As SciPy and a simulation with NumPy have it: 136 of 272 are accepted, of which 119 must be right.
    #expect(needed == 272)
    func shown(_ count: Int) -> Double {
      var generator = FixedGenerator(seed: UInt64(count))
      let found = (0..<400).count { _ in
        let isSure = (0..<count).map { _ in Bool.random(using: &generator) }
        let confidences = isSure.map {
          Double.random(in: $0 ? 0.8..<1 : 0..<0.8, using: &generator)
        }
        let correct = isSure.map { Double.random(in: 0..<1, using: &generator) < ($0 ? 0.9 : 0.5) }
        return
          (try? CertainThreshold(precision: 0.8, certainty: 0.9, confidences: confidences, correct: correct)) != nil
      }
      return Double(found) / 400
    }
    // Less three standard deviations of a share over 400 draws (0.02 each).
    #expect(shown(needed) >= 0.8 - 0.06)
    #expect(shown(needed / 2) < 0.8 - 0.06)
  }

  @Test func `a precision that is nowhere is refused as such`() {
    let failure = CertainThreshold.Failure.notShown(answers: 200, accepted: 100, right: 80, needed: nil)
    #expect(throws: failure) {
      try CertainThreshold(
        precision: 0.95, certainty: 0.95, confidences: (0..<200).map { $0 < 100 ? 0.9 : 0.6 },
        correct: (0..<200).map { $0 < 100 ? $0 % 5 != 0 : $0 % 2 == 0 })
    }
    #expect(failure.description.contains("80 of the 100 surest are right, so no number of labels will show it"))
  }

  /// The surest 100 are all right, the next 100 half: the sequence ends long before the 200th, although a single look at
  /// 400 answers with 97 % right would pass at the end.
  @Test func `no threshold behind the first that fails is taken`() throws {
    let confidences = (0..<200).map { 1 - Double($0) / 1_000 }
    let correct = (0..<200).map { $0 < 100 || $0 % 2 == 0 }
    let found = try CertainThreshold(
      precision: 0.9, certainty: 0.95, confidences: confidences, correct: correct)
    #expect(found.accepted >= 100 && found.accepted < 120)
    #expect(found.bound >= 0.9)
  }

  @Test func `the order of answers does not matter`() throws {
    let answers = CertainThresholdTests.judged(CalibrationSample.answers(400, sharpness: 2, spread: 3, seed: 11))
    let one = try CertainThreshold(
      precision: 0.9, certainty: 0.9, confidences: answers.confidences, correct: answers.correct)
    let other = try CertainThreshold(
      precision: 0.9, certainty: 0.9, confidences: answers.confidences.reversed(), correct: answers.correct.reversed())
    #expect(one == other)
  }

  /// A student whose log-odds are twice the true ones: one stated as c is right with the probability that half its log-odds
  /// give. The true precision of a threshold is the mean of that over 20,000 other answers.
  @Test func `the precision holds as often as the certainty says, over 200 seeds`() throws {
    let others = CalibrationSample.answers(20_000, sharpness: 2, spread: 3, seed: 1_000)
      .map { Self.confidence($0) }.sorted(by: >)
    var sums = [0.0]
    for confidence in others { sums.append((sums.last ?? 0) + 1 / (1 + exp(-log(confidence / (1 - confidence)) / 2))) }
    func truePrecision(from confidence: Double) -> Double {
      let accepted = others.count { $0 >= confidence }
      return accepted == 0 ? 1 : sums[accepted] / Double(accepted)
    }
    var (found, held, pointHeld, shares) = (0, 0, 0, 0.0)
    for seed in 0..<200 {
      let answers = Self.judged(
        CalibrationSample.answers(400, sharpness: 2, spread: 3, seed: UInt64(2_000 + seed)))
      if let point = PrecisionThreshold(0.95, confidences: answers.confidences, correct: answers.correct) {
        pointHeld += truePrecision(from: point.confidence) >= 0.95 ? 1 : 0
      }
      guard
        let threshold = try? CertainThreshold(
          precision: 0.95, certainty: 0.9, confidences: answers.confidences, correct: answers.correct)
      else { continue }
      found += 1
      held += truePrecision(from: threshold.confidence) >= 0.95 ? 1 : 0
      shares += threshold.share
    }
    // 90 %, less three standard deviations of a share over 200 seeds (0.021 each).
    #expect(found >= 190 && Double(held) / Double(found) >= 0.9 - 0.064)
    // The threshold that is best on the answers themselves holds about as often as not.
    #expect(pointHeld < 150)
    // It is no empty promise: it accepts more than a third, where about 0.7 could be accepted.
    #expect(shares / Double(found) > 0.33)
  }

  private static func confidence(_ answer: StudentCalibration.Answer) -> Double {
    answer.probabilities.values.max() ?? 0
  }

  private static func judged(_ answers: [StudentCalibration.Answer]) -> (confidences: [Double], correct: [Bool]) {
    (answers.map(confidence), answers.map { $0.probabilities[$0.truth] == confidence($0) })
  }
}
