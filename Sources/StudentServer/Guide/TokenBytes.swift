internal import Tokenization

/// The bytes of every token, arranged for the question which tokens may come next.
struct TokenBytes: Sendable {
  /// Bytes by id; empty for special tokens and ids that are not in use, which no guided answer has.
  let bytes: [[UInt8]]
  private let byFirst: [[Int]]
  /// Whether all bytes are printable ASCII other than quote and backslash.
  private let isPlain: [Bool]

  /// The spelling of special tokens, which probabilities are listed for all the same.
  private let special: [Int: [UInt8]]

  init(_ tokenizer: Tokenizer, count: Int) {
    special = Dictionary(
      uniqueKeysWithValues: (0..<count).filter(tokenizer.isSpecial).map { ($0, tokenizer.bytes(of: $0) ?? []) })
    bytes = (0..<count).map { tokenizer.isSpecial($0) ? [] : tokenizer.bytes(of: $0) ?? [] }
    var byFirst = [[Int]](repeating: [], count: 256)
    for (id, token) in bytes.enumerated() { if let first = token.first { byFirst[Int(first)].append(id) } }
    self.byFirst = byFirst
    isPlain = bytes.map { $0.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C } }
  }

  /// The bytes of a token, special or not.
  func spoken(_ id: Int) -> [UInt8] { special[id] ?? (bytes.indices.contains(id) ? bytes[id] : []) }

  /// The tokens that can come next.
  func allowed(by guide: AnswerGuide) -> [Int] {
    let isPlainText = guide.isInPlainText
    return (0...255).flatMap { first -> [Int] in
      var begun = guide
      guard !byFirst[first].isEmpty, begun.take(UInt8(first)) else { return [] }
      return byFirst[first].filter { id in
        if bytes[id].count == 1 || isPlainText && isPlain[id] { return true }
        var copy = begun
        return bytes[id].dropFirst().allSatisfy { copy.take($0) }
      }
    }
  }
}
