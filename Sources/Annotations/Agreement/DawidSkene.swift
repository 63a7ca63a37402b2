internal import Foundation

/// How reliable each teacher is, estimated from the votes alone, by Dawid and Skene's model (1979,
/// doi:10.2307/2346806).
///
/// ```swift
/// let fit = DawidSkene(run.votes)                         // no gold label is read
/// let rule = DawidSkeneRule(fit, minimumProbability: 0.9)
/// ```
///
/// Every item has one true label; a teacher whose truth is k votes for l with a probability that depends on k, l and the
/// teacher alone. Expectation maximisation finds the shares of the labels and each teacher's confusion matrix that make
/// the votes most probable, starting from the shares of the votes on each item. Any number of teachers and labels;
/// who has no vote on an item says nothing about it.
///
/// The model takes teachers to err independently of each other once the truth is known. Real ones find the same items
/// hard, and agree on wrong labels: accuracies and probabilities then come out too high, while the labels may still be
/// right. `AnchoredEstimate` mends the accuracies with a few human labels. Two teachers alone do not determine the
/// model; from three on it does.
public struct DawidSkene: Sendable, Equatable {
  /// The labels that occur among the votes, sorted.
  package let labels: [String]
  /// The teachers, in the table's order.
  package let teachers: [String]
  /// Estimated share of each label.
  package let prior: [Double]
  /// Estimated probability of each vote, axes (teacher, true label, vote).
  package let confusion: [[[Double]]]
  /// Estimated share of right votes among each teacher's votes; nil for who never voted.
  package let accuracies: [Double?]
  /// Mean log-likelihood of an item's votes, in nats; 0 without votes.
  package let logLikelihood: Double
  /// Rounds of expectation maximisation until an item's log-likelihood moved by less than 1e-10 on average, or 1,000.
  package let iterations: Int

  /// One way to vote, as indices of labels, and how many items have it.
  private struct Pattern {
    var votes: [Int?]
    var count: Double
    var posterior: [Double]
  }

  /// Fits the model to all votes together.
  ///
  /// - Parameters:
  ///   - table: who voted how. Items without a vote are passed over.
  ///   - smoothing: added to each expected count, so that a vote never seen is improbable and not impossible. The
  ///     default is 0.01.
  /// - Complexity: ways to vote that occur x teachers x labels squared, for each iteration.
  /// - Precondition: smoothing is positive.
  public init(_ table: VoteTable, smoothing: Double = 0.01) {
    precondition(smoothing > 0, "DawidSkene: smoothing \(smoothing) must be positive")
    let labels = Set(table.votes.flatMap { $0.compactMap(\.self) }).sorted()
    let index = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var patterns = Self.patterns(of: table, index: index)
    let items = patterns.reduce(0) { $0 + $1.count }
    var prior: [Double] = []
    var confusion: [[[Double]]] = []
    var (iterations, likelihood) = (0, -Double.infinity)
    while !patterns.isEmpty && iterations < 1000 {
      iterations += 1
      (prior, confusion) = Self.maximized(patterns, teachers: table.teachers.count, labels.count, smoothing)
      let before = likelihood
      likelihood = 0
      for at in patterns.indices {
        let joint = Self.logJoint(patterns[at].votes, prior: prior, confusion: confusion)
        let (posterior, evidence) = Self.normalized(joint)
        patterns[at].posterior = posterior
        likelihood += patterns[at].count * evidence
      }
      if abs(likelihood - before) < 1e-10 * items { break }
    }
    self.labels = labels
    teachers = table.teachers
    self.prior = prior
    self.confusion = confusion
    self.iterations = iterations
    logLikelihood = items > 0 ? likelihood / items : 0
    accuracies = table.teachers.indices.map { teacher in
      var (right, votes) = (0.0, 0.0)
      for pattern in patterns {
        guard let vote = pattern.votes[teacher] else { continue }
        right += pattern.count * pattern.posterior[vote]
        votes += pattern.count
      }
      return votes > 0 ? right / votes : nil
    }
  }

  /// Probability of each label given one vote or nil for each teacher, in the order of ``labels``; nil where no vote is
  /// for a label that the fit knows.
  ///
  /// - Precondition: one entry for each teacher.
  package func posterior(of votes: [String?]) -> [Double]? {
    precondition(votes.count == teachers.count, "DawidSkene: \(votes.count) votes for \(teachers.count) teachers")
    let known = votes.map { $0.flatMap(labels.firstIndex) }
    guard known.contains(where: { $0 != nil }) else { return nil }
    return Self.normalized(Self.logJoint(known, prior: prior, confusion: confusion)).posterior
  }

  /// The most probable label given votes; of equally probable ones the first.
  package func label(of votes: [String?]) -> (name: String, probability: Double)? {
    guard let posterior = posterior(of: votes), let top = posterior.max(), let at = posterior.firstIndex(of: top) else {
      return nil
    }
    return (labels[at], top)
  }

  /// Items that were voted on alike together, in an order that does not depend on theirs; each begins with the shares of
  /// its votes.
  private static func patterns(of table: VoteTable, index: [String: Int]) -> [Pattern] {
    let counts = Dictionary(table.votes.map { ($0.map { $0.map { index[$0] ?? 0 } ?? -1 }, 1) }, uniquingKeysWith: +)
    return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { codes, count in
      let votes = codes.map { $0 < 0 ? nil : $0 }
      let given = votes.compactMap(\.self)
      guard !given.isEmpty else { return nil }
      var shares = [Double](repeating: 0, count: index.count)
      for vote in given { shares[vote] += 1 / Double(given.count) }
      return Pattern(votes: votes, count: Double(count), posterior: shares)
    }
  }

  /// Shares and confusion matrices that fit the posteriors best.
  private static func maximized(
    _ patterns: [Pattern], teachers: Int, _ labels: Int, _ smoothing: Double
  ) -> (prior: [Double], confusion: [[[Double]]]) {
    var prior = [Double](repeating: smoothing, count: labels)
    let row = [Double](repeating: smoothing, count: labels)
    var confusion = [[[Double]]](repeating: Array(repeating: row, count: labels), count: teachers)
    for pattern in patterns {
      for truth in 0..<labels {
        let weight = pattern.count * pattern.posterior[truth]
        prior[truth] += weight
        for (teacher, vote) in pattern.votes.enumerated() {
          if let vote { confusion[teacher][truth][vote] += weight }
        }
      }
    }
    func shares(_ counts: [Double]) -> [Double] {
      let total = counts.reduce(0, +)
      return counts.map { $0 / total }
    }
    return (shares(prior), confusion.map { $0.map(shares) })
  }

  /// log P(label, votes) of each label. Logarithms, since the product over many teachers leaves the range of numbers.
  private static func logJoint(_ votes: [Int?], prior: [Double], confusion: [[[Double]]]) -> [Double] {
    prior.indices.map { truth in
      votes.enumerated().reduce(log(prior[truth])) { sum, vote in
        vote.element.map { sum + log(confusion[vote.offset][truth][$0]) } ?? sum
      }
    }
  }

  private static func normalized(_ joint: [Double]) -> (posterior: [Double], evidence: Double) {
    let top = joint.max() ?? 0
    let parts = joint.map { exp($0 - top) }
    let total = parts.reduce(0, +)
    return (parts.map { $0 / total }, top + log(total))
  }
}
