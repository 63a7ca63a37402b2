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
/// teacher alone. Expectation maximisation finds the shares of the labels and each teacher's confusion matrix that are most
/// probable given the votes, starting from the shares of the votes on each item. Any number of teachers and labels;
/// who has no vote on an item says nothing about it.
///
/// Before any vote is seen teachers are taken to be right more often than wrong: for each teacher and true label one vote
/// counts that nobody gave, three quarters of it for the true label and one quarter for the others alike. These are the
/// pseudo-counts of Dirichlet priors on the rows of the matrices, as Raykar et al. (2010, JMLR 11:1297) have them for two labels. Without
/// them the votes alone say nothing of a true label on which a teacher has none; a teacher that gives one label alone was then
/// found to give it whatever is true, and was overruled where nobody contradicted it. Each label's share has 0.01 items
/// more than are seen.
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

  /// One way to vote, as indices of labels, and how many items have it.
  private struct Pattern {
    var votes: [Int?]
    var count: Double
    var posterior: [Double]
  }

  /// Fits the model to all votes together.
  ///
  /// - Parameter table: who voted how. Items without a vote are passed over.
  /// - Complexity: ways to vote that occur x teachers x labels squared, for each iteration: until the mean of the items'
  ///   log-likelihood, with the prior's, moves by less than 1e-10, or 1,000.
  public init(_ table: VoteTable) { self.init(table, prior: .right) }

  /// The same with another prior of the confusion matrices.
  package init(_ table: VoteTable, prior rows: ConfusionPrior) {
    let labels = Set(table.votes.flatMap { $0.compactMap(\.self) }).sorted()
    let index = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var patterns = Self.patterns(of: table, index: index)
    let items = patterns.reduce(0) { $0 + $1.count }
    let counts = rows.counts(of: labels.count)
    var prior: [Double] = []
    var confusion: [[[Double]]] = []
    var (iterations, objective) = (0, -Double.infinity)
    while !patterns.isEmpty && iterations < 1000 {
      iterations += 1
      (prior, confusion) = Self.maximized(patterns, teachers: table.teachers.count, counts)
      let before = objective
      objective = Self.logPrior(prior, confusion, counts)
      for at in patterns.indices {
        let joint = Self.logJoint(patterns[at].votes, prior: prior, confusion: confusion)
        let (posterior, evidence) = Self.normalized(joint)
        patterns[at].posterior = posterior
        objective += patterns[at].count * evidence
      }
      if abs(objective - before) < 1e-10 * items { break }
    }
    self.labels = labels
    teachers = table.teachers
    self.prior = prior
    self.confusion = confusion
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

  /// Added to the items of each label, so that one that is never true by the votes is improbable and not impossible.
  private static let labelCount = 0.01

  /// Shares and confusion matrices that fit the posteriors and the prior best.
  ///
  /// - Parameter counts: the pseudo-counts of each teacher's matrix, axes (true label, vote).
  private static func maximized(
    _ patterns: [Pattern], teachers: Int, _ counts: [[Double]]
  ) -> (prior: [Double], confusion: [[[Double]]]) {
    let labels = counts.count
    var prior = [Double](repeating: labelCount, count: labels)
    var confusion = [[[Double]]](repeating: counts, count: teachers)
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

  /// The logarithm of the prior's density, but for what does not depend on shares and matrices.
  private static func logPrior(_ prior: [Double], _ confusion: [[[Double]]], _ counts: [[Double]]) -> Double {
    let labels = prior.reduce(0) { $0 + labelCount * log($1) }
    return confusion.reduce(labels) { sum, matrix in
      zip(counts, matrix).reduce(sum) { sum, row in zip(row.0, row.1).reduce(sum) { $0 + $1.0 * log($1.1) } }
    }
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

/// What is taken of a teacher's confusion matrix before any vote is seen.
package enum ConfusionPrior: String, Sendable, Codable {
  /// Every vote is as probable as another: a hundredth of a vote for each. Runs that older versions began keep it.
  case even
  /// Right more often than wrong: for each true label one vote, three quarters of it right.
  case right

  /// Pseudo-counts of a matrix, axes (true label, vote): parameters of Dirichlet distributions less 1.
  fileprivate func counts(of labels: Int) -> [[Double]] {
    (0..<labels).map { truth in
      (0..<labels).map { vote in
        switch self {
        case .even: 0.01
        case .right: truth == vote ? 0.75 : 0.25 / Double(labels - 1)
        }
      }
    }
  }
}
