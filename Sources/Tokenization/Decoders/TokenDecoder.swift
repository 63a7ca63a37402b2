/// A step that turns tokens back into text.
protocol TokenDecoder: TextStep {
  /// Rewrites the tokens; each stays UTF-8. The text is their join.
  func decode(_ tokens: [[UInt8]]) -> [[UInt8]]
}

extension TokenDecoder {
  /// Whether a decoder of this kind is the decoder or one of its steps.
  func contains(_ kind: any TokenDecoder.Type) -> Bool {
    if let sequence = self as? DecoderSequence { return sequence.steps.contains { $0.contains(kind) } }
    return type(of: self) == kind
  }
}

/// Several steps, one after the other.
struct DecoderSequence: TokenDecoder, TextStepSequence {
  var steps: [any TokenDecoder]

  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { steps.reduce(tokens) { $1.decode($0) } }
}

/// Reads the byte-level alphabet. Bytes that are no UTF-8 together become U+FFFD.
struct ByteLevelDecoder: TokenDecoder {
  func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
    // A token with a character outside the alphabet, as an added one may have, stands for itself.
    let bytes = tokens.flatMap { ByteLevelAlphabet.read($0) ?? $0 }
    return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
  }
}
