/// SentencePiece's table of replacements: a double-array trie from texts to places in a block of replacements.
///
/// Source: google/sentencepiece, `normalizer.cc`, and the double array of s-yata/darts-clone.
struct PrecompiledNormalizer: Normalizer {
  private let units: [UInt32]
  /// Replacements, each ended by a zero byte.
  private let replacements: [UInt8]
  /// Whether printable ASCII is left alone, so that a text of nothing else needs no look-up.
  private var sparesASCII = true
  /// The longest replacement, in bytes.
  let growth: Double

  /// Nil if the block isn't a trie followed by UTF-8.
  init?(_ block: [UInt8]) {
    guard block.count >= 4 else { return nil }
    /// Four bytes, the lowest first.
    func number(at start: Int) -> UInt32 {
      var number: UInt32 = 0
      for byte in block[start..<start + 4].reversed() { number = number << 8 | UInt32(byte) }
      return number
    }
    let size = Int(number(at: 0))
    guard size > 0, size % 4 == 0, block.count >= 4 + size else { return nil }
    units = stride(from: 4, to: 4 + size, by: 4).map(number(at:))
    replacements = Array(block[(4 + size)...])
    guard String(validating: replacements, as: UTF8.self) != nil else { return nil }
    growth = Double(replacements.split(separator: 0).reduce(1) { max($0, $1.count) })
    sparesASCII = (UInt8(0x20)..<0x7F).allSatisfy { replacement(of: [$0][...]) == nil }
  }

  func normalize(_ text: inout NormalizedText) {
    if sparesASCII, text.bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) { return }
    var changes: [(scalar: UInt32, change: Int)] = []
    var isChanged = false
    func replace(_ count: Int, with replacement: [UInt8]) {
      isChanged = true
      let scalars = replacement.scalars
      changes.append(contentsOf: scalars.map { ($0, 0) })
      let surplus = scalars.count - count
      if surplus > 0 {
        for i in changes.count - surplus..<changes.count { changes[i].change = 1 }
      } else if surplus < 0, !changes.isEmpty {
        changes[changes.count - 1].change += surplus
      }
    }
    // What users see as one character is looked up as a whole if it's short, and scalar by scalar otherwise. A look-up
    // gives the replacement of the shortest beginning that has one, and that stands for all of the character.
    for character in String(decoding: text.bytes, as: UTF8.self) {
      let bytes = Array(character.utf8)
      if bytes.count < 6, let replacement = replacement(of: bytes[...]) {
        replace(character.unicodeScalars.count, with: replacement)
        continue
      }
      var at = 0
      for scalar in character.unicodeScalars {
        let length = utf8Length(bytes[at])
        if let replacement = replacement(of: bytes[at..<at + length]) {
          replace(1, with: replacement)
        } else {
          changes.append((scalar.value, 0))
        }
        at += length
      }
    }
    if isChanged { text.transform(changes) }
  }

  private func replacement(of bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var found: [UInt8]?
    forEachReplacement(of: bytes, passesZeros: true) { _, replacement in
      found = replacement
      return false
    }
    return found
  }

  /// The replacement of the longest beginning of a text that has one, with the bytes that it replaces; nil if none has.
  func longestReplacement(of bytes: ArraySlice<UInt8>) -> (length: Int, replacement: [UInt8])? {
    var (longest, count) = ((length: Int, replacement: [UInt8])?.none, 0)
    forEachReplacement(of: bytes, passesZeros: false) { length, replacement in
      longest = (length, replacement)
      count += 1
      // SentencePiece's own limit.
      return count < 32
    }
    return longest
  }

  /// Reports the beginnings of a text that have a replacement, the shortest first, for as long as `body` returns true.
  ///
  /// - Parameter passesZeros: whether zero bytes are passed over, or nothing is found behind one.
  private func forEachReplacement(
    of bytes: ArraySlice<UInt8>, passesZeros: Bool, _ body: (_ length: Int, [UInt8]) -> Bool
  ) {
    func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
    var node = offset(units[0])
    for at in bytes.indices {
      let byte = bytes[at]
      if byte == 0 {
        guard passesZeros else { return }
        continue
      }
      node ^= Int(byte)
      guard node < units.count else { return }
      let unit = units[node]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return }
      node ^= offset(unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard node < units.count else { return }
      let start = Int(units[node] & (1 << 31 - 1))
      guard start <= replacements.count else { return }
      let end = replacements[start...].firstIndex(of: 0) ?? replacements.count
      // A place inside a character can't come from a sound table.
      guard start == end || replacements[start] & 0xC0 != 0x80 else { return }
      guard body(at + 1 - bytes.startIndex, Array(replacements[start..<end])) else { return }
    }
  }
}
