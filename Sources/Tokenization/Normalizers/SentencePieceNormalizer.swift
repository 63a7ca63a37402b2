/// What SentencePiece does to a text before it divides it: replaces what its table has, drops spaces that are too many, makes the
/// others visible and puts one before the text.
///
/// Source: google/sentencepiece 0.2, `normalizer.cc`.
struct SentencePieceNormalizer: Normalizer {
  /// Which stretches between special tokens get a space before them.
  enum Prefix: Sendable {
    case none
    /// The one at the beginning of the text.
    case first
    case each
  }

  /// SentencePiece's visible space, U+2581.
  static let space: [UInt8] = [0xE2, 0x96, 0x81]

  /// The replacements; nil for none. The longest beginning of what is left is replaced each time.
  var table: PrecompiledNormalizer?
  /// What stays as it is: the pieces that users have defined.
  var kept: TokenTrie
  var prefix: Prefix
  /// Whether spaces at the ends are dropped, and several in a row taken for one.
  var removesExtraSpaces: Bool
  /// Whether spaces become visible.
  var escapesSpaces: Bool

  /// A replacement of nothing but spaces, and the space before the text.
  var growth: Double { 3 * (table?.growth ?? 1) + 3 }

  func normalize(_ text: inout NormalizedText) {
    let (source, tracks) = (text.bytes, text.tracks)
    let isPrefixed = prefix == .each || prefix == .first && text.origin == 0
    let visible = escapesSpaces ? Self.space : [UInt8(ascii: " ")]
    var (at, bytes, alignment) = (0, [UInt8](), [Alignment]())
    bytes.reserveCapacity(source.count + source.count / 2 + 3)
    if tracks { alignment.reserveCapacity(source.count + source.count / 2 + 3) }
    func append(_ new: ArraySlice<UInt8>, _ span: Range<Int>) {
      bytes += new
      guard tracks else { return }
      let from = Alignment(start: text.alignment[span.lowerBound].start, end: text.alignment[span.upperBound - 1].end)
      alignment.append(contentsOf: repeatElement(from, count: new.count))
    }
    let spaceByte = UInt8(ascii: " ")
    if removesExtraSpaces {
      while at < source.count {
        let next = self.next(source, at)
        guard next.bytes.elementsEqual([spaceByte]) else { break }
        at = next.end
      }
    }
    guard at < source.count else { return text.rewrite([], []) }
    if isPrefixed { append(visible[...], at..<at + 1) }
    var followsSpace = removesExtraSpaces
    while at < source.count {
      let next = self.next(source, at)
      let written = followsSpace ? next.bytes.drop { $0 == spaceByte } : next.bytes
      if !written.isEmpty {
        if escapesSpaces, written.contains(spaceByte) {
          for byte in written { append(byte == spaceByte ? visible[...] : [byte], at..<next.end) }
        } else {
          append(written, at..<next.end)
        }
        followsSpace = removesExtraSpaces && written.last == spaceByte
      }
      at = next.end
    }
    if removesExtraSpaces {
      var end = bytes.count
      while end >= visible.count, bytes[end - visible.count..<end].elementsEqual(visible) { end -= visible.count }
      if tracks { alignment.removeLast(bytes.count - end) }
      bytes.removeLast(bytes.count - end)
    }
    text.rewrite(bytes, alignment)
  }

  /// What is written for the next character or characters of a text, and where they end.
  private func next(_ source: [UInt8], _ at: Int) -> (bytes: ArraySlice<UInt8>, end: Int) {
    if kept.nodeCount > 1 {
      var longest = at
      source.withUnsafeBufferPointer { kept.forEachToken(in: $0, from: at) { end, _ in longest = end } }
      if longest > at { return (source[at..<longest], longest) }
    }
    // A damaged table could lead through all of the text each time; what tables in use replace has some 30 bytes.
    let near = source[at..<min(source.count, at + 256)]
    if let found = table?.longestReplacement(of: near) { return (found.replacement[...], at + found.length) }
    let end = at + utf8Length(source[at])
    return (source[at..<end], end)
  }
}
