extension Tokenizer {
  /// The text that token ids stand for.
  ///
  /// Ids that have no token are passed over. Bytes that make no UTF-8 together become U+FFFD.
  ///
  /// - Parameters:
  ///   - ids: the token ids.
  ///   - skippingSpecialTokens: whether special tokens are left out. The default is false.
  public func decode(_ ids: [Int], skippingSpecialTokens: Bool = false) -> String {
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(ids.count)
    for id in ids {
      guard let token = tokenBytes(of: id) else { continue }
      if skippingSpecialTokens, added.isSpecial(token) { continue }
      tokens.append(token)
    }
    if let decoder { return String(decoding: Array(decoder.decode(tokens).joined()), as: UTF8.self) }
    return String(decoding: Array(tokens.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
  }

  /// The bytes that a token adds to a text in whose midst it stands: `" car"` for byte-level "Ġcar", one byte of a character
  /// for the tokens that spell rare ones. Nil if the id is not in use.
  ///
  /// Decoders that look at a token's neighbours, as WordPiece's with its spaces, are asked between two letters.
  package func bytes(of id: Int) -> [UInt8]? {
    guard let token = tokenBytes(of: id) else { return nil }
    guard let decoder else { return [UInt8(ascii: " ")] + token }
    // These two give U+FFFD for a byte that is no character alone.
    if decoder.contains(ByteLevelDecoder.self) { return ByteLevelAlphabet.read(token) ?? token }
    if decoder.contains(ByteFallbackDecoder.self), let byte = ByteFallbackDecoder.byte(of: token) { return [byte] }
    let letter = [UInt8(ascii: "x")]
    return decoder.decode([letter, token, letter]).joined().dropFirst().dropLast()
  }

  /// The id of a token, written as in `tokenizer.json`; nil if there is no such token.
  public func id(of token: String) -> Int? {
    added.id(of: token) ?? model.vocabulary.id(of: Array(token.utf8)).map(Int.init)
  }

  /// The token with an id, written as in `tokenizer.json`; nil if the id is not in use.
  ///
  /// An added token that is looked for in the normalized text is given as it stands there.
  public func token(of id: Int) -> String? { tokenBytes(of: id).map { String(decoding: $0, as: UTF8.self) } }

  /// Number of tokens, added ones included: what an embedding table needs at least.
  public var vocabularyCount: Int {
    model.vocabulary.count + added.tokens.count { model.vocabulary.id(of: Array($0.content.utf8)) == nil }
  }

  /// Whether an id is that of a special token, which decoding may skip.
  package func isSpecial(_ id: Int) -> Bool { added.token(of: id)?.isSpecial ?? false }

  /// Whether a token is found in a text before everything else, special or not.
  package func isAdded(_ id: Int) -> Bool { added.token(of: id) != nil }

  func tokenBytes(of id: Int) -> [UInt8]? {
    added.text(of: id) ?? model.vocabulary.bytes(of: id)
  }
}
