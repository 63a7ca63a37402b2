/// Where a token stands: in the text, and, for a feature of an image, in the image.
///
/// Tokens of text have one number on all three axes. In models with positions along several axes (M-RoPE, Wang et al. 2024)
/// the features of an image share their time and differ in row and column, and the text after the image goes on after the
/// largest number so far.
///
/// ```swift
/// TokenPosition.run(3..<5)                        // [3, 4]
/// TokenPosition(time: 7, row: 8, column: 9)       // a patch of an image
/// ```
public struct TokenPosition: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// The place in the text.
  package var time: Int
  /// The row of an image feature, counted from where the image begins.
  package var row: Int
  /// The column of an image feature, counted from where the image begins.
  package var column: Int

  /// A place on three axes.
  public init(time: Int, row: Int, column: Int) {
    (self.time, self.row, self.column) = (time, row, column)
  }

  /// A place in text.
  public init(_ place: Int) { self.init(time: place, row: place, column: place) }

  /// A place in text.
  public init(integerLiteral place: Int) { self.init(place) }

  /// The largest of the three numbers.
  package var last: Int { max(time, row, column) }

  /// The places of text, one after the other.
  public static func run(_ places: Range<Int>) -> [TokenPosition] { places.map { TokenPosition($0) } }
}

extension [TokenPosition] {
  /// Where the next token of text stands: after the largest number so far.
  public var next: Int { (map(\.last).max() ?? -1) + 1 }
}
