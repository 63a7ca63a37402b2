/// How often each true label was answered by each label, or by none.
///
/// ```swift
/// let matrix = ConfusionMatrix(labels: ["ham", "spam"], truth: ["ham", "spam", "spam"],
///   answers: ["ham", "ham", nil])
/// matrix.counts    // [[1, 0, 0], [1, 0, 1]]: the last column is "none"
/// matrix.accuracy  // 1/3
/// ```
package struct ConfusionMatrix: Codable, Sendable, Equatable {
  /// The labels of the rows (truth) and of all columns (answers) but the last.
  package let labels: [String]
  /// Counts, shape [labels, labels + 1]: row = true label, column = answer; the last column counts items with none.
  package let counts: [[Int]]

  /// Counts the answers.
  ///
  /// - Precondition: `truth` and `answers` are of one length and every label is one of `labels`.
  /// - Complexity: O(items).
  package init(labels: [String], truth: [String], answers: [String?]) {
    precondition(truth.count == answers.count, "\(truth.count) true labels and \(answers.count) answers")
    let positions = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    func position(_ label: String) -> Int {
      guard let position = positions[label] else { preconditionFailure("\(label) is not one of \(labels)") }
      return position
    }
    var counts = [[Int]](repeating: [Int](repeating: 0, count: labels.count + 1), count: labels.count)
    for (label, answer) in zip(truth, answers) {
      counts[position(label)][answer.map(position) ?? labels.count] += 1
    }
    self.labels = labels
    self.counts = counts
  }

  /// Reads what was written, and refuses counts that are none of these labels.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    labels = try container.decode([String].self, forKey: .labels)
    counts = try container.decode([[Int]].self, forKey: .counts)
    guard counts.count == labels.count, counts.allSatisfy({ $0.count == labels.count + 1 && $0.allSatisfy { $0 >= 0 } })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .counts, in: container,
        debugDescription: "expected \(labels.count) rows of \(labels.count + 1) counts, none below 0")
    }
  }

  private enum CodingKeys: CodingKey { case labels, counts }

  /// The number of items.
  package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// The share of all items answered rightly, in 0...1; 0 where there is no item.
  package var accuracy: Double { ratio(labels.indices.reduce(0) { $0 + counts[$1][$1] }, total) }

  /// The share of the items whose true label is `label` (or, with `inverted`, is not) answered rightly, in 0...1; nil
  /// where there is no such item.
  package func accuracy(onTruth label: String, inverted: Bool = false) -> Double? {
    let rows = labels.indices.filter { (labels[$0] == label) != inverted }
    let items = rows.reduce(0) { $0 + counts[$1].reduce(0, +) }
    return items == 0 ? nil : ratio(rows.reduce(0) { $0 + counts[$1][$1] }, items)
  }

  /// The harmonic mean of precision and recall of one label, `2 TP / (2 TP + FP + FN)`, in 0...1; nil where the label
  /// is neither true of an item nor given to one. An item with no answer is a miss (FN) and no false alarm (FP).
  package func f1(of label: String) -> Double? {
    guard let at = labels.firstIndex(of: label) else { return nil }
    let hits = counts[at][at]
    let truths = counts[at].reduce(0, +)
    let answers = counts.reduce(0) { $0 + $1[at] }
    return truths + answers == 0 ? nil : ratio(2 * hits, truths + answers)
  }

  /// What there is to say of one of the labels.
  func score(of label: String) -> EvaluationFile.LabelScore {
    let items = labels.firstIndex(of: label).map { counts[$0].reduce(0, +) } ?? 0
    return .init(items: items, accuracy: accuracy(onTruth: label), f1: f1(of: label))
  }

  /// The plain mean of ``f1(of:)`` over the labels that have one, in 0...1.
  package var macroF1: Double {
    let scores = labels.compactMap(f1)
    return scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
  }
}

private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
