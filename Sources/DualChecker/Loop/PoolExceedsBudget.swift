extension LabellingTask.Kind {
  /// Questions that a labelled pool takes before the first record is labelled: each of its records is answered, and its label
  /// explained where labels are.
  package func poolQuestions(records: Int, explains: Bool) -> Int { records * (explains && self != .spans ? 2 : 1) }
}

/// A budget of questions that the labelled pool alone would overdraw or use up, so that no record would be labelled: nothing was
/// asked.
public struct PoolExceedsBudget: Error, Sendable, Equatable, CustomStringConvertible {
  /// The most questions of every kind that there may be.
  public let budget: Int
  /// Records of the pool.
  public let pool: Int
  /// The questions that these take.
  public let questions: Int

  /// Such a fault.
  package init(budget: Int, pool: Int, questions: Int) {
    (self.budget, self.pool, self.questions) = (budget, pool, questions)
  }

  /// The numbers, and what to do.
  public var description: String {
    let explained = questions > pool
    return "A budget of \(budget) does not reach the first record to label: the labelled pool takes \(questions) "
      + "questions before, as each of its records (\(pool)) is answered" + (explained ? " and its label explained" : "")
      + ". Raise the budget (loop.budget) by at least \(questions + 1 - budget), to \(questions + 1), or take a smaller pool "
      + "(aligner.pool)"
      + (explained ? ", or leave out the explanations (aligner.explain)." : ".")
  }
}
