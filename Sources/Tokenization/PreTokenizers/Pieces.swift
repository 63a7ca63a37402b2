/// A stretch of the prepared text: either words for the model or one added token that was found in the text.
struct Piece {
  /// First byte in the prepared text.
  var start: Int32
  /// The byte after the last.
  var end: Int32
  /// The id of an added token; -1 for text that the model is to tokenize.
  var token: Int32 = -1
}

/// The prepared text and its division into pieces, which pre-tokenizers make finer.
struct Pieces {
  private(set) var bytes: [UInt8]
  /// One entry per byte; empty unless ``tracks``.
  private(set) var alignment: [Alignment]
  private(set) var pieces: [Piece]
  let tracks: Bool

  /// An empty text, to which stretches are appended.
  init(tracks: Bool, capacity: Int) {
    bytes = []
    bytes.reserveCapacity(capacity)
    alignment = []
    pieces = []
    self.tracks = tracks
  }

  /// Appends a stretch of text as one piece; an empty one leaves no trace.
  mutating func append(_ text: some Collection<UInt8>, _ aligned: some Collection<Alignment>) {
    let start = Int32(bytes.count)
    bytes.append(contentsOf: text)
    if tracks { alignment.append(contentsOf: aligned) }
    if Int(start) < bytes.count { pieces.append(Piece(start: start, end: Int32(bytes.count))) }
  }

  /// Appends an added token, as one byte whatever its length: white space may belong to any number of tokens at once.
  mutating func append(token: Int32, _ aligned: Alignment?) {
    pieces.append(Piece(start: Int32(bytes.count), end: Int32(bytes.count) + 1, token: token))
    bytes.append(0)
    if tracks { alignment.append(aligned ?? Alignment(start: 0, end: 0)) }
  }

  /// Divides every piece that isn't a token.
  ///
  /// - Parameter cuts: is given the text of one piece and reports the ends of its parts in order, the last being the end
  ///   of the text; an end that repeats the one before is passed over.
  @inline(__always)
  mutating func divide(_ cuts: (UnsafeBufferPointer<UInt8>, (Int) -> Void) throws -> Void) rethrows {
    var divided: [Piece] = []
    divided.reserveCapacity(pieces.count + bytes.count / 4)
    try bytes.withUnsafeBufferPointer { buffer in
      for piece in pieces {
        guard piece.token < 0 else {
          divided.append(piece)
          continue
        }
        let text = UnsafeBufferPointer(rebasing: buffer[Int(piece.start)..<Int(piece.end)])
        var start = piece.start
        try cuts(text) { cut in
          let end = piece.start + Int32(cut)
          if end > start { divided.append(Piece(start: start, end: end)) }
          start = end
        }
      }
    }
    pieces = divided
  }

  /// Splits every piece that isn't a token at the matches of a pattern.
  ///
  /// - Parameters:
  ///   - behavior: what becomes of the matches.
  ///   - inverts: whether what lies between the matches counts as the matches.
  ///   - find: is given the text of one piece and reports its matches in order, as first byte and byte after the last.
  mutating func split(
    _ behavior: SplitBehavior, inverts: Bool = false,
    at find: (UnsafeBufferPointer<UInt8>, (Int, Int) -> Void) throws -> Void
  ) rethrows {
    var divided: [Piece] = []
    divided.reserveCapacity(pieces.count * 2)
    var parts: [SplitPart] = []
    try bytes.withUnsafeBufferPointer { buffer in
      for piece in pieces {
        guard piece.token < 0 else {
          divided.append(piece)
          continue
        }
        let text = UnsafeBufferPointer(rebasing: buffer[Int(piece.start)..<Int(piece.end)])
        parts.removeAll(keepingCapacity: true)
        var last = 0
        try find(text) { start, end in
          if start > last { parts.append(SplitPart(start: last, end: start, isMatch: inverts)) }
          parts.append(SplitPart(start: start, end: end, isMatch: !inverts))
          last = end
        }
        if last < text.count { parts.append(SplitPart(start: last, end: text.count, isMatch: inverts)) }
        for part in behavior.apply(to: parts) where part.end > part.start {
          divided.append(Piece(start: piece.start + Int32(part.start), end: piece.start + Int32(part.end)))
        }
      }
    }
    pieces = divided
  }

  /// Rewrites every piece that isn't a token.
  mutating func rewrite(_ body: (inout NormalizedText) throws -> Void) rethrows {
    var rewritten = Pieces(tracks: tracks, capacity: bytes.count + pieces.count)
    rewritten.pieces.reserveCapacity(pieces.count)
    for piece in pieces {
      if piece.token >= 0 {
        rewritten.append(token: piece.token, tracks ? alignment[Int(piece.start)] : nil)
        continue
      }
      let range = Int(piece.start)..<Int(piece.end)
      var text = NormalizedText(bytes[range], alignment: tracks ? alignment[range] : nil)
      try body(&text)
      rewritten.append(text.bytes, text.alignment)
    }
    self = rewritten
  }
}

extension NormalizedText {
  /// A stretch that was cut out of a prepared text.
  init(_ bytes: ArraySlice<UInt8>, alignment: ArraySlice<Alignment>?) {
    self.init(Array(bytes), alignment.map(Array.init))
  }
}
