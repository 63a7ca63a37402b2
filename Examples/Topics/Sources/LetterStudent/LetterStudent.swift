import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor

/// A student of our own, without a transformer: one linear layer over the question's words and the answer's previous letter.
package struct LetterStudent: Student {
  private var head: any Projection = Linear(weight: .zeros([128, 1024]))
  private let end = 10  // a line feed ends the answer

  package init() {}

  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &head, at: path.appending(component: "head"))
  }
  package func image(_ image: RGBImage) throws -> PromptImage { throw StudentError.readsNoImages }
  package func encoded(_ image: PromptImage) -> PromptImage { image }
  package func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    guard question.contains(where: \.isLetter), !answers.contains("") else {
      throw StudentError.empty("question or answer")
    }
    let words = question.split { !$0.isLetter }.map { $0.utf8.reduce(0) { (31 * $0 + Int($1)) % 896 } }
    return AnswerTree(prompt: words, answers: answers.map { $0.utf8.map { Int(min($0, 127)) } + [end] })
  }
  /// Which words the question has, and the letter before the next one, [1, 1024].
  private func features(_ tree: AnswerTree, _ previous: Int) -> Tensor {
    var row = [Float](repeating: 0, count: 1024)
    for word in tree.prompt { row[128 + word] = 1 }
    row[previous] = 1
    return Tensor(row, shape: [1, 1024])
  }
  package func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let rows = trees.flatMap { tree in
      tree.answers.flatMap { answer in ([end] + answer).prefix(answer.count).map { features(tree, $0) } }
    }
    let scores = TokenScores(hidden: .concatenated(rows), head: head.effectiveWeight(), targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      isGreedy: scores.isGreedy)
  }
  package func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    prompts.map { tree in
      var (tokens, next) = ([Int](), end)
      repeat {
        next = sampling.token(from: head(features(tree, next)).reshaped([-1]), using: &generator)
        tokens.append(next)
      } while next != end && tokens.count <= maximumTokens
      if next == end { tokens.removeLast() }
      let text = String(decoding: tokens.map(UInt8.init), as: UTF8.self)
      return Generation(tokens: tokens, text: text, isComplete: next == end)
    }
  }
}
