package import DPO
package import Layers

/// Sums over a step from which its metrics are computed, under TRL's names.
public struct StepMetrics: Sendable, Equatable {
  /// The loss.
  public var loss = 0.0
  /// Tokens computed, prompts counted once.
  public var tokens = 0
  private var answerTokens = 0
  private var correct = 0
  private var entropy = 0.0
  /// What is particular to preference pairs.
  package var preferences = PreferenceMetrics()
  /// β, by which rewards are scaled.
  package var beta = 0.0

  /// Nothing yet.
  public init() {}

  /// The sums of one part.
  package init(_ scores: AnswerScores, trees: [AnswerTree]) {
    answerTokens = scores.isGreedy.count
    correct = scores.isGreedy.count { $0 }
    entropy = scores.entropies.reduce(0) { $0 + Double($1) }
    tokens = Self.tokens(of: trees)
  }

  /// The sums of one part of which the first answers of each tree are learned whole.
  init(_ scores: AnswerScores, trees: [AnswerTree], answers: [Int]) {
    for place in zip(scores.ranges, answers).flatMap({ $0.prefix($1).flatMap(\.self) }) {
      answerTokens += 1
      correct += scores.isGreedy[place] ? 1 : 0
      entropy += Double(scores.entropies[place])
    }
    tokens = Self.tokens(of: trees)
  }

  private static func tokens(of trees: [AnswerTree]) -> Int {
    trees.reduce(0) { $0 + $1.prompt.count + $1.answers.reduce(0) { $0 + $1.count } }
  }

  /// The sums as numbers, for messages.
  var sums: [Double] {
    [loss, Double(tokens), Double(answerTokens), Double(correct), entropy, beta] + preferences.sums
  }

  /// What ``sums`` are of.
  init(sums: [Double]) {
    (loss, tokens, answerTokens, correct) = (sums[0], Int(sums[1]), Int(sums[2]), Int(sums[3]))
    (entropy, beta, preferences) = (sums[4], sums[5], PreferenceMetrics(sums: Array(sums[6...])))
  }

  /// Adds another part of the step.
  package mutating func add(_ other: StepMetrics) {
    loss += other.loss
    tokens += other.tokens
    answerTokens += other.answerTokens
    correct += other.correct
    entropy += other.entropy
    preferences.add(other.preferences)
    beta = max(beta, other.beta)
  }

  /// Means under TRL's names.
  public var values: [(name: String, value: Double)] {
    let n = Double(max(1, answerTokens))
    return [("loss", loss), ("mean_token_accuracy", Double(correct) / n), ("entropy", entropy / n)]
      + preferences.values(beta: beta)
  }
}
