/// What the components of a tokenizer ask of a scalar: its general category and the answers of the various Unicode
/// databases that Hugging Face's library consults, which are of different ages and so differ in a few scalars.
struct CharacterClass: Equatable {
  let bits: UInt16

  /// The general category as Oniguruma, the engine of `Split` patterns, has it.
  var category: GeneralCategory { GeneralCategory(rawValue: UInt8(bits & 31)) ?? .unassigned }
  /// White space: `\s` of patterns and the property of the same name.
  var isWhitespace: Bool { bits & 1 << 5 != 0 }
  /// `\w` of `Split` patterns.
  var isPatternWord: Bool { bits & 1 << 6 != 0 }
  /// `\w` of the Whitespace pre-tokenizer and of `single_word` tokens.
  var isWord: Bool { bits & 1 << 7 != 0 }
  /// What the Digits pre-tokenizer splits off.
  var isNumeric: Bool { bits & 1 << 8 != 0 }
  /// What the BertPreTokenizer and the Punctuation pre-tokenizer split off.
  var isPunctuation: Bool { bits & 1 << 9 != 0 }
  /// What BERT's `clean_text` deletes.
  var isCleanedAway: Bool { bits & 1 << 10 != 0 }
  /// What BERT's `strip_accents` deletes after decomposition.
  var isNonspacingMark: Bool { bits & 1 << 11 != 0 }
  /// What the StripAccents normalizer deletes.
  var isCombiningMark: Bool { bits & 1 << 12 != 0 }

  /// `\p{L}` of patterns.
  var isLetter: Bool { (1...5).contains(bits & 31) }
  /// `\p{N}` of patterns.
  var isNumber: Bool { (9...11).contains(bits & 31) }

  /// One entry per scalar, 2.2 MB, filled once in about a millisecond.
  private static let table: [UInt16] = {
    [UInt16](unsafeUninitializedCapacity: 0x110000) { buffer, count in
      var at = 0
      PackedNumbers.forEachGroup(of: CharacterClassData.runs) { run in
        buffer[at..<at + run[0]].initialize(repeating: UInt16(run[1]))
        at += run[0]
      }
      precondition(at == 0x110000, "the table of character classes must cover every scalar")
      count = at
    }
  }()

  /// Gives the table for many look-ups in a row.
  static func withTable<R>(_ body: (UnsafeBufferPointer<UInt16>) throws -> R) rethrows -> R {
    try table.withUnsafeBufferPointer(body)
  }

  init(bits: UInt16) { self.bits = bits }

  /// The class of a scalar.
  init(_ scalar: UInt32) { bits = Self.table[Int(scalar)] }
}

/// The general categories of Unicode, in the order of the generated table.
enum GeneralCategory: UInt8, CaseIterable {
  case unassigned, uppercaseLetter, lowercaseLetter, titlecaseLetter, modifierLetter, otherLetter
  case nonspacingMark, spacingMark, enclosingMark
  case decimalNumber, letterNumber, otherNumber
  case connectorPunctuation, dashPunctuation, openPunctuation, closePunctuation, initialPunctuation
  case finalPunctuation, otherPunctuation
  case mathSymbol, currencySymbol, modifierSymbol, otherSymbol
  case spaceSeparator, lineSeparator, paragraphSeparator
  case control, format, privateUse

  /// The two-letter names, in the order of the cases.
  private static let names = [
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
    "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co",
  ]

  /// The categories that a name such as `L`, `Lu` or `N` stands for, as a bit set over raw values; nil for others.
  static func mask(named name: String) -> UInt32? {
    var mask: UInt32 = 0
    for (value, full) in names.enumerated() where full == name || String(full.prefix(1)) == name {
      mask |= 1 << UInt32(value)
    }
    return mask == 0 ? nil : mask
  }
}
