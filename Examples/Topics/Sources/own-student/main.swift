import Distillation
import ImageDecoding
import LanguageModel
import Layers
import Student
import Tensor

/// A student without a transformer: one linear layer over the question's letters and the answer's previous letter.
struct LetterStudent: Student {
  private var head: any Projection = Linear(weight: .zeros([128, 256]))
  private let end = 10  // a line feed ends the answer

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &head, at: path.appending(component: "head"))
  }
  func image(_ image: RGBImage) throws -> PromptImage { throw StudentError.readsNoImages }
  func encoded(_ image: PromptImage) -> PromptImage { image }
  func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    guard !question.isEmpty, !answers.contains("") else { throw StudentError.empty("question or an answer") }
    let tokens = ([question] + answers).map { $0.utf8.map { Int(min($0, 127)) } }
    return AnswerTree(prompt: tokens[0], answers: tokens.dropFirst().map { $0 + [end] })
  }
  /// Which letters the question has, and the letter before the next one, [1, 256].
  private func features(_ tree: AnswerTree, _ previous: Int) -> Tensor {
    Tensor((0..<256).map { tree.prompt.contains($0) || $0 == 128 + previous ? 1 : 0 }, shape: [1, 256])
  }
  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    let packed = PackedTrees(trees)
    let rows = trees.flatMap { tree in tree.answers.flatMap { ([end] + $0.dropLast()).map { features(tree, $0) } } }
    let scores = TokenScores(hidden: .concatenated(rows), head: head.denseWeight(), targets: packed.targets)
    return AnswerScores(
      logProbabilities: scores.logProbabilities, ranges: packed.ranges, entropies: scores.entropies,
      meanLogits: scores.meanLogits, isGreedy: scores.isGreedy)
  }
  func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    prompts.map { tree in
      var (tokens, next) = ([Int](), end)
      repeat {
        next = sampling.token(from: head(features(tree, next)).reshaped([-1]), using: &generator)
        tokens.append(next)
      } while next != end && tokens.count <= maximumTokens
      if next == end { tokens.removeLast() }
      return Generation(
        tokens: tokens, text: String(decoding: tokens.map(UInt8.init), as: UTF8.self), isComplete: next == end)
    }
  }
}

var student = LetterStudent()
let lessons = [("leak", "urgent"), ("fire", "urgent"), ("lamp", "routine"), ("door", "routine")]
let trees = try lessons.map { try student.tree(question: $0, images: [], answers: [$1]) }
var options = TrainingOptions()
(options.epochs, options.learningRate) = (100, 0.1)
try Trainer(stage: "lessons", options: options, seed: 1).train(&student, objective: SupervisedObjective(trees))
var generator = Tensor.Generator(seed: 1)
let said = student.generate(trees, maximumTokens: 10, sampling: Sampling(), using: &generator).map(\.text)
print(zip(lessons, said).map { "\($0.0) -> \($1)" }, "reading \(student.parameterCount()) weights")
precondition(said == lessons.map(\.1), "the student says \(said)")
