extension LabelledByTeacher {
  /// The other answers that were given, each with its probability, in the order of their keys; none where all that can be read
  /// say the same.
  ///
  /// The answer that counts is as probable as it is sure, and at least as probable as all others together, or else it would not
  /// count. What it leaves the others share by the odds of their replies. A word on which the replies differ is thus learned
  /// as undecided as they are, and one on which they agree as certain.
  func alternatives(by vote: SpanVote) -> [ProbableAnswer] {
    let given = Dictionary(grouping: replies.filter { $0.answer != nil && $0.answer != answer }) { $0.answer ?? "" }
    let others = given.sorted { $0.key < $1.key }.compactMap { key, replies in
      vote.task.answer(key: key).map { (answer: $0, odds: replies.reduce(0) { $0 + vote.odds(of: $1.confidence) }) }
    }
    let (all, left) = (others.reduce(0) { $0 + $1.odds }, 1 - max(sureness, 0.5))
    return others.map { ProbableAnswer($0.answer, probability: left * $0.odds / all) }
  }
}
