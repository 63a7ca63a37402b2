internal import DualChecker
internal import Foundation
internal import Layers

/// A student's answers that are dealt out to ranks, a batch at a time.
package enum DealtAnswers {
  /// Items that one rank answers together. Students go through theirs in batches of this size or of a divisor of it, so that an
  /// item has the same neighbours on any number of ranks.
  package static let batch = 32

  private struct Answer: Codable {
    var answer: TaskAnswer
    var probabilities: [Double]
  }

  /// Answers to so many items, in their order.
  ///
  /// - Parameter body: answers this rank's items, given by their numbers in ascending order.
  /// - Throws: ``RanksError``, and what `body` throws.
  static func answers(
    _ count: Int, among ranks: any Ranks, _ body: ([Int]) throws -> [StudentPrediction]
  ) throws -> [StudentPrediction] {
    guard ranks.count > 1 else { return try body(Array(0..<count)) }
    let batches = Array(0..<count).batches(of: batch)
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    let all = try ranks.dealt(batches.count, "the student's answers") { own in
      var found = try body(own.flatMap { batches[$0] })[...]
      return try own.map { number in
        let answers = found.prefix(batches[number].count)
        found = found.dropFirst(answers.count)
        return [UInt8](
          try encoder.encode(answers.map { Answer(answer: $0.answer, probabilities: $0.probabilities) }))
      }
    }
    return try all.flatMap {
      try PropertyListDecoder().decode([Answer].self, from: Data($0)).map {
        StudentPrediction(answer: $0.answer, probabilities: $0.probabilities)
      }
    }
  }
}
