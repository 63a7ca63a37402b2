import TeacherProtocol

extension Reliability {
  /// Sorts the predictions that carry a confidence; the others are left out.
  package init(of predictions: [Prediction], on split: TestSplit, bins: Int = 10) {
    let truth = Dictionary(uniqueKeysWithValues: split.items.map { ($0.id, $0.label) })
    let stated = predictions.filter { truth[$0.itemID] != nil && $0.confidence != nil }
    self.init(
      confidences: stated.map { $0.confidence ?? 0 }, correct: stated.map { truth[$0.itemID] == $0.label }, bins: bins)
  }
}
