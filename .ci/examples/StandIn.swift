import Foundation
import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor

/// A value of whatever type is asked for: examples are compiled and never run.
func standIn<Value>() -> Value { fatalError() }

let folder: URL = standIn()
let file: URL = standIn()

/// A student of a known type, as generic functions want one.
struct MyStudent: Student {
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {}
  func image(_ image: RGBImage) throws -> PromptImage { standIn() }
  func encoded(_ image: PromptImage) -> PromptImage { standIn() }
  func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree { standIn() }
  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores { standIn() }
  func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] { standIn() }
}
