/// What BERT does to a text: cleans it, sets ideographs apart, strips accents, maps to lower case.
struct BertNormalizer: Normalizer {
  /// Whether control characters are deleted and all white space becomes a space.
  var cleansText: Bool
  /// Whether ideographs get spaces around them.
  var separatesIdeographs: Bool
  /// Whether accents are deleted.
  var stripsAccents: Bool
  /// Whether the text is mapped to lower case.
  var lowercases: Bool
  /// Two spaces around an ideograph of three bytes, a letter with its accent, a letter in lower case.
  var growth: Double { (separatesIdeographs ? 5.0 / 3 : 1) * (stripsAccents ? 3 : 1) * (lowercases ? 1.5 : 1) }

  func normalize(_ text: inout NormalizedText) {
    if text.bytes.isASCII, !text.bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      if lowercases { text.lowercase() }
      return
    }
    if cleansText {
      text.filter { !CharacterClass($0).isCleanedAway }
      text.transform(text.bytes.scalars.map { (CharacterClass($0).isWhitespace ? 0x20 : $0, 0) })
    }
    if separatesIdeographs {
      text.transform(
        text.bytes.scalars.flatMap { scalar -> [(scalar: UInt32, change: Int)] in
          Self.isIdeograph(scalar) ? [(0x20, 0), (scalar, 1), (0x20, 1)] : [(scalar, 0)]
        })
    }
    if stripsAccents {
      CanonicalForm.nfd.apply(to: &text)
      text.filter { !CharacterClass($0).isNonspacingMark }
    }
    if lowercases { text.lowercase() }
  }

  /// The blocks that BERT takes for Chinese.
  static func isIdeograph(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
      0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
