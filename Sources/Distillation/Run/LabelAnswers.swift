internal import LanguageModel
internal import Layers
internal import Student
internal import Tensor

/// A student's answer to one question: which label, how probable each, and what it says after it.
struct LabelAnswer: Sendable {
  /// Probabilities of the labels against each other.
  let probabilities: [Double]
  /// The most probable label, the first of equal ones.
  let chosen: Int
  /// Whether another label is just as probable.
  let isTied: Bool
  /// What the student goes on to say, without the mark that ends the label; empty if not asked for.
  let rationale: String
}

extension Student {
  /// Answers to questions whose answers are the labels' beginnings.
  ///
  /// - Parameters:
  ///   - questions: trees with one answer a label, without end-of-turn tokens.
  ///   - rationaleTokens: the longest rationale, generated greedily after the label; 0 asks for none.
  func labelAnswers(_ questions: [AnswerTree], rationaleTokens: Int) -> [LabelAnswer] {
    let probabilities = answerProbabilities(questions)
    let chosen = probabilities.map { p in p.indices.max { p[$0] < p[$1] } ?? 0 }
    var rationales = [String](repeating: "", count: questions.count)
    if rationaleTokens > 0 {
      let prompts = questions.indices.map { i in
        AnswerTree(
          prompt: questions[i].prompt + questions[i].answers[chosen[i]], images: questions[i].images, answers: [])
      }
      let generations = mapInParallel(prompts.batches(of: 16)) { batch -> [Generation] in
        var generator = Tensor.Generator(seed: 0)
        return generate(batch, maximumTokens: rationaleTokens, sampling: Sampling(), using: &generator)
      }
      rationales = generations.flatMap { $0 }.map { String($0.text.drop { ".,: \n".contains($0) }) }
    }
    return questions.indices.map { i in
      let p = probabilities[i]
      return LabelAnswer(
        probabilities: p, chosen: chosen[i], isTied: p.count { $0 == p[chosen[i]] } > 1, rationale: rationales[i])
    }
  }
}

extension AnswerTree {
  /// The tree with its answers' last tokens, the ends of turn, taken off: answers as beginnings of longer ones.
  func withoutEndOfTurn() -> AnswerTree {
    AnswerTree(prompt: prompt, images: images, answers: answers.map { Array($0.dropLast()) })
  }
}
