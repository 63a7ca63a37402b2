public import Tensor

/// One prompt and several answers to it: the unit of training, evaluation and label scoring.
///
/// The prompt, images included, is computed once; every answer continues it as if it stood there alone. What comes out is
/// exactly what separate sequences would give, at the cost of the prompt once and each answer's own tokens.
public struct AnswerTree: Sendable {
  /// The prompt's tokens, one image token for each row of image features.
  public var prompt: [Int]
  /// The prompt's images in the order of their tokens.
  public var images: [PromptImage]
  /// The answers' tokens, each with its end-of-turn token.
  public var answers: [[Int]]
  /// How many tokens at the beginning of each answer are given, as a question's are, and have no scores; empty for none.
  package var given: [Int] = []

  /// A prompt with its answers.
  public init(prompt: [Int], images: [PromptImage] = [], answers: [[Int]]) {
    precondition(!prompt.isEmpty, "an answer tree needs a prompt: its last token predicts each answer's first")
    (self.prompt, self.images, self.answers) = (prompt, images, answers)
  }

  /// Each answer with how many of its first tokens are given.
  fileprivate var answersAndGiven: [(tokens: [Int], given: Int)] {
    guard !given.isEmpty else { return answers.map { ($0, 0) } }
    precondition(given.count == answers.count, "\(given.count) beginnings that are given for \(answers.count) answers")
    return zip(answers, given).map { ($0, $1) }
  }
}

/// Log-probabilities of the answers' tokens, packed tree by tree and answer by answer.
public struct AnswerScores: Sendable {
  /// In nats, [answer tokens]; gradients flow through it.
  public let logProbabilities: Tensor
  /// For each tree and each answer, its places in ``logProbabilities``.
  public let ranges: [[Range<Int>]]
  /// The entropy in nats of each place's distribution over the vocabulary.
  public let entropies: [Float]
  /// Whether each place's token is the most probable one.
  public let isGreedy: [Bool]

  /// Scores in this packing.
  public init(logProbabilities: Tensor, ranges: [[Range<Int>]], entropies: [Float], isGreedy: [Bool]) {
    (self.logProbabilities, self.ranges) = (logProbabilities, ranges)
    (self.entropies, self.isGreedy) = (entropies, isGreedy)
  }

  /// The log-probability of each whole answer, [answers] over all trees: sums over its tokens. Differentiable.
  public func answerTotals() -> Tensor {
    let all = ranges.flatMap { $0 }
    let selector = Tensor(shape: [all.count, logProbabilities.count]) { out in
      out.update(repeating: 0)
      for (row, range) in all.enumerated() { for i in range { out[row * logProbabilities.count + i] = 1 } }
    }
    return selector.matmul(logProbabilities.reshaped([-1, 1])).reshaped([-1])
  }
}

/// A model that gives log-probabilities of answers: a student, a reference, or a model of your own.
public protocol SequenceScorer: Sendable {
  /// The log-probability of each answer token given the prompt and the answer's earlier tokens.
  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores
}

/// The naive twin of prompt sharing: every answer as a sequence of its own, the prompt computed again for each.
public struct SeparateSequences<Scorer: SequenceScorer>: SequenceScorer {
  /// What scores the sequences.
  package let scorer: Scorer

  /// Expands trees for this scorer.
  public init(_ scorer: Scorer) { self.scorer = scorer }

  /// The scores of the expanded sequences, packed as those of the trees.
  public func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let parts = trees.flatMap { tree in
      tree.answersAndGiven.map { answer, given in
        var sequence = AnswerTree(prompt: tree.prompt, images: tree.images, answers: [answer])
        sequence.given = [given]
        return scorer.logProbabilities(of: [sequence])
      }
    }
    var at = 0
    let ranges = trees.map { tree in
      tree.answersAndGiven.map { answer, given -> Range<Int> in
        let first = at
        at += max(0, answer.count - given)
        return first..<at
      }
    }
    return AnswerScores(
      logProbabilities: parts.isEmpty ? .zeros([0]) : .concatenated(parts.map(\.logProbabilities)), ranges: ranges,
      entropies: parts.flatMap(\.entropies), isGreedy: parts.flatMap(\.isGreedy))
  }
}

