extension LabellingTask.Kind {
  /// Questions that a labelled pool takes before the first record is labelled: each of its records is answered, and its label
  /// explained where labels are.
  package func poolQuestions(records: Int, explains: Bool) -> Int { records * (explains && self != .spans ? 2 : 1) }
}

/// A budget of questions that the labelled pool alone would overdraw, or use up where there are records to label: nothing was asked.
public struct PoolExceedsBudget: Error, Sendable, Equatable, CustomStringConvertible {
  /// The most questions of every kind that there may be.
  public let budget: Int
  /// Records of the pool.
  public let pool: Int
  /// The questions that these take.
  public let questions: Int
  /// The smallest budget that would do: room for one record besides, where the pool leaves any to label.
  public let least: Int

  /// Such a fault; nil where the budget suffices.
  ///
  /// - Parameter toLabel: records that are not of the pool.
  package init?(budget: Int, pool: Int, questions: Int, toLabel: Int) {
    least = questions + (toLabel > 0 ? 1 : 0)
    guard budget < least else { return nil }
    (self.budget, self.pool, self.questions) = (budget, pool, questions)
  }

  /// The numbers, and what to do.
  public var description: String {
    let explained = questions > pool
    let asked = "each of its records (\(pool)) is answered" + (explained ? " and its label explained" : "")
    return
      (least > questions
      ? "A budget of \(budget) does not reach the first record to label: the labelled pool takes \(questions) questions before, "
      : "A budget of \(budget) does not suffice for the labelled pool, which is all that there is and takes \(questions) questions, ")
      + "as \(asked). Raise the budget (loop.budget) by at least \(least - budget), to \(least), or take a smaller pool "
      + "(aligner.pool)"
      + (explained ? ", or leave out the explanations (aligner.explain)." : ".")
  }
}
