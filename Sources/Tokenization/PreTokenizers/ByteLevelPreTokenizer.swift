/// GPT-2's pre-tokenizer: splits with its pattern and spells every byte as a visible character.
struct ByteLevelPreTokenizer: PreTokenizer {
  /// Whether a text that does not begin with a space is given one.
  var addsPrefixSpace: Bool
  /// Whether the text is split with GPT-2's pattern.
  var usesPattern: Bool
  /// Whether the bytes are spelled; not when the model reads raw bytes.
  var spellsBytes = true
  /// A space before a piece, and two bytes for one.
  var growth: Double { (addsPrefixSpace ? 2 : 1) * 2 }

  func apply(to pieces: inout Pieces) {
    if addsPrefixSpace {
      pieces.rewrite { text in
        if text.bytes.first != UInt8(ascii: " ") { text.prepend([UInt8(ascii: " ")]) }
      }
    }
    if usesPattern { WordPattern.gpt2.divide(&pieces) }
    if spellsBytes { pieces.rewrite { $0.spellBytes() } }
  }
}

extension NormalizedText {
  /// Spells every byte in the byte-level alphabet.
  mutating func spellBytes() {
    var spelled: [UInt8] = []
    spelled.reserveCapacity(bytes.count * 2)
    var aligned: [Alignment] = []
    for i in bytes.indices {
      let spelling = ByteLevelAlphabet.spellings[Int(bytes[i])]
      spelled.append(contentsOf: spelling)
      if tracks { for _ in spelling { aligned.append(alignment[i]) } }
    }
    let steps = patternSteps
    self = NormalizedText(spelled, tracks ? aligned : nil)
    patternSteps = steps
  }
}
