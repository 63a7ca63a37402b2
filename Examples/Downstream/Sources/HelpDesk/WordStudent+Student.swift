import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor

/// The four functions that make a scorer a student.
extension WordStudent: Student {
  /// A picture as its colour statistics: one row of features.
  public func image(_ image: RGBImage) -> PromptImage {
    let count = Float(image.width * image.height)
    let channels = (0..<3).map { channel in
      stride(from: channel, to: image.pixels.count, by: 3).map { Float(image.pixels[$0]) / 255 }
    }
    let means = channels.map { $0.reduce(0, +) / count }
    let deviations = zip(channels, means).map { values, mean in
      (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }
    return PromptImage(.features(Tensor(means + deviations, shape: [1, Self.colourStatistics])))
  }

  /// Pictures are features already.
  public func encoded(_ image: PromptImage) -> PromptImage { image }

  /// One picture token for each picture, then the question's words; answers end with the end-of-turn token.
  public func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    let prompt = images.map { _ in Self.picture } + encode(question)
    guard !prompt.isEmpty else { throw StudentError.empty("question") }
    let endings = try answers.map { answer -> [Int] in
      let tokens = encode(answer)
      guard !tokens.isEmpty else { throw StudentError.empty("answer") }
      return tokens + [Self.endOfTurn]
    }
    return AnswerTree(prompt: prompt, images: images, answers: endings)
  }

  /// Goes on word by word.
  public func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    prompts.map { prompt in
      var answer: [Int] = []
      var isComplete = false
      while answer.count < maximumTokens, !isComplete {
        let next = sampling.token(from: logits(after: answer, to: prompt), using: &generator)
        isComplete = next == Self.endOfTurn
        if !isComplete { answer.append(next) }
      }
      return Generation(tokens: answer, text: answer.map { words[$0] }.joined(separator: " "), isComplete: isComplete)
    }
  }
}
