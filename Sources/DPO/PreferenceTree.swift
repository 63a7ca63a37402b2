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
  /// How much the tokens of an answer count that go beyond the length of the pair's other answer, from 0 to 1: less than
  /// 1 keeps a loss from rewarding mere length (LD-DPO, Liu et al. 2024; TRL's `ld_alpha`). The default is 1.
  public var tailWeight: Float

  /// An objective.
  ///
  /// - Precondition: the tail's weight lies in 0...1.
  public init(loss: any PreferenceLoss, supervisedWeight: Float = 1, tailWeight: Float = 1) {
    precondition((0...1).contains(tailWeight), "a tail weight of \(tailWeight)")
    (self.loss, self.supervisedWeight, self.tailWeight) = (loss, supervisedWeight, tailWeight)
  }

  /// The divisors of the parts of a step, with which the parts add up to the step's loss.
  public struct Weight: Sendable, Equatable {
    /// Trees with at least one pair.
    package var trees: Float
    /// Tokens of chosen answers.
    package var chosenTokens: Float
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
  ///   - reference: the reference's of these trees; nil for no reference. Token by token where ``tailWeight`` is not 1.
  ///   - total: ``weight(of:)`` of the whole step.
  public func callAsFunction(
    _ trees: [PreferenceTree], scores: AnswerScores, reference: [ReferenceScores]?, total: Weight
  ) -> (loss: Tensor, metrics: PreferenceMetrics) {
    let totals = scores.answerTotals()
    var step = PairList()
    var supervised = [Float](repeating: 0, count: totals.count)
    var base = 0
    for (i, tree) in trees.enumerated() {
      let weight = 1 / (Float(tree.pairs.count) * max(1, total.trees))
      for pair in tree.pairs {
        let lengths = (tree.tree.answers[pair.chosen].count, tree.tree.answers[pair.rejected].count)
        step.chosen.append(base + pair.chosen)
        step.rejected.append(base + pair.rejected)
        step.weights.append(weight)
        step.chosenLengths.append(lengths.0)
        step.rejectedLengths.append(lengths.1)
        let head = tailWeight == 1 ? nil : min(lengths.0, lengths.1)
        func score(_ answer: Int) -> Float {
          reference?[i].total(of: answer, head: head, tailWeight: tailWeight) ?? 0
        }
        step.referenceChosen.append(score(pair.chosen))
        step.referenceRejected.append(score(pair.rejected))
      }
      for answer in tree.chosenAnswers { supervised[base + answer] = supervisedWeight / max(1, total.chosenTokens) }
      base += tree.tree.answers.count
    }
    var objective = -(totals * Tensor(supervised, shape: [supervised.count])).sum()
    let pairs = step.pairs(scores, totals: totals, tailWeight: tailWeight)
    if !step.chosen.isEmpty {
      objective = objective + (loss(pairs) * Tensor(step.weights, shape: [step.weights.count])).sum()
    }
    return (objective, PreferenceMetrics(pairs))
  }
}

/// The pairs of a part of a step: their answers, counted over all trees, and what goes with them.
private struct PairList {
  var (chosen, rejected, weights) = ([Int](), [Int](), [Float]())
  var (referenceChosen, referenceRejected) = ([Float](), [Float]())
  var (chosenLengths, rejectedLengths) = ([Int](), [Int]())

  func pairs(_ scores: AnswerScores, totals: Tensor, tailWeight: Float) -> PreferencePairs {
    let n = [chosen.count]
    var pairs = PreferencePairs(
      chosen: totals.gathered(chosen), rejected: totals.gathered(rejected),
      referenceChosen: Tensor(referenceChosen, shape: n), referenceRejected: Tensor(referenceRejected, shape: n),
      chosenLengths: chosenLengths, rejectedLengths: rejectedLengths)
    guard tailWeight != 1, !chosen.isEmpty else { return pairs }
    let places = scores.ranges.flatMap { $0 }
    let heads = zip(chosenLengths, rejectedLengths).map { min($0, $1) }
    func weighed(_ answers: [Int]) -> Tensor {
      // One row a pair: 1 at the answer's first tokens, the tail's weight at its others.
      let tokens = scores.logProbabilities.count
      let weights = Tensor(shape: [answers.count, tokens]) { out in
        out.update(repeating: 0)
        for (row, answer) in answers.enumerated() {
          let place = places[answer]
          for i in place { out[row * tokens + i] = i - place.lowerBound < heads[row] ? 1 : tailWeight }
        }
      }
      return weights.matmul(scores.logProbabilities.reshaped([-1, 1])).reshaped([-1])
    }
    pairs.chosen = weighed(chosen)
    pairs.rejected = weighed(rejected)
    return pairs
  }
}

/// Sums over pairs from which the metrics of preference training are computed, under TRL's names.
public struct PreferenceMetrics: Sendable, Equatable {
  /// Pairs counted.
  package private(set) var pairs = 0
  private var chosenRatio = 0.0
  private var rejectedRatio = 0.0
  private var correct = 0
  private var chosen = 0.0
  private var rejected = 0.0

  /// No pairs.
  package init() {}

  init(_ p: PreferencePairs) {
    let (c, r) = (p.chosenRatios.scalars, p.rejectedRatios.scalars)
    pairs = c.count
    chosenRatio = c.reduce(0) { $0 + Double($1) }
    rejectedRatio = r.reduce(0) { $0 + Double($1) }
    correct = zip(c, r).count { $0 > $1 }
    chosen = p.chosen.scalars.reduce(0) { $0 + Double($1) }
    rejected = p.rejected.scalars.reduce(0) { $0 + Double($1) }
  }

  /// The sums as numbers, for messages.
  package var sums: [Double] {
    [Double(pairs), chosenRatio, rejectedRatio, Double(correct), chosen, rejected]
  }

  /// What ``sums`` are of.
  package init(sums: [Double]) {
    (pairs, chosenRatio, rejectedRatio) = (Int(sums[0]), sums[1], sums[2])
    (correct, chosen, rejected) = (Int(sums[3]), sums[4], sums[5])
  }

  /// Adds the pairs of another part of the step.
  package mutating func add(_ other: PreferenceMetrics) {
    pairs += other.pairs
    chosenRatio += other.chosenRatio
    rejectedRatio += other.rejectedRatio
    correct += other.correct
    chosen += other.chosen
    rejected += other.rejected
  }

  /// Means under TRL's metric names; rewards are β times the log ratios. Empty where there was no pair.
  package func values(beta: Double) -> [(name: String, value: Double)] {
    guard pairs > 0 else { return [] }
    let n = Double(pairs)
    return [
      ("rewards/chosen", beta * chosenRatio / n), ("rewards/rejected", beta * rejectedRatio / n),
      ("rewards/margins", beta * (chosenRatio - rejectedRatio) / n), ("rewards/accuracies", Double(correct) / n),
      ("logps/chosen", chosen / n), ("logps/rejected", rejected / n),
    ]
  }
}