/// Trees laid out as rows: what a decoder computes. The last token of an answer is only predicted, so it has no row.
public struct PackedTrees: Sendable {
  /// The token of each row.
  public private(set) var tokens: [Int] = []
  /// The position of each row; every answer goes on where the prompt ends.
  public private(set) var positions: [TokenPosition] = []
  /// The row from which each answer token is predicted that is not given.
  public private(set) var predictingRows: [Int] = []
  /// The answer tokens that are not given.
  public private(set) var targets: [Int] = []
  /// For each tree and answer, its places among the answer tokens.
  public private(set) var ranges: [[Range<Int>]] = []
  /// Which rows see which.
  public let layout: AttentionLayout
  /// The shape of each tree in rows.
  package let trees: [AttentionLayout.Tree]

  /// Lays out these trees one after the other.
  ///
  /// - Parameters:
  ///   - shared: how many tokens at the beginning of every prompt have no rows here: their keys and values are there
  ///     already and stand before those of the rows. The default is none.
  ///   - promptPositions: where the tokens of a tree's prompt stand. By default one after the other, as in text.
  ///   - blocks: runs of a tree's prompt that see each other both ways. By default none.
  /// - Precondition: every prompt goes on after its `shared` tokens, which end within no block.
  package init(
    _ trees: [AnswerTree], after shared: Int = 0,
    promptPositions: (AnswerTree) -> [TokenPosition] = { TokenPosition.run(0..<$0.prompt.count) },
    blocks: (AnswerTree) -> [Range<Int>]
  ) {
    self.trees = trees.map { tree in
      AttentionLayout.Tree(
        prompt: tree.prompt.count - shared, answers: tree.answers.map { max(0, $0.count - 1) },
        blocks: blocks(tree).after(shared))
    }
    layout = .trees(self.trees, after: shared)
    for tree in trees {
      precondition(tree.prompt.count > shared, "a prompt of \(tree.prompt.count) tokens of which \(shared) are shared")
      let lastOfPrompt = tokens.count + tree.prompt.count - shared - 1
      tokens += tree.prompt.dropFirst(shared)
      let places = promptPositions(tree)
      precondition(places.count == tree.prompt.count, "\(places.count) positions for \(tree.prompt.count) tokens")
      positions += places.dropFirst(shared)
      let start = places.next
      ranges.append(
        tree.answersAndGiven.map { answer, given in
          let first = targets.count
          targets += answer.dropFirst(given)
          let before = answer.indices.map { $0 == 0 ? lastOfPrompt : tokens.count + $0 - 1 }
          predictingRows += before.dropFirst(given)
          positions += TokenPosition.run(start..<(start + max(0, answer.count - 1)))
          tokens += answer.dropLast()
          return first..<targets.count
        })
    }
  }

  /// The same without blocks, as in text.
  public init(
    _ trees: [AnswerTree], after shared: Int = 0,
    promptPositions: (AnswerTree) -> [TokenPosition] = { TokenPosition.run(0..<$0.prompt.count) }
  ) {
    self.init(trees, after: shared, promptPositions: promptPositions, blocks: { _ in [] })
  }

  /// The different rows among ``predictingRows``, and the place of each predicting row among them.
  package var differentPredictingRows: (rows: [Int], places: [Int]) {
    var rows: [Int] = []
    var placeOf = [Int](repeating: -1, count: tokens.count)
    for row in predictingRows where placeOf[row] < 0 {
      placeOf[row] = rows.count
      rows.append(row)
    }
    return (rows, predictingRows.map { placeOf[$0] })
  }
}

extension [Range<Int>] {
  /// These runs of tokens as runs of the rows after the first so many tokens.
  ///
  /// - Precondition: none of them lies on both sides.
  package func after(_ tokens: Int) -> [Range<Int>] { within(tokens..<Int.max) }

  /// The runs that lie in a range, counted from its beginning.
  ///
  /// - Precondition: none of them lies on both sides of its ends.
  package func within(_ range: Range<Int>) -> [Range<Int>] {
    filter { $0.overlaps(range) }.map { run in
      precondition(run.lowerBound >= range.lowerBound && run.upperBound <= range.upperBound, "\(run) cut by \(range)")
      return (run.lowerBound - range.lowerBound)..<(run.upperBound - range.lowerBound)
    }
  }
}
