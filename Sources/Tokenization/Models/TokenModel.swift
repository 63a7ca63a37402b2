/// The step that turns one piece of text into tokens.
protocol TokenModel: Sendable {
  /// Tokens and ids.
  var vocabulary: TokenTable { get }

  /// Appends the tokens of one piece, which isn't empty.
  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput)
}

/// The tokens made so far and, if asked for, the bytes of the prepared text that each covers.
struct TokenOutput {
  var ids: [Int] = []
  /// First byte and byte after the last one of each token; empty unless ``tracks``.
  var spans: [(start: Int32, end: Int32)] = []
  let tracks: Bool
  /// Where the current piece begins in the prepared text.
  var base: Int32 = 0

  init(tracks: Bool) { self.tracks = tracks }

  /// Adds a token that covers these bytes of the current piece.
  @inline(__always) mutating func append(_ id: Int32, _ start: Int, _ end: Int) {
    ids.append(Int(id))
    if tracks { spans.append((base + Int32(start), base + Int32(end))) }
  }

  /// Lets the last token of the current piece cover what follows it, up to this byte.
  mutating func extendLast(to end: Int) {
    if tracks { spans[spans.count - 1].end = base + Int32(end) }
  }
}
