/// How probable each level of an ordered answer is, the lowest level first; levels are numbered from 0.
///
/// ```swift
/// let levels = LevelProbabilities([0.1, 0.6, 0.3])
/// levels.expected      // 1.2
/// levels.confidence    // 0.4
/// ```
package struct LevelProbabilities: Sendable, Equatable {
  /// One a level, with the sum 1.
  package let probabilities: [Double]

  package init(_ probabilities: [Double]) { self.probabilities = probabilities }

  /// The most probable level; of equals the lowest.
  package var best: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0 }

  /// The expected level, the sum of level x probability: 0 to the number of levels less 1.
  package var expected: Double { probabilities.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } }

  /// How near the other levels lie to the most probable one, 0...1, as transformers 5.24.0 has it (`Question.answer`): 1 less
  /// the expected distance from it as a share of the levels' mean distance from their middle. 1 for one level.
  package var confidence: Double {
    guard probabilities.count > 1 else { return 1 }
    let best = best
    let distance = probabilities.enumerated().reduce(0) { $0 + $1.element * Double(abs($1.offset - best)) }
    let middle = Double(probabilities.count - 1) / 2
    let even = probabilities.indices.reduce(0) { $0 + abs(Double($1) - middle) } / Double(probabilities.count)
    return max(0, 1 - distance / even)
  }
}
