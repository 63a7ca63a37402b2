internal import Foundation
internal import TeacherProtocol
internal import Wording

extension StudentCalibration {
  /// An answer of the student whose truth is known, or probable.
  ///
  /// An item that teachers agree on has an answer for each label that may be true, with a weight in the ratio of its
  /// probability.
  package struct Answer: Sendable, Equatable, Codable {
    /// The item's id.
    package var id: String
    /// The item's group: answers of a group are never on both sides of a fold.
    package var group: String
    /// The student's probability of each label.
    package var probabilities: [String: Double]
    /// The true label.
    package var truth: String
    /// How much it counts, more than 0.
    package var weight: Double
    /// Whether teachers agree on the label and no person gave it.
    package var isAgreed: Bool

    package init(
      id: String, group: String, probabilities: [String: Double], truth: String, weight: Double = 1,
      isAgreed: Bool = false
    ) {
      (self.id, self.group, self.probabilities, self.truth) = (id, group, probabilities, truth)
      (self.weight, self.isAgreed) = (weight, isAgreed)
    }
  }

  /// The version of how calibrations are learned, and of which answers runs learn them from. It is part of what the step that
  /// learns them is made from: where it changes, finished runs with a calibration learn theirs anew, and no others.
  ///
  /// Version 1 knew labelled answers alone, and no version was written down then.
  package static let rule = "2"

  /// The fewest labelled answers that anything is learned from.
  package static let fewest = 30
  /// The fewest answers of which each label must be true for vector scaling.
  static let fewestOfLabel = 5
  /// The fewest answers for isotonic functions.
  static let fewestForIsotonic = 100

  /// Learns a calibration: every kind of mapping by its log loss, and the kind by cross-validation.
  ///
  /// Groups are dealt out into folds by a hash of their names. Each kind is learned without a fold and scored on it. The
  /// simplest kind is taken whose mean log loss is within one standard error (of the difference, over groups) of the best
  /// one's (the rule of Breiman et al. 1984); where that is no better than the student itself, the identity. The result does
  /// not depend on the order of the answers.
  ///
  /// All means are by the answers' weights, and answers about agreed items count in them. How many answers there must be is
  /// counted in those that people labelled.
  ///
  /// - Parameters:
  ///   - answers: of items that the student was not trained on, no label of an id twice.
  ///   - labels: all labels of the task in its order.
  ///   - source: where the true labels are from.
  ///   - adapter: the digest of the student's adapter.
  ///   - question: the digest of what the student was asked with.
  ///   - base: the digest of the base model that the adapter is put on.
  ///   - folds: how many; at least 2. The default is 5.
  /// - Precondition: every truth is one of `labels`.
  package init(
    _ answers: [Answer], labels: [String], source: String, adapter: String? = nil, question: String? = nil,
    base: String? = nil, folds: Int = 5
  ) {
    precondition(folds > 1, "\(folds) folds, expected at least 2")
    let rows = Self.rows(answers, labels: labels)
    let labelled = rows.filter(\.isLabelled)
    let agreed = Set(answers.filter(\.isAgreed).map(\.id)).count
    let weights = rows.map(\.weight)
    func staying(_ reason: String, _ candidates: [Candidate] = []) -> StudentCalibration {
      StudentCalibration(
        labels: labels, mapping: .identity, answers: labelled.count, agreed: agreed, source: source,
        candidates: candidates, reason: reason, adapter: adapter, question: question, base: base)
    }
    if let reason = Self.refusal(labelled, labels: labels, folds: folds) {
      self = staying(reason)
      return
    }
    let dealt = GroupFolds(rows.map(\.group), count: folds)
    let fold = rows.map { dealt[$0.group] }
    var losses: [(method: Method, losses: [Double])] = []
    for method in Method.allCases where Self.isLearnable(method, labelled, labels: labels.count) {
      var own = [Double](repeating: 0, count: rows.count)
      for part in 0..<folds {
        let known = rows.indices.filter { fold[$0] != part }.map { rows[$0] }
        let calibration = StudentCalibration(labels: labels, mapping: Self.learned(method, known, labels: labels))
        for index in rows.indices where fold[index] == part {
          let row = rows[index]
          own[index] = -CalibrationRow.logarithm(calibration.calibrated(row.probabilities)[row.truth])
        }
      }
      losses.append((method, own))
    }
    let candidates = losses.map { Candidate(method: $0.method, logLoss: Self.mean($0.losses, weights)) }
    let fitted = losses.filter { $0.method != .identity }
    let best = fitted.min { Self.mean($0.losses, weights) < Self.mean($1.losses, weights) }
    let chosen = fitted.first { one in
      guard let best else { return false }
      let differences = zip(one.losses, best.losses).map { $0 - $1 }
      return Self.mean(differences, weights) <= Self.standardError(differences, weights, groups: rows.map(\.group))
    }
    guard let chosen, let before = candidates.first(where: { $0.method == .identity })?.logLoss else {
      preconditionFailure("StudentCalibration: nothing was tried")
    }
    let after = Self.mean(chosen.losses, weights)
    guard after < before else {
      let (old, new) = (NumberText.fixed(before, digits: 4), NumberText.fixed(after, digits: 4))
      self = staying(
        "no mapping is better than none: under cross-validation the log loss would go from \(old) to \(new)", candidates
      )
      return
    }
    self.init(
      labels: labels, mapping: Self.learned(chosen.method, rows, labels: labels), answers: labelled.count,
      agreed: agreed, source: source, candidates: candidates, adapter: adapter, question: question, base: base)
  }

