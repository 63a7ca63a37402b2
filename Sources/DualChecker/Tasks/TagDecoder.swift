internal import Foundation

/// The most probable sequence of tags in which every I- goes on with a span of its own type, and no span begins or ends inside
/// of a word (Viterbi 1967).
///
/// Tokens decided one by one tear spans apart: a single doubtful token in the middle begins another span. A vocabulary learned
/// from few texts cuts most words to pieces, each of which would be one more place at which a span may end too early.
package struct TagDecoder {
  /// For each tag, which tags it may follow.
  private let previous: [[Int]]
  /// The same within a word.
  private let previousInWord: [[Int]]
  private let starts: [Bool]

  package init(_ names: [String]) {
    previous = names.map { name in
      guard name.hasPrefix("I-") else { return Array(names.indices) }
      return names.indices.filter { names[$0] == name || names[$0] == "B-" + name.dropFirst(2) }
    }
    previousInWord = names.map { name in
      guard !name.hasPrefix("B-") else { return [] }
      return names.indices.filter { names[$0] == name || name.hasPrefix("I-") && names[$0] == "B-" + name.dropFirst(2) }
    }
    starts = names.map { !$0.hasPrefix("I-") }
  }

  /// Which tokens of a text go on with the word of the token before.
  ///
  /// - Parameter places: of the tokens, from left to right, in Unicode scalars of the text.
  package static func continuations(_ places: [Range<Int>], in text: String) -> [Bool] {
    let words = WordToken.tokens(of: text).map(\.range)
    var (continues, word, end) = ([Bool](), 0, 0)
    for place in places {
      while word < words.count, words[word].upperBound <= place.lowerBound { word += 1 }
      let isInside = word < words.count && words[word].lowerBound < place.lowerBound
      // Several tokens may be bytes of one character.
      continues.append(isInside || place.lowerBound < end)
      end = max(end, place.upperBound)
    }
    return continues
  }

  /// The places of the tags of tokens.
  ///
  /// - Parameters:
  ///   - rows: the tags' probabilities, [token][tag].
  ///   - continues: whether a token goes on with the word of the token before, one a token.
  package func tags(_ rows: [[Float]], continues: [Bool]) -> [Int] {
    precondition(rows.count == continues.count, "\(continues.count) tokens for \(rows.count) rows")
    guard let first = rows.first else { return [] }
    func logarithm(_ probability: Float) -> Double { log(max(1e-9, Double(probability))) }
    var scores = first.enumerated().map { starts[$0] ? logarithm($1) : -.infinity }
    var from: [[Int]] = []
    for (row, isInWord) in zip(rows, continues).dropFirst() {
      let best = (isInWord ? previousInWord : previous).map { allowed in
        allowed.dropFirst().reduce(allowed.first) { scores[$1] > scores[$0 ?? $1] ? $1 : $0 }
      }
      scores = row.indices.map { tag in best[tag].map { scores[$0] + logarithm(row[tag]) } ?? -.infinity }
      from.append(best.map { $0 ?? 0 })
    }
    var tag = scores.placeOfLargest
    var tags = [tag]
    for best in from.reversed() {
      tag = best[tag]
      tags.append(tag)
    }
    return tags.reversed()
  }
}
