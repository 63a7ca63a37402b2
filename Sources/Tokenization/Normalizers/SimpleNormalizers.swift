/// Brings the text into a Unicode normalization form.
struct FormNormalizer: Normalizer {
  var form: CanonicalForm
  /// U+FDFA, of three bytes, becomes 18 characters of 33.
  var growth: Double { 11 }

  func normalize(_ text: inout NormalizedText) { form.apply(to: &text) }
}

/// Maps to lower case.
struct LowercaseNormalizer: Normalizer {
  /// U+023A, of two bytes, becomes one of three.
  var growth: Double { 1.5 }

  func normalize(_ text: inout NormalizedText) { text.lowercase() }
}

/// Deletes combining marks; to be of use, the text must be decomposed before.
struct StripAccentsNormalizer: Normalizer {
  func normalize(_ text: inout NormalizedText) {
    if text.bytes.isASCII { return }
    text.filter { !CharacterClass($0).isCombiningMark }
  }
}

/// Deletes white space at the ends.
struct StripNormalizer: Normalizer {
  var left: Bool
  var right: Bool

  func normalize(_ text: inout NormalizedText) {
    let (leading, trailing) = text.bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      var end = bytes.count
      while left, start < end, CharacterClass(decodeScalar(bytes, start).scalar).isWhitespace {
        start += utf8Length(bytes[start])
      }
      while right, end > start {
        let (scalar, length) = decodeScalar(bytes, before: end)
        guard CharacterClass(scalar).isWhitespace else { break }
        end -= length
      }
      return (start, bytes.count - end)
    }
    if leading + trailing > 0 { text.trim(leading: leading, trailing: trailing) }
  }
}

/// Puts a text before every text that isn't empty.
struct PrependNormalizer: Normalizer {
  var prefix: [UInt8]
  var growth: Double { 1 + Double(prefix.count) }

  func normalize(_ text: inout NormalizedText) { text.prepend(prefix) }
}

/// Replaces what a pattern matches.
struct ReplaceNormalizer: Normalizer {
  var pattern: TextPattern
  var content: [UInt8]
  var growth: Double { pattern.growth(replacedBy: content) }

  func normalize(_ text: inout NormalizedText) {
    var ranges: [Range<Int>] = []
    var steps = text.patternSteps
    text.bytes.withUnsafeBufferPointer { bytes in
      pattern.forEachMatch(in: bytes, &steps) { ranges.append($0..<$1) }
    }
    text.patternSteps = steps
    text.replace(ranges, with: content)
  }
}

/// Spells every byte in the byte-level alphabet.
struct ByteLevelNormalizer: Normalizer {
  var growth: Double { 2 }

  func normalize(_ text: inout NormalizedText) { text.spellBytes() }
}