  /// A mapping of one kind, learned from all of these answers.
  ///
  /// - Precondition: there is at least one answer, and every truth is one of `labels`.
  package static func mapping(_ method: Method, learnedFrom answers: [Answer], labels: [String]) -> Mapping {
    learned(method, rows(answers, labels: labels), labels: labels)
  }

  static func rows(_ answers: [Answer], labels: [String]) -> [CalibrationRow] {
    let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    // Sums depend on the order of rows in their last digits, so rows have one of their own.
    return answers.sorted { ($0.id, $0.truth) < ($1.id, $1.truth) }.map { answer in
      guard let truth = places[answer.truth] else {
        preconditionFailure("StudentCalibration: the label \(answer.truth), expected one of \(labels)")
      }
      return CalibrationRow(
        probabilities: labels.map { answer.probabilities[$0] ?? 0 }, truth: truth, group: answer.group,
        weight: answer.weight, isLabelled: !answer.isAgreed)
    }
  }

  /// Why nothing can be learned from these rows; nil where something can.
  private static func refusal(_ rows: [CalibrationRow], labels: [String], folds: Int) -> String? {
    if rows.count < fewest {
      return "\(NumberText.counted(rows.count, "labelled answer")) are too few to learn from; it takes \(fewest)"
    }
    let groups = Set(rows.map(\.group)).count
    if groups < 2 * folds {
      return "the labelled answers are of \(NumberText.counted(groups, "group")); cross-validation takes \(2 * folds)"
    }
    let truths = Set(rows.map(\.truth)).sorted()
    if truths.count < 2 {
      return "all labelled answers have the label '\(labels[truths[0]])'; it takes answers of two labels at least"
    }
    let isAlwaysRight = rows.allSatisfy { row in row.probabilities.max() == row.probabilities[row.truth] }
    if isAlwaysRight { return "the student is right on all labelled answers, so nothing says how far to trust it" }
    return nil
  }

  /// Whether enough is known for a kind of mapping.
  private static func isLearnable(_ method: Method, _ rows: [CalibrationRow], labels: Int) -> Bool {
    switch method {
    case .identity, .temperature: return true
    case .vector:
      let counts = rows.reduce(into: [Int](repeating: 0, count: labels)) { $0[$1.truth] += 1 }
      return counts.allSatisfy { $0 >= fewestOfLabel }
    case .isotonic: return rows.count >= fewestForIsotonic
    }
  }

  private static func learned(_ method: Method, _ rows: [CalibrationRow], labels: [String]) -> Mapping {
    switch method {
    case .identity: return .identity
    case .temperature:
      let fitted = TemperatureCalibration(
        distributions: rows.map(\.probabilities),
        targets: rows.map { row in labels.indices.map { $0 == row.truth ? 1 : 0 } },
        weights: rows.map(\.weight))
      return .temperature(fitted.temperature)
    case .vector:
      let fitted = VectorScaling(rows)
      return .vector(
        weights: Dictionary(uniqueKeysWithValues: zip(labels, fitted.weights)),
        biases: Dictionary(uniqueKeysWithValues: zip(labels, fitted.biases)))
    case .isotonic:
      // One answer more for every label: no probability becomes 0, which one wrong answer would punish without end.
      let count = rows.reduce(0) { $0 + $1.weight }
      let all = count + Double(labels.count)
      let functions = labels.enumerated().map { place, label in
        let fitted = IsotonicCalibration(
          confidences: rows.map { min(max($0.probabilities[place], 0), 1) }, correct: rows.map { $0.truth == place },
          weights: rows.map(\.weight))
        return (
          label,
          IsotonicCalibration(
            points: fitted.points.map {
              .init(confidence: $0.confidence, probability: ($0.probability * count + 1) / all)
            })
        )
      }
      return .isotonic(Dictionary(uniqueKeysWithValues: functions))
    }
  }

  /// A mean by weights.
  static func mean(_ values: [Double], _ weights: [Double]) -> Double {
    zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }

  /// The standard error of a mean by weights over rows that come in groups.
  private static func standardError(_ values: [Double], _ weights: [Double], groups: [String]) -> Double {
    let mean = mean(values, weights)
    var sums: [String: Double] = [:]
    for (index, value) in values.enumerated() { sums[groups[index], default: 0] += weights[index] * (value - mean) }
    let squares = sums.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    let count = Double(sums.count)
    return (squares * count / max(1, count - 1)).squareRoot() / weights.reduce(0, +)
  }
}
