internal import LanguageModel
package import Layers
import StudentModels
internal import Tensor

/// A student's answer to one question: which label, how probable each, and what it says after it.
package struct LabelAnswer: Sendable {
  /// Probabilities of the labels against each other.
  package let probabilities: [Double]
  /// The most probable label, the first of equal ones.
  package let chosen: Int
  /// Whether another label is just as probable.
  package let isTied: Bool
  /// What the student goes on to say, without the mark that ends the label; empty if not asked for.
  package let rationale: String
  /// Whether the longest length ended it.
  package let isRationaleCut: Bool
}

/// How labels that other labels begin with are scored.
package enum LabelScoring: String, Sendable, Codable {
  /// Together with what ends them: "No" is not "No evidence".
  case ended
  /// By their words alone, as the first versions did: a label can't be less probable than one that goes on from it.
  case begun
}

extension Student {
  /// Answers to questions by their labels.
  ///
  /// - Parameters:
  ///   - rationaleTokens: the longest rationale, generated greedily after the label; 0 asks for none.
  ///   - scoring: how the labels' probabilities are made. The default is with what ends them.
  ///   - progress: told how many more answers are whole, from several threads. The default is nil.
  /// - Throws: a weight that is no number, where a probability is none.
  package func labelAnswers(
    _ questions: [LabelQuestion], rationaleTokens: Int, scoring: LabelScoring = .ended,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws(NonFiniteWeight) -> [LabelAnswer] {
    // In parts of many batches, for every core's sake, and for progress.
    let probabilities = questions.batches(of: 256).flatMap { part -> [[Double]] in
      defer { if rationaleTokens == 0 { progress?(part.count) } }
      switch scoring {
      case .ended:
        return zip(part, answerTotals(of: part.map(\.tree), batch: 16)).map { softmax($0.logProbabilities($1)) }
      case .begun: return answerProbabilities(part.map(\.words))
      }
    }
    if !probabilities.allSatisfy({ $0.allSatisfy(\.isFinite) }), let weight = NonFiniteWeight(in: self) { throw weight }
    let chosen = probabilities.map { p in p.indices.max { p[$0] < p[$1] } ?? 0 }
    var rationales = questions.map { _ in (text: "", isCut: false) }
    if rationaleTokens > 0 {
      let prompts = questions.indices.map { questions[$0].beginning(of: chosen[$0]) }
      let generations = mapInParallel(prompts.batches(of: 16)) { batch -> [Generation] in
        defer { progress?(batch.count) }
        var generator = Tensor.Generator(seed: 0)
        return generate(batch, maximumTokens: rationaleTokens, sampling: Sampling(), using: &generator)
      }
      rationales = generations.flatMap { $0 }.map {
        (String($0.text.drop { ".,: \n".contains($0) }), !$0.isComplete)
      }
    }
    return questions.indices.map { i in
      let p = probabilities[i]
      return LabelAnswer(
        probabilities: p, chosen: chosen[i], isTied: p.count { $0 == p[chosen[i]] } > 1,
        rationale: rationales[i].text, isRationaleCut: rationales[i].isCut)
    }
  }
}
