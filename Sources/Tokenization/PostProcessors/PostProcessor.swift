/// Where special tokens stand around one text or around a pair of texts.
///
/// The post-processors of Hugging Face's library come down to this: a layout for one text, one for two, and whether
/// offsets leave out the white space at the ends of byte-level tokens.
struct PostProcessor: Sendable {
  /// A part of a layout.
  enum Part: Sendable, Equatable {
    /// A special token with its segment number.
    case special(ids: [Int], type: Int)
    /// The first (0) or the second (1) text with its segment number.
    case text(Int, type: Int)
  }

  var single: [Part] = [.text(0, type: 0)]
  var pair: [Part] = [.text(0, type: 0), .text(1, type: 1)]
  /// Segment numbers of the texts where no special tokens are wanted; nil takes those of the layouts.
  var bareTypes: [Int]?
  /// Nil if offsets stay; else whether a prefix space was added, which has no offset of its own.
  var trimsOffsets: Bool?

  /// The parts for one text or two, with or without special tokens.
  func layout(isPair: Bool, addingSpecialTokens: Bool) -> [Part] {
    let full = isPair ? pair : single
    if addingSpecialTokens { return full }
    return full.compactMap { part in
      guard case .text(let index, let type) = part else { return nil }
      return .text(index, type: bareTypes?[index] ?? type)
    }
  }

  /// How many tokens are added to one text or two.
  func addedCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, part in
      if case .special(let ids, _) = part { count + ids.count } else { count }
    }
  }
}
