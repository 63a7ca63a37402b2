/// A step that divides text into the pieces that the model sees.
protocol PreTokenizer: TextStep {
  /// Divides, and where that is part of the step rewrites, the pieces that aren't tokens.
  func apply(to pieces: inout Pieces)
}

/// Several steps, one after the other.
struct PreTokenizerSequence: PreTokenizer, TextStepSequence {
  var steps: [any PreTokenizer]

  func apply(to pieces: inout Pieces) {
    for step in steps { step.apply(to: &pieces) }
  }
}

/// Splits numbers off: one by one or as runs.
struct DigitsPreTokenizer: PreTokenizer {
  /// Whether every digit makes a piece of its own.
  var individually: Bool

  func apply(to pieces: inout Pieces) {
    CharacterClass.withTable { table in
      pieces.divide { text, cut in
        var at = 0
        var wasNumeric = false
        while at < text.count {
          let (scalar, length) = decodeScalar(text, at)
          let isNumeric = CharacterClass(bits: table[Int(scalar)]).isNumeric
          if at > 0, isNumeric != wasNumeric || (isNumeric && individually) { cut(at) }
          wasNumeric = isNumeric
          at += length
        }
        cut(at)
      }
    }
  }
}
