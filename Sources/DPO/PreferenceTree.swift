public import Layers
public import Tensor

/// Which answers of a tree are preferred over which.
public struct PreferenceTree: Sendable {
  /// Which pairs are made of chosen and rejected answers.
  public enum Pairing: String, Sendable, Codable, CaseIterable {
    /// Every chosen answer with every rejected one.
    case all
    /// The first chosen answer with the first rejected one; callers put the best first.
    case best
  }

  /// The prompt with all answers.
  public let tree: AnswerTree
  /// (chosen, rejected): indices into the tree's answers.
  public let pairs: [(chosen: Int, rejected: Int)]

  /// Pairs of a tree's answers.
  ///
  /// - Precondition: indices lie inside the tree's answers.
  public init(tree: AnswerTree, chosen: [Int], rejected: [Int], pairing: Pairing = .all) {
    precondition(
      (chosen + rejected).allSatisfy { tree.answers.indices.contains($0) },
      "answers \(chosen) over \(rejected) of a tree with \(tree.answers.count)")
    self.tree = tree
    switch pairing {
    case .all: pairs = chosen.flatMap { c in rejected.map { (c, $0) } }
    case .best: pairs = chosen.first.flatMap { c in rejected.first.map { [(c, $0)] } } ?? []
    }
    chosenAnswers = chosen
  }

  /// The chosen answers, also where nothing is rejected.
  public let chosenAnswers: [Int]
}

/// The objective of preference training over trees: a preference loss plus a supervised loss on the chosen answers.
///
/// L = mean over trees of the mean over the tree's pairs of L_pref, plus λ times the token mean of -log π(chosen). A tree
/// with many pairs weighs no more than one with few.
public struct PreferenceObjective: Sendable {
  /// The loss of a pair.
  public var loss: any PreferenceLoss
  /// λ. The default is 1.
  public var supervisedWeight: Float

  /// An objective.
  public init(loss: any PreferenceLoss, supervisedWeight: Float = 1) {
    self.loss = loss
    self.supervisedWeight = supervisedWeight
  }

  /// What the parts of a step are divided by, so that they add up to the step's loss.
  public struct Weight: Sendable, Equatable {
    /// Trees with at least one pair.
    public var trees: Float
    /// Tokens of chosen answers.
    public var chosenTokens: Float
  }

  /// The weight of all trees of a step.
  public func weight(of trees: [PreferenceTree]) -> Weight {
    Weight(
      trees: Float(trees.count { !$0.pairs.isEmpty }),
      chosenTokens: Float(
        trees.reduce(0) { $0 + $1.chosenAnswers.reduce(0) { [t = $1] n, a in n + t.tree.answers[a].count } }))
  }

  /// The loss of a part of a step and what happened in it.
  ///
  /// - Parameters:
  ///   - trees: the part's trees.
  ///   - scores: the policy's, of these trees.
  ///   - reference: the reference's total log-probability of each answer of each tree; nil for no reference.
  ///   - total: ``weight(of:)`` of the whole step.
  public func callAsFunction(
    _ trees: [PreferenceTree], scores: AnswerScores, reference: [[Float]]?, total: Weight
  ) -> (loss: Tensor, metrics: PreferenceMetrics) {
    let totals = scores.answerTotals()
    var (chosen, rejected, weights) = ([Int](), [Int](), [Float]())
    var (refChosen, refRejected) = ([Float](), [Float]())
    var (chosenLengths, rejectedLengths) = ([Int](), [Int]())
    var supervised = [Float](repeating: 0, count: totals.count)
    var base = 0
    for (i, tree) in trees.enumerated() {
      for pair in tree.pairs {
        chosen.append(base + pair.chosen)
        rejected.append(base + pair.rejected)
        weights.append(1 / (Float(tree.pairs.count) * max(1, total.trees)))
        refChosen.append(reference?[i][pair.chosen] ?? 0)
        refRejected.append(reference?[i][pair.rejected] ?? 0)
        chosenLengths.append(tree.tree.answers[pair.chosen].count)
        rejectedLengths.append(tree.tree.answers[pair.rejected].count)
      }
      for answer in tree.chosenAnswers { supervised[base + answer] = supervisedWeight / max(1, total.chosenTokens) }
      base += tree.tree.answers.count
    }
    var objective = -(totals * Tensor(supervised, shape: [supervised.count])).sum()
    let n = [chosen.count]
    let pairs = PreferencePairs(
      chosen: totals.gathered(chosen), rejected: totals.gathered(rejected),
      referenceChosen: Tensor(refChosen, shape: n), referenceRejected: Tensor(refRejected, shape: n),
      chosenLengths: chosenLengths, rejectedLengths: rejectedLengths)
    if !chosen.isEmpty { objective = objective + (loss(pairs) * Tensor(weights, shape: n)).sum() }
    return (objective, PreferenceMetrics(pairs))
  }
}

/// Sums over pairs from which the metrics of preference training are computed, under TRL's names.
public struct PreferenceMetrics: Sendable, Equatable {
  /// Pairs counted.
  public private(set) var pairs = 0
  private var chosenRatio = 0.0
  private var rejectedRatio = 0.0
  private var correct = 0
  private var chosen = 0.0
  private var rejected = 0.0

  /// No pairs.
  public init() {}

  init(_ p: PreferencePairs) {
    let (c, r) = (p.chosenRatios.scalars, p.rejectedRatios.scalars)
    pairs = c.count
    chosenRatio = c.reduce(0) { $0 + Double($1) }
    rejectedRatio = r.reduce(0) { $0 + Double($1) }
    correct = zip(c, r).count { $0 > $1 }
    chosen = p.chosen.scalars.reduce(0) { $0 + Double($1) }
    rejected = p.rejected.scalars.reduce(0) { $0 + Double($1) }
  }

  /// Adds the pairs of another part of the step.
  public mutating func add(_ other: PreferenceMetrics) {
    pairs += other.pairs
    chosenRatio += other.chosenRatio
    rejectedRatio += other.rejectedRatio
    correct += other.correct
    chosen += other.chosen
    rejected += other.rejected
  }

  /// Means under TRL's metric names; rewards are β times the log ratios. Empty where there was no pair.
  public func values(beta: Double) -> [(name: String, value: Double)] {
    guard pairs > 0 else { return [] }
    let n = Double(pairs)
    return [
      ("rewards/chosen", beta * chosenRatio / n), ("rewards/rejected", beta * rejectedRatio / n),
      ("rewards/margins", beta * (chosenRatio - rejectedRatio) / n), ("rewards/accuracies", Double(correct) / n),
      ("logps/chosen", chosen / n), ("logps/rejected", rejected / n),
    ]
  }
}
