package import TeacherProtocol

/// An item that a teacher answered in more than one way: the answer that counts, and those that were given up for it.
///
/// Where asking again changed an answer, the teacher itself has said which one is better. A student that learns from
/// preferences takes such pairs as they are.
package struct AnswerPair: Sendable, Equatable {
  package var item: Item
  /// The answer that counts.
  package var chosen: TaskAnswer
  /// The other answers, each once, in the order in which they were given; at least one.
  package var rejected: [TaskAnswer]

  package init(item: Item, chosen: TaskAnswer, rejected: [TaskAnswer]) {
    self.item = item
    self.chosen = chosen
    self.rejected = rejected
  }
}

extension DualCheckerLoop {
  /// The items whose replies disagree, in the order of labelling. Replies without a readable answer are no answers.
  package func disagreements(_ state: LoopState) -> [AnswerPair] {
    let byID = Dictionary(uniqueKeysWithValues: items.map { ($0.id, $0) })
    return state.labelled.compactMap { kept in
      guard let item = byID[kept.item], let key = kept.answer, let chosen = task.answer(key: key) else { return nil }
      var seen: Set<String> = [key]
      let others = kept.replies.compactMap(\.answer).filter { seen.insert($0).inserted }.compactMap(task.answer(key:))
      return others.isEmpty ? nil : AnswerPair(item: item, chosen: chosen, rejected: others)
    }
  }
}
