internal import TeacherProtocol

/// The probability of every label of an item by all teachers that voted, each as far as it is reliable: the linear opinion
/// pool (Stone 1961, doi:10.1214/aoms/1177704873).
///
///     q(label) = Σ_t r(t) p_t(label) / Σ_t r(t)
///
/// p_t is what the reply itself says of every label, or gives the teacher's own label its confidence, and the other labels
/// what is left, all the same. A confidence below what is left counts as chance, since a teacher names the label that it
/// holds most probable; a vote without a confidence is certain. r(t) is the share of right votes that Dawid and Skene's model
/// finds (``DawidSkene``), which reads no human label; with fewer than three teachers, who do not determine the model, all
/// count the same.
///
/// ```swift
/// let mixture = TeacherMixture(run.judgements(by: UnanimousRule()))
/// mixture.probabilities(by: annotations, of: labels.names)  // [0.35, 0.65]
/// ```
package struct TeacherMixture: Sendable, Equatable {
  /// How much each teacher counts; who is not in it counts 1.
  package let reliabilities: [String: Double]

  /// A mixture by known reliabilities, 0 or more.
  package init(reliabilities: [String: Double] = [:]) { self.reliabilities = reliabilities }

  /// A mixture by what the votes on all these items say of their teachers.
  package init(_ judgements: [Judgement]) {
    let table = VoteTable(judgements)
    guard table.teachers.count > 2 else {
      self.init()
      return
    }
    let fit = DawidSkene(table)
    self.init(
      reliabilities: Dictionary(uniqueKeysWithValues: zip(table.teachers, fit.accuracies.map { $0 ?? 1 })))
  }

  /// The probabilities of these labels, which add up to 1, by the votes among annotations of one item.
  ///
  /// - Returns: nil where no vote counts.
  package func probabilities(by annotations: [Annotation], of labels: [String]) -> [Double]? {
    var sums = [Double](repeating: 0, count: labels.count)
    // One order, so that the sums do not depend on that of the annotations.
    for annotation in annotations.sorted(by: { $0.teacher < $1.teacher }) {
      guard let vote = annotation.vote, let own = labels.firstIndex(of: vote.label) else { continue }
      let reliability = reliabilities[vote.teacher] ?? 1
      let stated = Self.stated(annotation.reply, of: labels) ?? Self.spread(vote.confidence, own, labels.count)
      for (label, probability) in stated.enumerated() { sums[label] += reliability * probability }
    }
    let total = sums.reduce(0, +)
    return total > 0 ? sums.map { $0 / total } : nil
  }

  /// What a reply itself says of every label, added up to 1; nil where it does not.
  private static func stated(_ reply: TeacherReply, of labels: [String]) -> [Double]? {
    let stated = labels.compactMap { reply.probabilities[$0] }
    let sum = stated.reduce(0, +)
    return stated.count == labels.count && sum > 0 ? stated.map { $0 / sum } : nil
  }

  /// A confidence in one label, with what is left spread among the others.
  private static func spread(_ confidence: Confidence?, _ own: Int, _ count: Int) -> [Double] {
    let confidence = max(confidence?.value ?? 1, 1 / Double(count))
    let rest = count > 1 ? (1 - confidence) / Double(count - 1) : 0
    return (0..<count).map { $0 == own ? confidence : rest }
  }
}
