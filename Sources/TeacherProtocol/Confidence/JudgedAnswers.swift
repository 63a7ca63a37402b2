/// Answers whose truth is known, in an order of their own: by confidence, wrong before right.
///
/// Sums of numbers depend in their last digits on the order in which they are taken. Taken in this one, no figure depends on
/// the order in which the answers came.
///
/// - Precondition: as many outcomes as confidences, each confidence in 0...1.
func judgedInOrder(_ confidences: [Double], _ correct: [Bool]) -> [(confidence: Double, isRight: Bool)] {
  precondition(confidences.count == correct.count, "\(confidences.count) confidences, \(correct.count) answers")
  return zip(confidences, correct).map { confidence, isRight in
    precondition((0...1).contains(confidence), "a confidence of \(confidence), expected 0...1")
    // -0 becomes 0: they are equal and print differently.
    return (confidence: confidence + 0, isRight: isRight)
  }.sorted { ($0.confidence, $0.isRight ? 1 : 0) < ($1.confidence, $1.isRight ? 1 : 0) }
}
