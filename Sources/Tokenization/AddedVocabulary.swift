/// The added tokens of a file: their ids, and how they are found in texts.
struct AddedVocabulary: Sendable {
  /// In the order of their ids.
  private(set) var tokens: [AddedToken] = []
  private var byID: [Int: AddedToken] = [:]
  /// The text that decoding writes for each token: for a normalized one what it is in the normalized text.
  private var texts: [Int: [UInt8]] = [:]
  private var byContent = TokenTable()
  private var specialContents = TokenTable()
  /// Tokens that are looked for in the text as it comes.
  private(set) var matcher: AddedTokenMatcher
  /// Tokens that are looked for in the normalized text.
  let normalizedMatcher: AddedTokenMatcher

  /// The most bytes of all added tokens together, and by how many a normalizer may make them longer, which it can 10,000 times.
  /// Tokenizers in use have some 1,000 tokens of up to 50 bytes.
  private static let (mostBytes, mostGrownBytes) = (1 << 24, 1 << 22)

  /// Reads the field `added_tokens`.
  ///
  /// Ids are given as the original gives them: that of the model's vocabulary if the token is there, else the next free
  /// one. The field `id` of the file is not consulted.
  init(_ top: FieldReader, model: any TokenModel, normalizer: (any Normalizer)?) throws {
    var listed: [AddedToken] = []
    let vocabularyCount = model.vocabulary.size
    var largest = -1
    for reader in top.value("added_tokens") == nil ? [] : try top.readers("added_tokens") {
      let content = try reader.string("content")
      let bytes = Array(content.utf8)
      if content.isEmpty { continue }
      let known = byContent.id(of: bytes) ?? model.vocabulary.id(of: bytes)
      let id = known.map(Int.init) ?? (largest >= vocabularyCount ? largest + 1 : vocabularyCount)
      let token = AddedToken(
        id: id, content: content, isSpecial: try reader.bool("special"), isSingleWord: try reader.bool("single_word"),
        stripsLeft: try reader.bool("lstrip"), stripsRight: try reader.bool("rstrip"),
        isNormalized: try reader.bool("normalized"))
      largest = max(largest, id)
      byContent.insert(bytes, id: Int32(id))
      byID[id] = token
      if token.isSpecial { specialContents.insert(bytes, id: Int32(id)) }
      listed.append(token)
    }
    tokens = byID.values.sorted { $0.id < $1.id }
    var (plain, normalized): ([(token: AddedToken, bytes: [UInt8])], [(token: AddedToken, bytes: [UInt8])]) = ([], [])
    var (bytes, grownBytes) = (0, 0)
    var steps = RegularExpression.stepLimit(for: 0)
    // Special tokens come first, so that of two with the same normalized text the special one is found.
    for token in listed.filter(\.isSpecial) + listed.filter({ !$0.isSpecial }) {
      let current = byID[token.id] ?? token
      if token.isNormalized {
        var text = NormalizedText(token.content.utf8, alignedFrom: nil)
        text.patternSteps = steps + RegularExpression.stepsPerByte * text.bytes.count
        normalizer?.normalize(&text)
        steps = text.patternSteps
        normalized.append((current, text.bytes))
        texts[token.id] = text.bytes
      } else {
        plain.append((current, Array(token.content.utf8)))
        texts[token.id] = Array(token.content.utf8)
      }
      let count = texts[token.id]?.count ?? 0
      bytes += count
      grownBytes += max(0, count - token.content.utf8.count)
      guard bytes <= Self.mostBytes, grownBytes <= Self.mostGrownBytes else {
        throw TokenizerError.invalidField(
          file: top.file, field: top.path(of: "added_tokens"),
          expected:
            "tokens of up to \(Self.mostBytes) bytes together, of which the normalizer adds up to \(Self.mostGrownBytes)",
          found: "more, up to \(String(token.content.prefix(40)).debugDescription)")
      }
    }
    (matcher, normalizedMatcher) = (AddedTokenMatcher(plain), AddedTokenMatcher(normalized))
  }

  /// The same with further special tokens, found in the text as it comes; those that it has already stay as they are.
  ///
  /// - Parameter free: the first id that is not in use.
  func adding(_ contents: [String], from free: Int) -> AddedVocabulary {
    var copy = self
    for content in contents where id(of: content) == nil {
      let token = AddedToken(
        id: free + copy.tokens.count - tokens.count, content: content, isSpecial: true, isSingleWord: false,
        stripsLeft: false, stripsRight: false, isNormalized: false)
      copy.tokens.append(token)
      copy.byID[token.id] = token
      copy.texts[token.id] = Array(content.utf8)
      copy.byContent.insert(Array(content.utf8), id: Int32(token.id))
      copy.specialContents.insert(Array(content.utf8), id: Int32(token.id))
    }
    let plain = copy.tokens.filter { !$0.isNormalized }
    copy.matcher = AddedTokenMatcher(
      (plain.filter(\.isSpecial) + plain.filter { !$0.isSpecial }).map { ($0, Array($0.content.utf8)) })
    return copy
  }

  /// The id of an added token.
  func id(of content: String) -> Int? { byContent.id(of: Array(content.utf8)).map(Int.init) }

  func token(of id: Int) -> AddedToken? { byID[id] }

  /// The text of the added token with an id, as decoding writes it.
  func text(of id: Int) -> [UInt8]? { texts[id] }

  /// Whether the text of a token is that of a special one.
  func isSpecial(_ content: [UInt8]) -> Bool { specialContents.id(of: content) != nil }
}
