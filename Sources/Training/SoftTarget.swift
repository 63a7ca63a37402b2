public import Layers

/// A prompt with answers to learn and the probability of every option that an answer may begin with: soft targets (Hinton,
/// Vinyals and Dean 2015, arXiv 1503.02531), beside what each answer goes on with (a rationale, as in Hsieh et al. 2023,
/// "Distilling step-by-step", arXiv 2305.02301).
///
///     L = - Σ_answers Σ_options q(option) log P(option | prompt) - Σ_answers log P(rest | prompt, option)
///
/// Each answer's option, a hard target of probability 1, is replaced by all options with their probabilities q; the rest of
/// the answer is learned as it stands, given its own option. P is the student's over all texts, so that
///
///     - Σ q log P(option) = - Σ q log p(option) - log Z,    p = P / Z,    Z = Σ_options P(option)
///
/// is the cross-entropy over the options against each other, by which labels are scored, and one more term that teaches to
/// answer with an option at all. The least loss is where P is q. With all of q on the answers' own option it is, number by
/// number, ``SupervisedObjective``'s loss of the same tree.
///
/// ```swift
/// let (yes, no) = ([8505], [3084])                                      // their tokens
/// let prompt = AnswerTree(prompt: [8, 3], answers: [yes + [30, 2], no + [30, 2]])
/// let target = SoftTarget(prompt, begins: [0, 1], options: [yes, no], probabilities: [0.8, 0.2])
/// try trainer.train(&student, objective: SoftTargetObjective([target]))
/// ```
public struct SoftTarget: Sendable {
  /// The answers, then the options of some probability with which none of them begins: all have the prompt in common.
  public let tree: AnswerTree
  /// How much each token of each of the tree's answers counts.
  package let weights: [[Float]]
  /// How many of the tree's answers are learned whole.
  let written: Int

  /// A target.
  ///
  /// - Parameters:
  ///   - answers: the prompt with the answers to learn, at least one.
  ///   - begins: the option that each answer begins with, by number. Where a tokenizer makes other tokens of an option within
  ///     an answer, those that both begin with stand for it.
  ///   - options: the tokens of each option, at least one each; none begins with another.
  ///   - probabilities: q of each option, 0...1.
  /// - Precondition: an option for each answer, and a probability for each option; they add up to 1.
  public init(_ answers: AnswerTree, begins: [Int], options: [[Int]], probabilities: [Double]) {
    precondition(
      !begins.isEmpty && begins.count == answers.answers.count && begins.allSatisfy(options.indices.contains),
      "SoftTarget: answers \(begins) of \(answers.answers.count) begin with \(options.count) options")
    precondition(
      probabilities.count == options.count && probabilities.allSatisfy { $0 >= 0 }
        && abs(probabilities.reduce(0, +) - 1) < 1e-6, "SoftTarget: probabilities \(probabilities) of \(options.count)")
    var tree = answers
    // Tokens of each answer that its option has too.
    let lengths = zip(answers.answers, begins).map { answer, option in
      zip(answer, options[option]).prefix { $0 == $1 }.count
    }
    let count = Double(begins.count)
    // What all answers' options count together is dealt out among those that spell an option.
    let spelled = options.indices.map { option in zip(begins, lengths).count { $0 == option && $1 > 0 } }
    var weights = zip(answers.answers, zip(begins, lengths)).map { answer, beginning -> [Float] in
      let (option, length) = beginning
      guard length > 0 else { return [Float](repeating: 1, count: answer.count) }
      let share = Float(count * probabilities[option] / Double(spelled[option]))
      return answer.indices.map { $0 < length ? share : 1 }
    }
    for (option, tokens) in options.enumerated() where spelled[option] == 0 && probabilities[option] > 0 {
      tree.answers.append(tokens)
      weights.append([Float](repeating: Float(count * probabilities[option]), count: tokens.count))
    }
    (self.tree, self.weights, written) = (tree, weights, begins.count)
  }
}
