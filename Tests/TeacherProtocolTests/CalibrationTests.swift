import Foundation
import TeacherProtocol
import Testing

@Suite struct CalibrationTests {
  /// Answers that are right as often as a curve says at their confidence: 20 at each of 50 confidences.
  static func answers(_ curve: (Double) -> Double) -> (confidences: [Double], correct: [Bool]) {
    var (confidences, correct) = ([Double](), [Bool]())
    for step in 0..<50 {
      let confidence = 0.5 + Double(step) / 100
      let right = Int((20 * curve(confidence)).rounded())
      for answer in 0..<20 {
        confidences.append(confidence)
        correct.append(answer < right)
      }
    }
    return (confidences, correct)
  }

  /// What is wrong with a calibration that was kept.
  private static func fault<Calibration: Decodable>(_ text: String, _ kind: Calibration.Type) -> String? {
    do {
      _ = try JSONDecoder().decode(Calibration.self, from: Data(text.utf8))
      return nil
    } catch DecodingError.dataCorrupted(let context) {
      return "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
    } catch {
      return "\(error)"
    }
  }

  /// As they were read before, these divide by nothing, fall, or trap where they are asked.
  @Test func `what damaged files keep of calibrations is refused by its field`() throws {
    func points(_ corners: (Double, Double)...) -> String {
      let corners = corners.map { #"{"confidence": \#($0.0), "probability": \#($0.1)}"# }.joined(separator: ", ")
      return #"{"points": [\#(corners)]}"#
    }
    let rising = "points: expected points from 0 to 1 that rise"
    #expect(Self.fault(points((0.2, 0.1), (0.8, 0.9)), IsotonicCalibration.self) == nil)
    #expect(Self.fault(points((0.2, 0.1), (0.2, 0.9)), IsotonicCalibration.self) == rising)
    #expect(Self.fault(points((0.2, 0.5), (0.8, 0.4)), IsotonicCalibration.self) == rising)
    #expect(Self.fault(points((0.2, 0.5), (1.2, 0.6)), IsotonicCalibration.self) == rising)
    #expect(Self.fault(points((0.2, -0.5)), IsotonicCalibration.self) == rising)
    let above = "temperature: expected a number above 0"
    #expect(Self.fault(#"{"temperature": 2}"#, TemperatureCalibration.self) == nil)
    #expect(Self.fault(#"{"temperature": 0}"#, TemperatureCalibration.self) == above)
    #expect(Self.fault(#"{"temperature": -1}"#, TemperatureCalibration.self) == above)
    #expect(Self.fault(#"{"slope": 1, "shift": 0.5}"#, LogisticCalibration.self) == nil)
    let slope = "slope: expected a number of 0 or more"
    #expect(Self.fault(#"{"slope": -1, "shift": 0.5}"#, LogisticCalibration.self) == slope)
    // What is written is read again.
    let learned = IsotonicCalibration(confidences: [0.8, 0.4, 0.2, 0.6], correct: [true, true, false, false])
    let again = try JSONDecoder().decode(IsotonicCalibration.self, from: JSONEncoder().encode(learned))
    #expect(again == learned)
  }

  @Test func `neighbours that go down are pooled to their mean`() {
    // 0.2 wrong, 0.4 right, 0.6 wrong, 0.8 right: 0.4 and 0.6 pool to one half.
    let calibration = IsotonicCalibration(
      confidences: [0.8, 0.4, 0.2, 0.6], correct: [true, true, false, false])
    #expect(calibration.points.map(\.confidence) == [0.2, 0.4, 0.6, 0.8])
    #expect(calibration.points.map(\.probability) == [0, 0.5, 0.5, 1])
    #expect(calibration.calibrated(0) == 0)
    #expect(abs(calibration.calibrated(0.3) - 0.25) < 1e-12)
    #expect(calibration.calibrated(0.5) == 0.5)
    #expect(abs(calibration.calibrated(0.7) - 0.75) < 1e-12)
    #expect(calibration.calibrated(1) == 1)
  }

  @Test func `equal confidences share one probability whatever their order`() {
    let (a, b) = ([true, false, false, true], [false, true, true, false])
    let confidences = [0.9, 0.9, 0.9, 0.9]
    #expect(
      IsotonicCalibration(confidences: confidences, correct: a)
        == IsotonicCalibration(confidences: confidences, correct: b))
    #expect(IsotonicCalibration(confidences: confidences, correct: a).calibrated(0.3) == 0.5)
  }

