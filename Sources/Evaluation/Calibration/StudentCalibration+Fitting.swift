internal import Foundation
internal import TeacherProtocol
internal import Wording

extension StudentCalibration {
  /// An answer of the student whose truth is known.
  package struct Answer: Sendable, Equatable, Codable {
    /// The item's id.
    package var id: String
    /// The item's group: answers of a group are never on both sides of a fold.
    package var group: String
    /// The student's probability of each label.
    package var probabilities: [String: Double]
    /// The true label.
    package var truth: String

    package init(id: String, group: String, probabilities: [String: Double], truth: String) {
      (self.id, self.group, self.probabilities, self.truth) = (id, group, probabilities, truth)
    }
  }

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
  /// - Parameters:
  ///   - answers: of items that the student was not trained on, no id twice.
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
    func staying(_ reason: String, _ candidates: [Candidate] = []) -> StudentCalibration {
      StudentCalibration(
        labels: labels, mapping: .identity, answers: rows.count, source: source, candidates: candidates,
        reason: reason, adapter: adapter, question: question, base: base)
    }
    if let reason = Self.refusal(rows, labels: labels, folds: folds) {
      self = staying(reason)
      return
    }
    let dealt = GroupFolds(rows.map(\.group), count: folds)
    let fold = rows.map { dealt[$0.group] }
    var losses: [(method: Method, losses: [Double])] = []
    for method in Method.allCases where Self.isLearnable(method, rows, labels: labels.count) {
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
    let candidates = losses.map { Candidate(method: $0.method, logLoss: Self.mean($0.losses)) }
    let fitted = losses.filter { $0.method != .identity }
    let best = fitted.min { Self.mean($0.losses) < Self.mean($1.losses) }
    let chosen = fitted.first { one in
      guard let best else { return false }
      let differences = zip(one.losses, best.losses).map { $0 - $1 }
      return Self.mean(differences) <= Self.standardError(differences, groups: rows.map(\.group))
    }
    guard let chosen, let before = candidates.first(where: { $0.method == .identity })?.logLoss else {
      preconditionFailure("StudentCalibration: nothing was tried")
    }
    let after = Self.mean(chosen.losses)
    guard after < before else {
      let (old, new) = (NumberText.fixed(before, digits: 4), NumberText.fixed(after, digits: 4))
      self = staying(
        "no mapping is better than none: under cross-validation the log loss would go from \(old) to \(new)", candidates
      )
      return
    }
    self.init(
      labels: labels, mapping: Self.learned(chosen.method, rows, labels: labels), answers: rows.count, source: source,
      candidates: candidates, adapter: adapter, question: question, base: base)
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
    return answers.sorted { $0.id < $1.id }.map { answer in
      guard let truth = places[answer.truth] else {
        preconditionFailure("StudentCalibration: the label \(answer.truth), expected one of \(labels)")
      }
      return CalibrationRow(
        probabilities: labels.map { answer.probabilities[$0] ?? 0 }, truth: truth, group: answer.group)
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
      let fitted = TemperatureCalibration(distributions: rows.map(\.probabilities), truths: rows.map(\.truth))
      return .temperature(fitted.temperature)
    case .vector:
      let fitted = VectorScaling(rows)
      return .vector(
        weights: Dictionary(uniqueKeysWithValues: zip(labels, fitted.weights)),
        biases: Dictionary(uniqueKeysWithValues: zip(labels, fitted.biases)))
    case .isotonic:
      // One answer more for every label: no probability becomes 0, which one wrong answer would punish without end.
      let (count, all) = (Double(rows.count), Double(rows.count + labels.count))
      let functions = labels.enumerated().map { place, label in
        let fitted = IsotonicCalibration(
          confidences: rows.map { min(max($0.probabilities[place], 0), 1) }, correct: rows.map { $0.truth == place })
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

  static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// The standard error of a mean over rows that come in groups.
  private static func standardError(_ values: [Double], groups: [String]) -> Double {
    let mean = mean(values)
    var sums: [String: Double] = [:]
    for (value, group) in zip(values, groups) { sums[group, default: 0] += value - mean }
    let squares = sums.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    let count = Double(sums.count)
    return (squares * count / max(1, count - 1)).squareRoot() / Double(values.count)
  }
}
