internal import Foundation
public import TeacherProtocol

/// A student's prediction for an item: what the loop learns from and asks again by.
///
/// `Prediction` of Evaluation is another concept: a row of a file, what any voter says of a named item, a label or spans in
/// words with probabilities by label, or why it was not asked. This one is a ``TaskAnswer`` with numbers by class, from which
/// ``margin`` follows, and of spans two numbers that belong to no label. A finished run writes the one from the other.
public struct StudentPrediction: Sendable, Equatable {
  /// Its answer.
  public var answer: TaskAnswer
  /// The probability of each class, in the task's order. For spans the mean probabilities of the two best tags of each
  /// token, which say how narrowly it decided.
  public var probabilities: [Double]
  /// Whether another class is exactly as probable as that of the answer.
  package var isTied: Bool

  /// A prediction.
  public init(answer: TaskAnswer, probabilities: [Double]) {
    self.answer = answer
    self.probabilities = probabilities
    let most = probabilities.max()
    isTied = if case .label = answer { probabilities.count { $0 == most } > 1 } else { false }
  }

  /// The answer as it is given to others and scored: none where several classes are equally probable, so that the order of the
  /// classes decides nothing. The rounds compare ``answer``, the first of them.
  package var decided: TaskAnswer? { isTied ? nil : answer }

  /// Distance of the two largest probabilities, 0...1: small for a borderline case.
  public var margin: Double {
    let sorted = probabilities.sorted(by: >)
    return sorted.count < 2 ? sorted.first ?? 0 : sorted[0] - sorted[1]
  }

  /// The largest probability, 0...1.
  public var confidence: Double { probabilities.max() ?? 0 }
}

/// An item that the teacher has labelled, with the student's prediction before it learned that label.
public struct StudentCase: Sendable, Equatable {
  /// The item.
  public var item: Item
  /// The teacher's answer.
  public var answer: TaskAnswer
  /// How sure the teacher is, 0...1, after calibration.
  public var sureness: Double
  /// The student's prediction.
  public var prediction: StudentPrediction

  /// A case.
  public init(item: Item, answer: TaskAnswer, sureness: Double, prediction: StudentPrediction) {
    self.item = item
    self.answer = answer
    self.sureness = sureness
    self.prediction = prediction
  }
}

/// Picks borderline cases by the student's predictions for newly labelled items.
///
/// ```swift
/// struct Everything: StudentCheck {
///   func borderline(among cases: [StudentCase]) -> [StudentCase] { cases }
/// }
/// ```
public protocol StudentCheck: Sendable {
  /// The borderline cases, the most telling first.
  func borderline(among cases: [StudentCase]) -> [StudentCase]
}

/// No case is borderline: the baseline without a student checker.
package struct NoStudentCheck: StudentCheck {
  package init() {}
  /// None.
  package func borderline(among cases: [StudentCase]) -> [StudentCase] { [] }
}

/// Cases between whose two best classes the student hardly decides.
public struct MarginCheck: StudentCheck {
  /// Margins below it are borderline, 0...1. The default is 0.2.
  package var threshold: Double
  /// A check.
  public init(threshold: Double = 0.2) { self.threshold = threshold }
  /// Cases of small margin, the smallest first.
  public func borderline(among cases: [StudentCase]) -> [StudentCase] {
    cases.filter { $0.prediction.margin < threshold }.sorted {
      ($0.prediction.margin, $0.item.id) < ($1.prediction.margin, $1.item.id)
    }
  }
}

/// Cases on which the student's probabilities are spread out.
public struct EntropyCheck: StudentCheck {
  /// Entropies above it are borderline, as a share of the largest possible one, 0...1. The default is 0.8.
  package var threshold: Double
  /// A check.
  public init(threshold: Double = 0.8) { self.threshold = threshold }
  /// Cases of large entropy, the largest first.
  public func borderline(among cases: [StudentCase]) -> [StudentCase] {
    let scored = cases.map { ($0, Self.entropy(of: $0.prediction.probabilities)) }
    return scored.filter { $0.1 > threshold }.sorted { ($1.1, $0.0.item.id) < ($0.1, $1.0.item.id) }.map(\.0)
  }

  private static func entropy(of probabilities: [Double]) -> Double {
    let total = probabilities.reduce(0, +)
    guard probabilities.count > 1, total > 0 else { return 0 }
    let nats = probabilities.reduce(0.0) { sum, p in p > 0 ? sum - p / total * log(p / total) : sum }
    return nats / log(Double(probabilities.count))
  }
}

/// Cases that the student answers otherwise than the teacher, and where the teacher itself is sure: the student has not
/// understood them yet, and the template may say too little.
public struct DisagreementCheck: StudentCheck {
  /// Least sureness of the teacher, 0...1. The default is 0.5.
  package var minimumConfidence: Double
  /// A check.
  public init(minimumConfidence: Double = 0.5) { self.minimumConfidence = minimumConfidence }
  /// Cases of disagreement, the teacher's surest first.
  public func borderline(among cases: [StudentCase]) -> [StudentCase] {
    cases.filter { $0.prediction.answer != $0.answer && $0.sureness >= minimumConfidence }
      .sorted { ($1.sureness, $0.item.id) < ($0.sureness, $1.item.id) }
  }
}
