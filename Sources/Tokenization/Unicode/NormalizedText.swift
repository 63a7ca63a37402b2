/// The bytes of the original text that a byte of the normalized text stands for.
struct Alignment: Equatable {
  var start: Int32
  var end: Int32
}

/// A stretch of text while normalizers change it, with where each of its bytes came from.
///
/// The rules by which changed characters inherit alignments are those of `NormalizedString` in huggingface/tokenizers, so
/// that offsets agree with it. Alignments are kept only where offsets are asked for.
struct NormalizedText {
  /// The text as it stands now: valid UTF-8.
  private(set) var bytes: [UInt8]
  /// One entry per byte; empty unless ``tracks``.
  private(set) var alignment: [Alignment] = []
  let tracks: Bool
  /// Where the stretch begins in the original text.
  let origin: Int32
  /// How many steps regular expressions may still take; 0 unless set.
  var patternSteps = 0

  /// - Parameters:
  ///   - base: where the text begins in the original text; nil if alignments aren't wanted.
  ///   - origin: the same where they aren't. The default is 0.
  init(_ bytes: some Collection<UInt8>, alignedFrom base: Int?, origin: Int = 0) {
    self.bytes = Array(bytes)
    tracks = base != nil
    self.origin = Int32(base ?? origin)
    guard tracks else { return }
    alignment.reserveCapacity(self.bytes.count)
    var at = 0
    while at < self.bytes.count {
      let length = utf8Length(self.bytes[at])
      let span = Alignment(start: self.origin + Int32(at), end: self.origin + Int32(at + length))
      for _ in 0..<length { alignment.append(span) }
      at += length
    }
  }

  /// - Parameter alignment: one entry per byte; nil if alignments aren't wanted.
  init(_ bytes: [UInt8], _ alignment: [Alignment]?) {
    self.bytes = bytes
    self.alignment = alignment ?? []
    tracks = alignment != nil
    origin = alignment?.first?.start ?? 0
  }

  /// Replaces the content without touching alignments, for changes inside ASCII that keep every length.
  mutating func mapASCII(_ body: (UInt8) -> UInt8) {
    for i in bytes.indices { bytes[i] = body(bytes[i]) }
  }

  /// Rewrites the text as changed scalars.
  ///
  /// - Parameters:
  ///   - changes: each new scalar with its change: 0 replaces the next old scalar, -n replaces it and removes the n after
  ///     it, a positive number inserts.
  ///   - removed: how many old scalars are removed at the start.
  mutating func transform(_ changes: [(scalar: UInt32, change: Int)], removingFirst removed: Int = 0) {
    var newBytes: [UInt8] = []
    newBytes.reserveCapacity(bytes.count)
    var newAlignment: [Alignment] = []
    if tracks { newAlignment.reserveCapacity(bytes.count) }
    var at = 0
    func skip(_ scalars: Int) {
      for _ in 0..<scalars where at < bytes.count { at += utf8Length(bytes[at]) }
    }
    skip(removed)
    for (scalar, change) in changes {
      let before = newBytes.count
      newBytes.append(scalar: scalar)
      if tracks {
        let inherited: Alignment
        if change > 0 {
          inherited = at > 0 ? alignment[at - 1] : Alignment(start: origin, end: origin)
        } else {
          inherited = at < alignment.count ? alignment[at] : (alignment.last ?? Alignment(start: origin, end: origin))
        }
        for _ in before..<newBytes.count { newAlignment.append(inherited) }
      }
      if change <= 0 { skip(1 - change) }
    }
    bytes = newBytes
    alignment = newAlignment
  }

  /// Keeps the scalars for which `isKept` holds.
  mutating func filter(_ isKept: (UInt32) -> Bool) {
    let scalars = bytes.scalars
    guard let first = scalars.firstIndex(where: isKept) else {
      if !scalars.isEmpty { transform([], removingFirst: scalars.count) }
      return
    }
    var changes: [(scalar: UInt32, change: Int)] = []
    for scalar in scalars[first...] {
      if isKept(scalar) { changes.append((scalar, 0)) } else { changes[changes.count - 1].change -= 1 }
    }
    transform(changes, removingFirst: first)
  }

  /// Puts a text before this one; it takes the alignment of the first character. Nothing happens to an empty text.
  mutating func prepend(_ text: [UInt8]) {
    guard let first = bytes.first else { return }
    if tracks {
      let span = alignment[0]
      let last = alignment[utf8Length(first) - 1]
      let head = text.isEmpty ? 0 : utf8Length(text[0])
      for i in 0..<utf8Length(first) { alignment[i] = text.isEmpty ? span : last }
      let inserted = (0..<text.count).map { $0 < head ? span : last }
      alignment.insert(contentsOf: inserted, at: 0)
    }
    bytes.insert(contentsOf: text, at: 0)
  }

  /// Puts a text after this one; it takes the alignment of the last character. Nothing happens to an empty text.
  mutating func append(_ text: [UInt8]) {
    guard !bytes.isEmpty else { return }
    if tracks {
      let last = alignment[alignment.count - 1]
      alignment.append(contentsOf: repeatElement(last, count: text.count))
    }
    bytes.append(contentsOf: text)
  }

  /// Replaces ranges of bytes, in order and apart from each other, by one text, which takes the alignment of the last
  /// character that it replaces.
  mutating func replace(_ ranges: [Range<Int>], with text: [UInt8]) {
    guard !ranges.isEmpty else { return }
    var newBytes: [UInt8] = []
    newBytes.reserveCapacity(bytes.count)
    var newAlignment: [Alignment] = []
    var kept = 0
    for range in ranges {
      newBytes.append(contentsOf: bytes[kept..<range.lowerBound])
      newBytes.append(contentsOf: text)
      if tracks {
        newAlignment.append(contentsOf: alignment[kept..<range.lowerBound])
        let span = range.upperBound > 0 ? alignment[range.upperBound - 1] : Alignment(start: origin, end: origin)
        newAlignment.append(contentsOf: repeatElement(span, count: text.count))
      }
      kept = range.upperBound
    }
    newBytes.append(contentsOf: bytes[kept...])
    if tracks { newAlignment.append(contentsOf: alignment[kept...]) }
    bytes = newBytes
    alignment = newAlignment
  }

  /// Takes the bytes of a text that a step has written anew, with where each came from if alignments are kept.
  mutating func rewrite(_ bytes: [UInt8], _ alignment: [Alignment]) {
    self.bytes = bytes
    self.alignment = tracks ? alignment : []
  }

  /// Drops bytes at both ends; the counts end at character boundaries.
  mutating func trim(leading: Int, trailing: Int) {
    bytes.removeLast(trailing)
    bytes.removeFirst(leading)
    if tracks {
      alignment.removeLast(trailing)
      alignment.removeFirst(leading)
    }
  }
}
