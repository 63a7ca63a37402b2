import Evaluation
import Foundation
import TestSupport

/// Answers of made-up students.
enum CalibrationSample {
  static let labels = ["a", "b", "c"]

  /// 60 answers of an overconfident student, by a formula that scikit-learn and SciPy were given too. The student is right
  /// on 50 of them.
  static let sixty: [StudentCalibration.Answer] = (0..<60).map { i in
    let logits = (0..<3).map { k in sin(1.7 * Double(i) + Double(k) * 2.1) * 3 + ((i * 7 + k * k) % 3 == 0 ? 2.5 : 0) }
    let weights = logits.map { exp($0) }
    let sum = weights[0] + weights[1] + weights[2]
    let likeliest = logits.indices.max { logits[$0] < logits[$1] } ?? 0
    return .init(
      id: "\(100 + i)", group: "\(i)",
      probabilities: Dictionary(uniqueKeysWithValues: zip(labels, weights.map { $0 / sum })),
      truth: labels[i % 4 == 0 ? (i * 5 + i / 7) % 3 : likeliest])
  }

  /// Answers whose true probabilities are known: logits are normal, the truth is drawn from their softmax, and the student
  /// states the softmax of logits that are `sharpness` times as large.
  static func answers(
    _ count: Int, sharpness: Double, labels: [String] = ["a", "b"], spread: Double = 1.5, seed: UInt64
  ) -> [StudentCalibration.Answer] {
    var generator = FixedGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15)
    return (0..<count).map { index in
      let logits = labels.map { _ in spread * normal(&generator) }
      let truth = softmax(logits)
      var draw = Double.random(in: 0..<1, using: &generator)
      var place = 0
      while place + 1 < truth.count, draw >= truth[place] {
        draw -= truth[place]
        place += 1
      }
      return .init(
        id: "\(10_000 + index)", group: "\(index)",
        probabilities: Dictionary(uniqueKeysWithValues: zip(labels, softmax(logits.map { $0 * sharpness }))),
        truth: labels[place])
    }
  }

  static func softmax(_ logits: [Double]) -> [Double] {
    let highest = logits.max() ?? 0
    let weights = logits.map { exp($0 - highest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Box and Muller's.
  private static func normal(_ generator: inout FixedGenerator) -> Double {
    let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator))).squareRoot()
    return radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &generator))
  }
}
