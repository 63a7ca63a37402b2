/// A token for each character of a word, as the character tokenizers of Japanese BERTs have them.
struct CharacterModel: TokenModel {
  let vocabulary: TokenTable
  /// Stands for a character that is no token.
  let unknownID: Int32

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    var at = 0
    while at < piece.count {
      let end = at + utf8Length(piece[at])
      output.append(vocabulary.id(of: UnsafeBufferPointer(rebasing: piece[at..<end])) ?? unknownID, at, end)
      at = end
    }
  }
}
