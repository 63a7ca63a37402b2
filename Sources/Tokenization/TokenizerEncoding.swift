extension Tokenizer {
  /// The token ids of a text.
  ///
  /// - Parameters:
  ///   - text: any text; it's not cut, however long.
  ///   - addingSpecialTokens: whether the special tokens are added that the file sets around a text. Special tokens that
  ///     stand in the text itself are found in any case. The default is true.
  /// - Complexity: linear in the text.
  public func encode(_ text: String, addingSpecialTokens: Bool = true) -> [Int] {
    let body = tokens(of: text, tracks: false).ids
    guard addingSpecialTokens else { return body }
    var ids: [Int] = []
    ids.reserveCapacity(body.count + 2)
    for part in postProcessor.single {
      switch part {
      case .special(let special, _): ids += special
      case .text: ids += body
      }
    }
    return ids
  }

  /// The token ids of a text or a pair of texts with offsets, segments and masks.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - pair: a second text, as sentence-pair models take it. The default is none.
  ///   - addingSpecialTokens: as in ``encode(_:addingSpecialTokens:)``.
  ///   - truncation: how to cut what is too long; `truncation` is what the file says. The default is not to cut.
  public func encoding(
    of text: String, pair: String? = nil, addingSpecialTokens: Bool = true, truncation: Truncation? = nil
  ) -> Encoding {
    var texts = [located(text, typeIndex: 0)]
    if let pair { texts.append(located(pair, typeIndex: 1)) }
    if let truncation {
      let added = addingSpecialTokens ? postProcessor.addedCount(isPair: pair != nil) : 0
      truncation.cut(&texts, to: max(0, truncation.maximumLength - added))
    }
    var encoding = Encoding()
    for part in postProcessor.layout(isPair: pair != nil, addingSpecialTokens: addingSpecialTokens) {
      switch part {
      case .special(let ids, let type):
        for id in ids { encoding.append(id: id, type: type, offset: 0..<0, isSpecial: true) }
      case .text(let index, let type):
        for (id, offset) in zip(texts[index].ids, texts[index].offsets) {
          encoding.append(id: id, type: type, offset: offset, isSpecial: false)
        }
      }
    }
    return encoding
  }

  /// The encodings of several texts, brought to one length.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - padding: how to fill up. The default is `padding`, which may be nil: then lengths stay as they are.
  ///   - truncation: how to cut. The default is `truncation`, which may be nil: then nothing is cut.
  public func encodings(
    of texts: [String], addingSpecialTokens: Bool = true, padding: Padding?, truncation: Truncation?
  ) -> [Encoding] {
    var encodings = texts.map { encoding(of: $0, addingSpecialTokens: addingSpecialTokens, truncation: truncation) }
    guard let padding else { return encodings }
    var length = padding.length ?? encodings.map(\.count).max() ?? 0
    if let multiple = padding.multiple { length = (length + multiple - 1) / multiple * multiple }
    for i in encodings.indices { encodings[i].pad(to: length, padding) }
    return encodings
  }

  /// Tokens with offsets in scalars of the original text.
  private func located(_ text: String, typeIndex: Int) -> LocatedTokens {
    let (ids, spans) = tokens(of: text, tracks: true)
    var located = LocatedTokens(ids: ids, offsets: scalarOffsets(of: spans, in: text))
    if let addsPrefixSpace = postProcessor.trimsOffsets {
      // By id: a token of the file may be far longer than what it stands for.
      var spaces: [Int: (leading: Int, trailing: Int)] = [:]
      for (i, id) in ids.enumerated() {
        let around = spaces[id] ?? spacesAround(tokenBytes(of: id) ?? [])
        spaces[id] = around
        located.offsets[i] = trimmed(
          located.offsets[i], around, keepsFirst: addsPrefixSpace && (i == 0 || located.offsets[i].lowerBound == 0))
      }
    }
    return located
  }

  /// How many characters of white space a byte-level token begins and ends with.
  private func spacesAround(_ token: [UInt8]) -> (leading: Int, trailing: Int) {
    let scalars = token.scalars
    // U+0120 spells the space.
    func isSpace(_ scalar: UInt32) -> Bool { scalar == 0x120 || CharacterClass(scalar).isWhitespace }
    return (scalars.prefix(while: isSpace).count, scalars.reversed().prefix(while: isSpace).count)
  }

  /// Leaves the white space at the ends of a token out of its offsets.
  private func trimmed(
    _ offset: Range<Int>, _ spaces: (leading: Int, trailing: Int), keepsFirst: Bool
  ) -> Range<Int> {
    var (leading, trailing) = spaces
    var (start, end) = (offset.lowerBound, offset.upperBound)
    // A single leading space at the start is the one that was added.
    if leading == 1, keepsFirst { leading = 0 }
    if leading > 0 { start = min(start + leading, end) }
    if trailing > 0, end >= trailing { end = max(end - trailing, start) }
    return start..<end
  }

  /// The tokens of a text before special ones are added, with the bytes of the original text that they stand for.
  ///
  /// - Parameter findsAdded: whether added tokens are found in it, or their spelling is a text like any other.
  func tokens(of text: String, tracks: Bool, findsAdded: Bool = true) -> (ids: [Int], spans: [Alignment]) {
    var text = text
    precondition(text.utf8.count < Int(Int32.max), "a text to encode must be under 2 GiB")
    var pieces = text.withUTF8 { prepared($0, tracks: tracks || needsAlignment, findsAdded: findsAdded) }
    preTokenizer?.apply(to: &pieces)
    var output = TokenOutput(tracks: tracks)
    output.ids.reserveCapacity(pieces.bytes.count / 3 + 4)
    pieces.bytes.withUnsafeBufferPointer { bytes in
      for piece in pieces.pieces {
        output.base = piece.start
        if piece.token >= 0 {
          output.append(piece.token, 0, 1)
        } else {
          model.tokenize(UnsafeBufferPointer(rebasing: bytes[Int(piece.start)..<Int(piece.end)]), into: &output)
        }
      }
    }
    return (
      output.ids,
      output.spans.map { span in
        guard span.start < span.end else { return Alignment(start: span.start, end: span.end) }
        return Alignment(start: pieces.alignment[Int(span.start)].start, end: pieces.alignment[Int(span.end) - 1].end)
      }
    )
  }

  /// The text with added tokens cut out and the rest normalized.
  private func prepared(_ text: UnsafeBufferPointer<UInt8>, tracks: Bool, findsAdded: Bool) -> Pieces {
    var pieces = Pieces(tracks: tracks, capacity: text.count + 4)
    var steps = RegularExpression.stepLimit(for: text.count)
    func append(_ start: Int, _ end: Int) {
      guard start < end else { return }
      let stretch = UnsafeBufferPointer(rebasing: text[start..<end])
      if normalizer == nil, added.normalizedMatcher.isEmpty, !tracks {
        pieces.append(stretch, [])
      } else {
        appendNormalized(stretch, at: start, to: &pieces, &steps, findsAdded: findsAdded)
      }
    }
    var done = 0
    if findsAdded, !added.matcher.isEmpty {
      added.matcher.forEachMatch(in: text) { token, start, end in
        append(done, start)
        pieces.append(token: Int32(token.id), Alignment(start: Int32(start), end: Int32(end)))
        done = end
      }
    }
    append(done, text.count)
    return pieces
  }

  /// - Parameter steps: what is left of the steps that patterns may take for the whole text.
  private func appendNormalized(
    _ stretch: UnsafeBufferPointer<UInt8>, at start: Int, to pieces: inout Pieces, _ steps: inout Int, findsAdded: Bool
  ) {
    var text = NormalizedText(stretch, alignedFrom: pieces.tracks ? start : nil, origin: start)
    text.patternSteps = steps
    normalizer?.normalize(&text)
    steps = text.patternSteps
    func part(_ start: Int, _ end: Int) {
      guard start < end else { return }
      pieces.append(text.bytes[start..<end], pieces.tracks ? text.alignment[start..<end] : [])
    }
    var done = 0
    if findsAdded, !added.normalizedMatcher.isEmpty {
      text.bytes.withUnsafeBufferPointer { bytes in
        added.normalizedMatcher.forEachMatch(in: bytes) { token, start, end in
          part(done, start)
          pieces.append(
            token: Int32(token.id),
            pieces.tracks ? Alignment(start: text.alignment[start].start, end: text.alignment[end - 1].end) : nil)
          done = end
        }
      }
    }
    part(done, text.bytes.count)
  }
}

