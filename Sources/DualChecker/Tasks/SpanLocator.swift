internal import Foundation
internal import TeacherProtocol

/// Finds words that are quoted from a text.
///
/// The exact words are looked for first, where they begin and end as words do: "art" stands in "the art", not in "party".
/// Where there are none, the same run of whole tokens counts, letter case, width and marks ignored; then the exact words
/// within others; then the nearest run of tokens, of which one in eight may differ. Anything further away is not in the text.
/// Scripts without spaces (Han, Kana, Thai and others) have no word ends: there the exact words count everywhere.
///
/// ```swift
/// let locator = SpanLocator("Rain made the road wet.")
/// locator.ranges(of: "the road")   // [10..<18]
/// locator.ranges(of: "The  ROAD")  // [10..<18], by its tokens
/// locator.ranges(of: "ain")        // [1..<4], within a word, since it stands nowhere else
/// locator.ranges(of: "a road")     // []
/// ```
package struct SpanLocator: Sendable {
  private let scalars: [Unicode.Scalar]
  private let tokens: [WordToken]
  private let folded: [String]

  /// A locator in this text.
  package init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    tokens = WordToken.tokens(of: text).filter { $0.text.unicodeScalars.allSatisfy(Self.isWord) }
    folded = tokens.map { Self.folded($0.text) }
  }

  /// Every place where the words stand, from left to right, all of the first kind that there is.
  package func ranges(of quote: String) -> [Range<Int>] {
    let exact = substrings(Array(quote.trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars))
    let whole = exact.filter { isBoundary($0.lowerBound) && isBoundary($0.upperBound) }
    if !whole.isEmpty { return whole }
    let runs = tokenRuns(quote)
    return exact.isEmpty || runs.differences == 0 && !runs.places.isEmpty ? runs.places : exact
  }

  /// Whether no word goes on over this place.
  private func isBoundary(_ place: Int) -> Bool {
    guard place > 0, place < scalars.count else { return true }
    let (before, behind) = (scalars[place - 1], scalars[place])
    if behind.properties.generalCategory == .nonspacingMark { return false }
    // The point of a number is within it.
    let isPoint = { (scalar: Unicode.Scalar) in scalar == "." || scalar == "," }
    if isPoint(before), place > 1, Self.isDigit(scalars[place - 2]), Self.isDigit(behind) { return false }
    if isPoint(behind), place + 1 < scalars.count, Self.isDigit(before), Self.isDigit(scalars[place + 1]) {
      return false
    }
    return !Self.isWord(before) || !Self.isWord(behind) || !before.hasWordEnds || !behind.hasWordEnds
  }

  private func substrings(_ wanted: [Unicode.Scalar]) -> [Range<Int>] {
    guard !wanted.isEmpty, wanted.count <= scalars.count else { return [] }
    return (0...(scalars.count - wanted.count)).compactMap { start in
      guard scalars[start] == wanted[0], scalars[start..<(start + wanted.count)].elementsEqual(wanted) else {
        return nil
      }
      return start..<(start + wanted.count)
    }
  }

  /// The nearest runs of tokens, and in how many words they differ.
  private func tokenRuns(_ quote: String) -> (differences: Int, places: [Range<Int>]) {
    let wanted = WordToken.tokens(of: quote).filter { $0.text.unicodeScalars.allSatisfy(Self.isWord) }
      .map { Self.folded($0.text) }
    guard !wanted.isEmpty, wanted.count <= tokens.count else { return (0, []) }
    var best = (differences: wanted.count / 8, places: [Range<Int>]())
    for start in 0...(tokens.count - wanted.count) {
      let differences = zip(folded[start..<(start + wanted.count)], wanted).count { $0 != $1 }
      guard differences <= best.differences else { continue }
      let place = tokens[start].range.lowerBound..<tokens[start + wanted.count - 1].range.upperBound
      if differences < best.differences { best.places = [] }
      best = (differences, best.places + [place])
    }
    return best
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType == .decimal }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    return properties.isAlphabetic || properties.numericType != nil || properties.generalCategory == .nonspacingMark
  }

  private static func folded(_ token: String) -> String {
    token.folding(options: [.caseInsensitive, .widthInsensitive, .diacriticInsensitive], locale: nil)
  }
}
