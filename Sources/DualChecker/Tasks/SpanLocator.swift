internal import Foundation

/// Finds the words that somebody quotes from a text.
///
/// An exact substring is looked for first. Where there is none, the nearest run of whole tokens counts: letter case, width
/// and marks are ignored, and of every eight words one may differ. Anything further away is not in the text.
///
/// ```swift
/// let locator = SpanLocator("Rain made the road wet.")
/// locator.ranges(of: "the road")   // [10..<18]
/// locator.ranges(of: "The  ROAD")  // [10..<18], by its tokens
/// locator.ranges(of: "a road")     // []
/// ```
public struct SpanLocator: Sendable {
  private let scalars: [Unicode.Scalar]
  private let tokens: [WordToken]
  private let folded: [String]

  /// A locator in this text.
  public init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    tokens = WordToken.tokens(of: text).filter { $0.text.unicodeScalars.allSatisfy(Self.isWord) }
    folded = tokens.map { Self.folded($0.text) }
  }

  /// Every place where the words stand, from left to right: of the exact substring, or else of the nearest tokens.
  public func ranges(of quote: String) -> [Range<Int>] {
    let exact = substrings(Array(quote.trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars))
    return exact.isEmpty ? tokenRuns(quote) : exact
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

  private func tokenRuns(_ quote: String) -> [Range<Int>] {
    let wanted = WordToken.tokens(of: quote).filter { $0.text.unicodeScalars.allSatisfy(Self.isWord) }
      .map { Self.folded($0.text) }
    guard !wanted.isEmpty, wanted.count <= tokens.count else { return [] }
    var best = (differences: wanted.count / 8, places: [Range<Int>]())
    for start in 0...(tokens.count - wanted.count) {
      let differences = zip(folded[start..<(start + wanted.count)], wanted).count { $0 != $1 }
      guard differences <= best.differences else { continue }
      let place = tokens[start].range.lowerBound..<tokens[start + wanted.count - 1].range.upperBound
      if differences < best.differences { best.places = [] }
      best = (differences, best.places + [place])
    }
    return best.places
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    return properties.isAlphabetic || properties.numericType != nil || properties.generalCategory == .nonspacingMark
  }

  private static func folded(_ token: String) -> String {
    token.folding(options: [.caseInsensitive, .widthInsensitive, .diacriticInsensitive], locale: nil)
  }
}
