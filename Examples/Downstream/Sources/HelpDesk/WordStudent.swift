import Layers
import Tensor

/// A student of our own: a log-linear model over the words of a message, the colours of its pictures and the answer's
/// previous word. It has one matrix, which adapters can wrap, and no transformer.
///
/// logits of the next word = W · [word counts, colour statistics, previous word]
public struct WordStudent: Module, SequenceScorer {
  static let endOfTurn = 0, picture = 1, unknown = 2
  /// Mean and standard deviation of red, green and blue, each 0...1.
  static let colourStatistics = 6

  /// The text of each token.
  let words: [String]
  private let tokens: [String: Int]
  /// W [words, features].
  private var head: any Projection

  /// A student that knows the words of these texts and nothing about them.
  public init(vocabulary texts: [String]) {
    words = ["<end>", "<picture>", "<unknown>"] + Set(texts.flatMap(Self.split)).sorted()
    tokens = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
    head = Linear(weight: .zeros([words.count, 2 * words.count + Self.colourStatistics]))
  }

  /// Shows the one projection, `head`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &head, at: path.appending(component: "head"))
  }

  /// The log-probability of each answer token.
  public func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let rows = trees.flatMap { tree in
      let prompt = promptFeatures(of: tree)
      return tree.answers.flatMap { answer in
        zip([Self.endOfTurn] + answer.dropLast(), answer).map { previous, _ in row(prompt, previous: previous) }
      }
    }
    let scores = TokenScores(
      hidden: Tensor(rows.flatMap { $0 }, shape: [rows.count, 2 * words.count + Self.colourStatistics]),
      head: head.effectiveWeight(), targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
  }

  /// The logits of the word that follows, [words].
  func logits(after answer: [Int], to tree: AnswerTree) -> Tensor {
    let features = row(promptFeatures(of: tree), previous: answer.last ?? Self.endOfTurn)
    return head(Tensor(features, shape: [1, features.count])).reshaped([-1])
  }

  /// The tokens of a text.
  func encode(_ text: String) -> [Int] { Self.split(text).map { tokens[$0] ?? Self.unknown } }

  /// Which words the prompt has, and the mean of its pictures' statistics.
  private func promptFeatures(of tree: AnswerTree) -> [Float] {
    var features = [Float](repeating: 0, count: words.count + Self.colourStatistics)
    for token in tree.prompt { features[token] = 1 }
    for case .features(let statistics) in tree.images.map(\.content) {
      for (i, value) in statistics.scalars.enumerated() {
        features[words.count + i] += value / Float(tree.images.count)
      }
    }
    return features
  }

  private func row(_ prompt: [Float], previous: Int) -> [Float] {
    var oneHot = [Float](repeating: 0, count: words.count)
    oneHot[previous] = 1
    return prompt + oneHot
  }

  private static func split(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter }.map(String.init)
  }
}
