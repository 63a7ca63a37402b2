package import Evaluation
internal import LanguageModel
package import Layers
package import StudentModels
internal import Tensor

/// A student's answer to one question: which label, how probable each, and what it says after it.
package struct LabelAnswer: Sendable {
  /// Probabilities of the labels against each other, calibrated where that was asked for.
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
  ///   - calibration: of the probabilities, by which the label is chosen then. The default is nil: as they are.
  ///   - ranks: among which the questions are dealt out.
  ///   - kept: what earlier questions began with, where answers are not dealt out; nil where there is none.
  ///   - progress: told how many more answers are whole, from several threads. The default is nil.
  /// - Throws: `NonFiniteWeight` where a probability is no number; ``RanksError``.
  package func labelAnswers(
    _ questions: [LabelQuestion], rationaleTokens: Int, scoring: LabelScoring = .ended,
    calibration: StudentCalibration? = nil, ranks: any Ranks = OneRank(), keeping kept: KeptBeginnings? = nil,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws -> [LabelAnswer] {
    // In parts of many batches, for every core's sake, and for progress.
    let answers = try questions.batches(of: 256).flatMap { part -> [(totals: [Double], rationale: Generation?)] in
      // Of several ranks each knows what it has done itself.
      let isAlone = ranks.count == 1
      defer { if rationaleTokens == 0 || !isAlone { progress?(part.count) } }
      if rationaleTokens > 0 {
        return try scoredGenerations(
          of: part.map { $0.prompt(scoring, calibration) }, batch: 16, maximumTokens: rationaleTokens, ranks: ranks,
          keeping: kept, progress: isAlone ? progress : nil
        ).map { ($0.totals, $0.generation) }
      }
      let trees = part.map { $0.scored(scoring) }
      if isAlone, let kept, let reader = self as? any QuestionReader {
        return reader.answerTotals(of: trees, batch: 16, keeping: kept).map { ($0, nil) }
      }
      return try answerTotals(of: trees, batch: 16, ranks: ranks).map { ($0, nil) }
    }
    if !answers.allSatisfy({ $0.totals.allSatisfy(\.isFinite) }), let weight = NonFiniteWeight(in: self) {
      throw weight
    }
    return zip(questions, answers).map { question, answer in
      let choice = StudentCalibration.choice(softmax(question.scores(answer.totals, scoring)), by: calibration)
      let rationale = answer.rationale?.text.drop { ".,: \n".contains($0) } ?? ""
      return LabelAnswer(
        probabilities: choice.probabilities, chosen: choice.place, isTied: choice.isTied, rationale: String(rationale),
        isRationaleCut: answer.rationale?.isComplete == false)
    }
  }
}

extension LabelQuestion {
  /// The question with what is scored.
  fileprivate func scored(_ scoring: LabelScoring) -> AnswerTree {
    switch scoring {
    case .ended: tree
    case .begun: words
    }
  }

  /// What the labels' probabilities are made of.
  fileprivate func scores(_ totals: [Double], _ scoring: LabelScoring) -> [Double] {
    switch scoring {
    case .ended: logProbabilities(totals)
    case .begun: totals
    }
  }

  /// The question with what a rationale may follow.
  fileprivate func prompt(_ scoring: LabelScoring, _ calibration: StudentCalibration?) -> ScoredPrompt {
    ScoredPrompt(tree: scored(scoring), beginnings: settled) {
      StudentCalibration.choice(softmax(scores($0, scoring)), by: calibration).place
    }
  }
}
