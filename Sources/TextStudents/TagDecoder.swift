internal import Foundation

/// The most probable sequence of tags in which every I- goes on with a span of its own type (Viterbi 1967).
///
/// Tokens decided one by one tear spans apart: a single doubtful token in the middle begins another span.
struct TagDecoder {
  /// For each tag, which tags it may follow.
  private let previous: [[Int]]
  private let starts: [Bool]

  init(_ names: [String]) {
    previous = names.map { name in
      guard name.hasPrefix("I-") else { return Array(names.indices) }
      return names.indices.filter { names[$0] == name || names[$0] == "B-" + name.dropFirst(2) }
    }
    starts = names.map { !$0.hasPrefix("I-") }
  }

  /// The places of the tags of tokens, from the tags' probabilities [token][tag].
  func tags(_ rows: [[Float]]) -> [Int] {
    guard let first = rows.first else { return [] }
    func logarithm(_ probability: Float) -> Double { log(max(1e-9, Double(probability))) }
    var scores = first.enumerated().map { starts[$0] ? logarithm($1) : -.infinity }
    var from: [[Int]] = []
    for row in rows.dropFirst() {
      let best = previous.map { allowed in allowed.reduce(allowed[0]) { scores[$1] > scores[$0] ? $1 : $0 } }
      scores = row.indices.map { scores[best[$0]] + logarithm(row[$0]) }
      from.append(best)
    }
    var tag = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    var tags = [tag]
    for best in from.reversed() {
      tag = best[tag]
      tags.append(tag)
    }
    return tags.reversed()
  }
}
