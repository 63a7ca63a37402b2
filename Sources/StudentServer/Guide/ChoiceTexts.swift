/// Texts of which an answer is to be one, in the order of their bytes, so that those with one beginning lie together and
/// are found by halving: a request may list tens of thousands, and each token of the model is tried.
struct ChoiceTexts: Sendable, Equatable {
  private let texts: [[UInt8]]

  init(_ texts: [String]) {
    self.texts = Set(texts.map { Array($0.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The texts themselves.
  var strings: [String] { texts.map { String(decoding: $0, as: UTF8.self) } }

  /// All of them.
  var all: Range<Int> { texts.indices }

  /// Those of a range, which begin with the same `at` bytes, that go on with this one.
  func going(on byte: UInt8, at: Int, in range: Range<Int>) -> Range<Int> {
    /// The first text whose next byte is at least this one; the text that ends here comes before all others.
    func first(_ least: Int) -> Int {
      var (low, high) = (range.lowerBound, range.upperBound)
      while low < high {
        let middle = (low + high) / 2
        let next = texts[middle].count > at ? Int(texts[middle][at]) : -1
        if next < least { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return first(Int(byte))..<first(Int(byte) + 1)
  }

  /// Whether one of a range, which begin with the same bytes, has so many and no more.
  func ends(at count: Int, in range: Range<Int>) -> Bool { !range.isEmpty && texts[range.lowerBound].count == count }

  /// The bytes that one of a range goes on with, each with those that do.
  func continuations(at: Int, in range: Range<Int>) -> [(byte: UInt8, range: Range<Int>)] {
    var found: [(byte: UInt8, range: Range<Int>)] = []
    var next = range.lowerBound + (ends(at: at, in: range) ? 1 : 0)
    while next < range.upperBound {
      let byte = texts[next][at]
      let same = going(on: byte, at: at, in: next..<range.upperBound)
      found.append((byte, same))
      next = same.upperBound
    }
    return found
  }

  /// Whether those of a range, which have a byte in common, begin with this one.
  func begin(with byte: UInt8, in range: Range<Int>) -> Bool { texts[range.lowerBound].first == byte }
}
