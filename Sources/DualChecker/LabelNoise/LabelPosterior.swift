internal import Foundation

/// How probable each class of a text is, by a label that may be wrong and by the words of the text.
///
///     q(y) ∝ p(y)^a · t(y),    t(y) = sureness where y is the label, else (1 - sureness) · C(label, y)
///
/// p is what a ``WordJudge`` says that has not seen the text's own label. Teacher and judge are two annotators of which neither is
/// always right (Raykar et al. 2010, "Learning from Crowds"): C, the confusion, says what a wrong label should have been. It is counted
/// in q, the judge learns q in the place of the labels, and both are computed anew, as naive Bayes learns from texts without labels in
/// Nigam et al. 2000. Words of one text are no independent witnesses, so the judge counts by a, by which the labels are most probable:
/// Σ log Σ_y p(y)^a/Z · t(y) is largest.
package struct LabelPosterior: Sendable, Equatable {
  /// A label that may be wrong.
  package struct Given: Sendable, Equatable {
    /// The class by its number.
    package var label: Int
    /// The probability that it is right, 0...1; nil for a person's, which is.
    package var sureness: Double?

    package init(label: Int, sureness: Double?) { (self.label, self.sureness) = (label, sureness) }
  }

  /// What a confusion begins with: as if so many wrong labels had been seen, the same of each class.
  static let prior = 4.0
  private static let rounds = 4
  private static let strengths = [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1]

  /// How much the judge counts, 0...1.
  package private(set) var strength = 0.0
  /// What a wrong label should have been, [label][class]; rows add up to 1, the diagonal is 0.
  package private(set) var confusion: [[Double]]
  /// The distribution of each text.
  package private(set) var posteriors: [[Double]]
  /// The class that the judge holds most probable by the labels as they were given, of each text.
  package private(set) var judged: [Int]

  /// The posteriors of texts.
  ///
  /// - Parameters:
  ///   - groups: the group of each text, which are not judged by one another.
  ///   - given: a label for each text.
  ///   - classes: two at least.
  package init(texts: [String], groups: [String], given: [Given], classes: Int) {
    precondition(
      classes > 1 && texts.count == given.count, "\(given.count) labels of \(classes) for \(texts.count) texts")
    let judge = WordJudge(texts, groups: groups)
    let even = 1 / Double(classes - 1)
    confusion = (0..<classes).map { label in (0..<classes).map { $0 == label ? 0 : even } }
    (posteriors, judged) = ([], [])
    posteriors = given.map(stated)
    for round in 0..<Self.rounds {
      let said = judge.judgements(posteriors)
      if round == 0 { judged = said.map(\.placeOfLargest) }
      let stated = given.map(stated)
      var best = -Double.infinity
      for strength in Self.strengths {
        let joint = zip(said, stated).map { Self.joint($0, $1, strength) }
        let sums = joint.map { max($0.reduce(0, +), 1e-300) }
        let evidence = zip(sums, given).reduce(0) { $1.1.sureness == nil ? $0 : $0 + log($1.0) }
        guard evidence > best else { continue }
        (best, self.strength) = (evidence, strength)
        // A person's label stands, whatever the words say.
        posteriors = given.indices.map { place in
          given[place].sureness == nil ? stated[place] : joint[place].map { $0 / sums[place] }
        }
      }
      count(given)
    }
  }

  private static func joint(_ said: [Double], _ stated: [Double], _ strength: Double) -> [Double] {
    zip(said.map { $0 * strength }.logNormalised, stated).map { exp($0) * $1 }
  }

  /// What the label alone says of every class.
  private func stated(_ given: Given) -> [Double] {
    let classes = confusion.count
    let right = given.sureness.map { min(max($0, 1 / Double(classes)), 0.999) } ?? 1
    return (0..<classes).map { $0 == given.label ? right : (1 - right) * confusion[given.label][$0] }
  }

  private mutating func count(_ given: [Given]) {
    let classes = confusion.count
    for label in 0..<classes {
      var counts = [Double](repeating: Self.prior / Double(classes - 1), count: classes)
      for (own, posterior) in zip(given, posteriors) where own.label == label && own.sureness != nil {
        for place in 0..<classes { counts[place] += posterior[place] }
      }
      counts[label] = 0
      let sum = counts.reduce(0, +)
      confusion[label] = counts.map { $0 / sum }
    }
  }
}