  @Test func `an answer with a weight of 2 is as two answers`() {
    let (confidences, correct) = ([0.8, 0.4, 0.2, 0.6, 0.9], [true, true, false, false, false])
    let weighted = IsotonicCalibration(confidences: confidences, correct: correct, weights: [2, 1, 1, 2, 1])
    #expect(weighted == IsotonicCalibration(confidences: confidences + [0.8, 0.6], correct: correct + [true, false]))
    let distributions = confidences.map { [$0, 1 - $0] }
    let targets = correct.map { $0 ? [1.0, 0] : [0, 1] }
    let one = TemperatureCalibration(distributions: distributions, targets: targets, weights: [2, 1, 1, 2, 1])
    let other = TemperatureCalibration(confidences: confidences + [0.8, 0.6], correct: correct + [true, false])
    #expect(abs(one.temperature - other.temperature) < 1e-9)
  }

  @Test func `without answers nothing changes`() {
    #expect(IsotonicCalibration(confidences: [], correct: []).calibrated(0.7) == 0.7)
    #expect(abs(TemperatureCalibration(confidences: [], correct: []).calibrated(0.7) - 0.7) < 1e-12)
    #expect(TemperatureCalibration(confidences: [0.5, 0.5], correct: [true, false]).temperature == 1)
  }

  @Test func `both mend a teacher that is too sure of itself`() {
    // Log-odds of being right are half of those stated.
    func worth(_ confidence: Double) -> Double { 1 / (1 + exp(-0.5 * log(confidence / (1 - confidence)))) }
    let (confidences, correct) = Self.answers(worth)
    let before = Reliability(confidences: confidences, correct: correct).expectedCalibrationError
    let temperature = TemperatureCalibration(confidences: confidences, correct: correct)
    let isotonic = IsotonicCalibration(confidences: confidences, correct: correct)
    #expect(abs(temperature.temperature - 2) < 0.1)
    #expect(before > 0.08)
    for calibration in [temperature, isotonic] as [any ConfidenceCalibration] {
      let after = Reliability(confidences: confidences.map { calibration.calibrated($0) }, correct: correct)
      #expect(after.expectedCalibrationError < 0.02)
      #expect(abs(calibration.calibrated(0.9) - worth(0.9)) < 0.04)
    }
  }

  @Test func `a temperature of a distribution keeps the order of its labels and sums to one`() {
    let calibration = TemperatureCalibration(temperature: 4)
    let distribution = calibration.calibrated([0.7, 0.2, 0.1, 0])
    #expect(abs(distribution.reduce(0, +) - 1) < 1e-12)
    #expect(distribution == distribution.sorted(by: >))
    #expect(distribution[0] < 0.7 && distribution[3] > 0)
    // Two sure answers, one of them wrong: the likeliest temperature leaves nothing of the certainty.
    let undone = TemperatureCalibration(distributions: [[0.99, 0.01], [0.99, 0.01]], truths: [0, 1])
    #expect(abs(undone.calibrated([0.99, 0.01])[0] - 0.5) < 0.02)
  }

  @Test func `a calibrated confidence keeps its source`() {
    let confidence = Confidence(0.9, source: .verbalised).calibrated(by: TemperatureCalibration(temperature: 1e2))
    #expect(confidence.source == .verbalised)
    #expect(abs(confidence.value - 0.5) < 0.01)
  }

  @Test func `calibrations are kept as JSON`() throws {
    let isotonic = IsotonicCalibration(confidences: [0.2, 0.8], correct: [false, true])
    #expect(
      try JSONDecoder().decode(IsotonicCalibration.self, from: JSONEncoder().encode(isotonic)) == isotonic)
  }

  @Test func `the threshold accepts as many answers as the wanted precision allows`() throws {
    // From above: right, right, wrong, right, wrong. Precision 1, 1, 2/3, 3/4, 3/5.
    let confidences = [0.5, 0.9, 0.8, 0.7, 0.6]
    let correct = [false, true, true, false, true]
    let strict = try #require(PrecisionThreshold(1, confidences: confidences, correct: correct))
    #expect((strict.confidence, strict.accepted, strict.precision) == (0.8, 2, 1))
    let lax = try #require(PrecisionThreshold(0.75, confidences: confidences, correct: correct))
    #expect((lax.confidence, lax.accepted, lax.share, lax.precision) == (0.6, 4, 0.8, 0.75))
    #expect(PrecisionThreshold(0.95, confidences: confidences, correct: correct, minimum: 3) == nil)
    #expect(PrecisionThreshold(0.5, confidences: [], correct: []) == nil)
    #expect(PrecisionThreshold(1, confidences: [0.9, 0.9], correct: [true, false]) == nil)
  }
}
