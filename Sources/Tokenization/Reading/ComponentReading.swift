extension FieldReader {
  /// The normalizer that this object describes.
  func normalizer() throws -> any Normalizer {
    let type = try string("type")
    if let form = CanonicalForm(rawValue: type) { return FormNormalizer(form: form) }
    switch type {
    case "Sequence":
      return NormalizerSequence(
        steps: try steps("normalizers") {
          try $0.normalizer()
        } inner: {
          ($0 as? NormalizerSequence)?.steps
        })
    case "Lowercase": return LowercaseNormalizer()
    case "StripAccents": return StripAccentsNormalizer()
    case "Strip": return StripNormalizer(left: try bool("strip_left"), right: try bool("strip_right"))
    case "Prepend": return PrependNormalizer(prefix: try bytes("prepend"))
    case "Replace": return ReplaceNormalizer(pattern: try pattern("pattern"), content: try bytes("content"))
    case "ByteLevel": return ByteLevelNormalizer()
    case "BertNormalizer":
      let lowercases = try bool("lowercase")
      return BertNormalizer(
        cleansText: try bool("clean_text"), separatesIdeographs: try bool("handle_chinese_chars"),
        stripsAccents: try bool("strip_accents", default: lowercases), lowercases: lowercases)
    case "Precompiled":
      // Some files have null here: a table without entries.
      guard value("precompiled_charsmap") != nil else { return NormalizerSequence(steps: []) }
      guard let block = decodeBase64(try string("precompiled_charsmap")), let normalizer = PrecompiledNormalizer(block)
      else { throw failure("precompiled_charsmap", "SentencePiece's table in base 64") }
      return normalizer
    default: throw unknown("normalizer")
    }
  }

  /// The pre-tokenizer that this object describes.
  func preTokenizer() throws -> any PreTokenizer {
    switch try string("type") {
    case "Sequence":
      return PreTokenizerSequence(
        steps: try steps("pretokenizers") {
          try $0.preTokenizer()
        } inner: {
          ($0 as? PreTokenizerSequence)?.steps
        })
    case "ByteLevel":
      return ByteLevelPreTokenizer(
        addsPrefixSpace: try bool("add_prefix_space"), usesPattern: try bool("use_regex", default: true))
    case "Digits": return DigitsPreTokenizer(individually: try bool("individual_digits"))
    case "Split":
      return SplitPreTokenizer(
        pattern: try pattern("pattern"), behavior: try behavior("behavior"), inverts: try bool("invert"))
    case "Whitespace": return WhitespacePreTokenizer()
    case "WhitespaceSplit": return CharacterPreTokenizer(kind: .whitespace, behavior: .removed)
    case "BertPreTokenizer": return BertPreTokenizer()
    case "Punctuation":
      let behavior = value("behavior") == nil ? .isolated : try behavior("behavior")
      return CharacterPreTokenizer(kind: .punctuation, behavior: behavior)
    case "CharDelimiterSplit":
      return CharacterPreTokenizer(kind: .scalar(try scalar("delimiter")), behavior: .removed)
    case "Metaspace":
      return MetaspacePreTokenizer(
        replacement: Array(String(try character("replacement")).utf8), prepending: try prepending(),
        splits: try bool("split", default: true))
    default: throw unknown("pre-tokenizer")
    }
  }

  /// The decoder that this object describes.
  func decoder() throws -> any TokenDecoder {
    switch try string("type") {
    case "Sequence":
      return DecoderSequence(
        steps: try steps("decoders") {
          try $0.decoder()
        } inner: {
          ($0 as? DecoderSequence)?.steps
        })
    case "ByteLevel": return ByteLevelDecoder()
    case "WordPiece": return WordPieceDecoder(prefix: try bytes("prefix"), cleansUp: try bool("cleanup"))
    case "Metaspace":
      return MetaspaceDecoder(
        replacement: Array(String(try character("replacement")).utf8), dropsFirst: try prepending() != .never)
    case "Replace": return ReplaceDecoder(pattern: try pattern("pattern"), content: try bytes("content"))
    case "ByteFallback": return ByteFallbackDecoder()
    case "Fuse": return FuseDecoder()
    case "Strip":
      return StripDecoder(
        content: try scalar("content"), start: try integer("start", in: 0...Int.max),
        stop: try integer("stop", in: 0...Int.max))
    case "BPEDecoder": return BPEDecoder(suffix: try bytes("suffix"))
    default: throw unknown("decoder")
    }
  }

  /// A pattern, written as {"String": ...} or {"Regex": ...}.
  private func pattern(_ field: String) throws -> TextPattern {
    guard let pattern = try reader(field) else { throw failure(field, "a pattern") }
    if pattern.value("Regex") != nil { return try TextPattern(regularExpression: pattern.string("Regex")) }
    let literal = try pattern.bytes("String")
    guard !literal.isEmpty else { throw pattern.failure("String", "a text that isn't empty") }
    return .literal(ByteSearch(literal))
  }

  private func behavior(_ field: String) throws -> SplitBehavior {
    guard let behavior = SplitBehavior(rawValue: try string(field)) else {
      throw failure(field, "\"Removed\", \"Isolated\", \"MergedWithPrevious\", \"MergedWithNext\" or \"Contiguous\"")
    }
    return behavior
  }

  private func character(_ field: String) throws -> Unicode.Scalar {
    let scalars = try string(field).unicodeScalars
    guard let first = scalars.first, scalars.count == 1 else { throw failure(field, "one character") }
    return first
  }

  private func scalar(_ field: String) throws -> UInt32 { try character(field).value }

  /// When SentencePiece's visible space is put before a piece; older files say it with `add_prefix_space`.
  private func prepending() throws -> MetaspacePreTokenizer.Prepending {
    let old = value("add_prefix_space") == nil ? nil : try bool("add_prefix_space")
    guard value("prepend_scheme") != nil else { return old == false ? .never : .always }
    guard let scheme = MetaspacePreTokenizer.Prepending(rawValue: try string("prepend_scheme")) else {
      throw failure("prepend_scheme", "\"always\", \"first\" or \"never\"")
    }
    guard old != false || scheme == .never else { throw failure("add_prefix_space", "true, as prepend_scheme says") }
    return scheme
  }
}

/// The bytes of a text in base 64 (RFC 4648); nil if it's none.
func decodeBase64(_ text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  var bits: UInt32 = 0
  var count = 0
  var padding = 0
  for character in text.utf8 {
    let value: UInt8
    switch character {
    case 0x41...0x5A: value = character - 0x41
    case 0x61...0x7A: value = character - 0x61 + 26
    case 0x30...0x39: value = character - 0x30 + 52
    case UInt8(ascii: "+"): value = 62
    case UInt8(ascii: "/"): value = 63
    case UInt8(ascii: "="):
      padding += 1
      continue
    default: return nil
    }
    guard padding == 0 else { return nil }
    bits = bits << 6 | UInt32(value)
    count += 1
    if count % 4 == 0 {
      bytes += [UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
      bits = 0
    }
  }
  switch count % 4 {
  case 0: return padding == 0 ? bytes : nil
  case 2: return padding == 2 ? bytes + [UInt8(bits >> 4 & 0xFF)] : nil
  case 3: return padding == 1 ? bytes + [UInt8(bits >> 10 & 0xFF), UInt8(bits >> 2 & 0xFF)] : nil
  default: return nil
  }
}
