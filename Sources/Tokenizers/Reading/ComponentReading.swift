extension FieldReader {
  /// The normalizer that this object describes.
  func normalizer() throws -> any Normalizer {
    switch try string("type") {
    case "Sequence": return NormalizerSequence(steps: try readers("normalizers").map { try $0.normalizer() })
    default: throw unknown("normalizer")
    }
  }

  /// The pre-tokenizer that this object describes.
  func preTokenizer() throws -> any PreTokenizer {
    switch try string("type") {
    case "Sequence": return PreTokenizerSequence(steps: try readers("pretokenizers").map { try $0.preTokenizer() })
    case "ByteLevel":
      return ByteLevelPreTokenizer(
        addsPrefixSpace: try bool("add_prefix_space"), usesPattern: try bool("use_regex", default: true))
    case "Digits": return DigitsPreTokenizer(individually: try bool("individual_digits"))
    default: throw unknown("pre-tokenizer")
    }
  }

  /// The decoder that this object describes.
  func decoder() throws -> any TokenDecoder {
    switch try string("type") {
    case "Sequence": return DecoderSequence(steps: try readers("decoders").map { try $0.decoder() })
    case "ByteLevel": return ByteLevelDecoder()
    default: throw unknown("decoder")
    }
  }
}
