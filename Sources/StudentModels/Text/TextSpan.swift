/// A marked part of a text.
public struct TextSpan: Sendable, Equatable {
  /// The class, without "B-" or "I-".
  public var label: String
  /// Where it stands, in Unicode scalars from the text's start, as Python counts.
  public var range: Range<Int>
  /// The mean probability of its tokens' classes, in 0...1. The default is 1.
  public var probability: Double

  /// A marked part.
  public init(label: String, range: Range<Int>, probability: Double = 1) {
    (self.label, self.range, self.probability) = (label, range, probability)
  }

  /// The words of the span.
  ///
  /// - Precondition: the span lies inside the text.
  public func text(in text: String) -> String {
    let scalars = text.unicodeScalars
    let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
    return String(scalars[start..<scalars.index(start, offsetBy: range.count)])
  }

  /// The span without white space at its ends, which some tokenizers count to the words; nil if nothing is left.
  package func trimmed(in text: String) -> TextSpan? {
    let words = self.text(in: text).unicodeScalars
    let leading = words.prefix { $0.properties.isWhitespace }.count
    let trailing = words.reversed().prefix { $0.properties.isWhitespace }.count
    guard leading + trailing < words.count else { return nil }
    var result = self
    result.range = (range.lowerBound + leading)..<(range.upperBound - trailing)
    return result
  }

  /// The spans that classes of tokens stand for, from left to right.
  ///
  /// - Parameter tokens: of one text, in order: class, place, probability of the class.
  package static func spans(of tokens: [(name: String, place: Range<Int>, probability: Double)]) -> [TextSpan] {
    var (spans, members, isOpen) = ([TextSpan](), 0.0, false)
    for (name, place, probability) in tokens {
      guard name != "O" else {
        isOpen = false
        continue
      }
      let label = name.hasPrefix("B-") || name.hasPrefix("I-") ? String(name.dropFirst(2)) : name
      if isOpen, !name.hasPrefix("B-"), let last = spans.last, last.label == label {
        let end = max(last.range.upperBound, place.upperBound)
        let mean = (last.probability * members + probability) / (members + 1)
        spans[spans.count - 1] = TextSpan(label: label, range: last.range.lowerBound..<end, probability: mean)
        members += 1
      } else {
        spans.append(TextSpan(label: label, range: place, probability: probability))
        (members, isOpen) = (1, true)
      }
    }
    return spans
  }
}