/// Tokens of one text with offsets in scalars.
struct LocatedTokens {
  var ids: [Int]
  var offsets: [Range<Int>]
}

extension Truncation {
  /// Cuts one text or a pair to `limit` tokens together.
  ///
  /// A text that may not be cut and alone is too long leaves the pair as it is.
  func cut(_ texts: inout [LocatedTokens], to limit: Int) {
    let total = texts.reduce(0) { $0 + $1.ids.count }
    guard total > limit else { return }
    if texts.count == 1 {
      if strategy != .onlySecond { keep(&texts[0], limit) }
      return
    }
    let (first, second) = (texts[0].ids.count, texts[1].ids.count)
    switch strategy {
    case .onlyFirst: if limit > second { keep(&texts[0], limit - second) }
    case .onlySecond: if limit > first { keep(&texts[1], limit - first) }
    case .longestFirst:
      // The shorter text is cut only when both must come to half the limit; the longer one then takes the odd token.
      let shorter = min(first, second)
      let small = min(shorter, limit / 2)
      let large = limit - small
      keep(&texts[0], first <= second ? small : large)
      keep(&texts[1], first <= second ? large : small)
    }
  }

  private func keep(_ text: inout LocatedTokens, _ count: Int) {
    guard text.ids.count > count else { return }
    let range = side == .right ? 0..<count : text.ids.count - count..<text.ids.count
    text.ids = Array(text.ids[range])
    text.offsets = Array(text.offsets[range])
  }
}

/// Byte spans of a text as scalar offsets.
private func scalarOffsets(of spans: [Alignment], in text: String) -> [Range<Int>] {
  var text = text
  return text.withUTF8 { bytes in
    // index[i]: the number of the scalar that byte i belongs to; one more entry for the end.
    var index: [Int32] = []
    index.reserveCapacity(bytes.count + 1)
    var number: Int32 = -1
    for byte in bytes {
      if byte & 0xC0 != 0x80 { number += 1 }
      index.append(number)
    }
    index.append(number + 1)
    return spans.map { span in
      let start = Int(index[min(Int(span.start), bytes.count)])
      return start..<max(start, Int(index[min(Int(span.end), bytes.count)]))
    }
  }
}
