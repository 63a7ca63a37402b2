internal import Foundation
package import TeacherProtocol
internal import Wording

/// How a student's label probabilities become calibrated ones: probabilities that mean how often such answers are right.
///
/// ```swift
/// let calibration = try StudentCalibration(contentsOf: run.appending(path: "calibration.json"))
/// calibration.calibrated(["ham": 0.99, "spam": 0.01])  // ["ham": 0.86, "spam": 0.14]
/// ```
///
/// It is learned from answers of the finished student whose truth is known, on which the student was not trained;
/// see ``init(_:labels:source:adapter:question:base:folds:)``.
package struct StudentCalibration: Sendable, Equatable {
  /// The kinds of mappings, from the simplest on.
  package enum Method: String, Codable, Sendable, CaseIterable {
    /// Probabilities stay as they are.
    case identity
    /// Logarithms of probabilities are divided by one number (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    case temperature
    /// Each label's logarithm has a factor and a summand of its own (the same paper).
    case vector
    /// Each label's probability goes through a rising function of its own, and the sum is made 1 (Zadrozny and Elkan 2002,
    /// "Transforming Classifier Scores into Accurate Multiclass Probability Estimates").
    case isotonic
  }

  /// A mapping with its numbers.
  package enum Mapping: Sendable, Equatable {
    /// Probabilities stay as they are.
    case identity
    /// `softmax(log p / temperature)`; more than 0.
    case temperature(Double)
    /// `softmax(weight * log p + bias)`, by label.
    case vector(weights: [String: Double], biases: [String: Double])
    /// A rising function of each label's probability, by label.
    case isotonic([String: IsotonicCalibration])

    /// Its kind.
    package var method: Method {
      switch self {
      case .identity: .identity
      case .temperature: .temperature
      case .vector: .vector
      case .isotonic: .isotonic
      }
    }
  }

  /// What cross-validation found of one kind of mapping.
  package struct Candidate: Codable, Sendable, Equatable {
    package let method: Method
    /// Mean log loss in nats on answers that the mapping was not learned from; of the identity that of the student itself.
    package let logLoss: Double

    package init(method: Method, logLoss: Double) { (self.method, self.logLoss) = (method, logLoss) }

    private enum CodingKeys: String, CodingKey {
      case method
      case logLoss = "log_loss"
    }
  }

  /// All labels of the question, in the order of the task.
  package let labels: [String]
  /// What is done with probabilities.
  package let mapping: Mapping
  /// The number of labelled answers that it was learned from.
  package var answers: Int
  /// The number of answers beside them whose truth is only probable: items that teachers agree on.
  package var agreed: Int
  /// Where their labels are from, such as `dev` or `budget`.
  package var source: String
  /// What was tried, the identity first; empty where nothing could be tried.
  package var candidates: [Candidate]
  /// Why probabilities stay as they are; nil where they don't.
  package var reason: String?
  /// The digest of the student's adapter, whose probabilities these are; nil where that is not known.
  package var adapter: String?
  /// The digest of what the student was asked with; nil where that is not known.
  package var question: String?
  /// The digest of the base model that the adapter is put on; nil where that is not known, and for a student without an adapter.
  package var base: String?

  /// A mapping that is known.
  ///
  /// - Parameters:
  ///   - labels: all labels, none twice; a mapping by label names each.
  ///   - reason: why probabilities stay as they are, for the identity.
  package init(
    labels: [String], mapping: Mapping, answers: Int = 0, agreed: Int = 0, source: String = "",
    candidates: [Candidate] = [], reason: String? = nil, adapter: String? = nil, question: String? = nil,
    base: String? = nil
  ) {
    (self.labels, self.mapping, self.source) = (labels, mapping, source)
    (self.answers, self.agreed) = (answers, agreed)
    (self.candidates, self.reason, self.adapter, self.question) = (candidates, reason, adapter, question)
    self.base = base
  }

  /// The kind of mapping.
  package var method: Method { mapping.method }

  /// What a calibration is learned from, in words: "320 labels (budget) and 400 agreed items".
  package static func evidence(_ answers: Int, source: String, agreed: Int) -> String {
    let labels = "\(NumberText.counted(answers, "label")) (\(source))"
    return agreed > 0 ? "\(labels) and \(NumberText.counted(agreed, "agreed item"))" : labels
  }

  /// What it was learned from, in words.
  package var evidence: String { Self.evidence(answers, source: source, agreed: agreed) }

  /// Mean log loss without it, by cross-validation; nil where nothing could be tried.
  package var logLossBefore: Double? { candidates.first { $0.method == .identity }?.logLoss }

  /// Mean log loss with a mapping of this kind, by cross-validation; nil where nothing could be tried.
  package var logLossAfter: Double? { candidates.first { $0.method == method }?.logLoss }

  /// Calibrated probabilities; they sum to 1.
  ///
  /// - Parameter probabilities: of the labels, each in 0...1; a label that is missing has 0. Without any label they stay
  ///   empty, and the identity leaves them as they are.
  /// - Precondition: no other label than ``labels`` is among them.
  package func calibrated(_ probabilities: [String: Double]) -> [String: Double] {
    guard method != .identity, !probabilities.isEmpty else { return probabilities }
    for label in probabilities.keys {
      precondition(labels.contains(label), "StudentCalibration: the label \(label), expected one of \(labels)")
    }
    let mapped = calibrated(labels.map { probabilities[$0] ?? 0 })
    return Dictionary(uniqueKeysWithValues: zip(labels, mapped))
  }

  /// Whether answers may stand in another order of their confidences than without it. One temperature of two labels leaves it.
  package var changesOrder: Bool {
    switch mapping {
    case .identity: false
    case .temperature: labels.count > 2
    case .vector, .isotonic: true
    }
  }

  /// The same in the order of ``labels``.
  ///
  /// - Precondition: as many probabilities as labels.
  package func calibrated(_ probabilities: [Double]) -> [Double] {
    precondition(probabilities.count == labels.count, "\(probabilities.count) probabilities, \(labels.count) labels")
    switch mapping {
    case .identity: return probabilities
    case .temperature(let temperature):
      return CalibrationRow.softmax(probabilities.map { CalibrationRow.logarithm($0) / temperature })
    case .vector(let weights, let biases):
      return CalibrationRow.softmax(
        zip(labels, probabilities).map { label, probability in
          (weights[label] ?? 1) * CalibrationRow.logarithm(probability) + (biases[label] ?? 0)
        })
    case .isotonic(let functions):
      let values = zip(labels, probabilities).map { functions[$0]?.calibrated(min(max($1, 0), 1)) ?? $1 }
      let sum = values.reduce(0, +)
      // Learned functions are above 0; read ones may not be.
      return sum > 0 ? values.map { $0 / sum } : probabilities
    }
  }
}

/// One answer with a truth, as calibrations learn from it.
struct CalibrationRow {
  /// Probabilities in the order of the labels.
  let probabilities: [Double]
  /// Their logarithms.
  let logarithms: [Double]
  /// The place of the true label.
  let truth: Int
  let group: String
  /// How much it counts, more than 0.
  let weight: Double
  /// Whether a person gave the label.
  let isLabelled: Bool

  init(probabilities: [Double], truth: Int, group: String, weight: Double = 1, isLabelled: Bool = true) {
    (self.probabilities, self.truth, self.group) = (probabilities, truth, group)
    (self.weight, self.isLabelled) = (weight, isLabelled)
    logarithms = probabilities.map(Self.logarithm)
  }

  /// No probability is taken for less than 1e-12: one answer must not weigh infinitely much.
  static func logarithm(_ probability: Double) -> Double { log(max(probability, 1e-12)) }

  static func softmax(_ logits: [Double]) -> [Double] {
    let highest = logits.max() ?? 0
    let weights = logits.map { exp($0 - highest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
