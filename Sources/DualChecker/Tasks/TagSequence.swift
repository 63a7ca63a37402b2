/// Spans as tags of tokens and back: the scheme IOB2, read strictly.
///
/// ```swift
/// TagSequence.entities(in: ["B-cause", "I-cause", "O", "I-effect"])  // cause 0..<2; the stray I- opens nothing
/// ```
package enum TagSequence {
  /// The tag of every token: B- for the first token of a span, I- for its others, O for the rest.
  ///
  /// A token that lies partly in a span belongs to it; of two spans over one token the first counts.
  package static func tags(of spans: [LabelledSpan], over tokens: [WordToken]) -> [String] {
    var begun: Set<Int> = []
    return tokens.map { token in
      guard let span = spans.firstIndex(where: { $0.range.overlaps(token.range) }) else { return "O" }
      return (begun.insert(span).inserted ? "B-" : "I-") + spans[span].label
    }
  }

  /// The spans of a text whose tokens have these tags, by places in the text.
  package static func spans(in tags: [String], over tokens: [WordToken]) -> [LabelledSpan] {
    entities(in: tags).map { $0.placed(over: tokens) }
  }

  /// The entities of a tag sequence by places of tokens: a B- and the I- of the same type that follow it at once.
  ///
  /// An I- that continues nothing of its type opens no entity, as in seqeval's strict mode with IOB2.
  package static func entities(in tags: [String]) -> [LabelledSpan] {
    var entities: [LabelledSpan] = []
    var open: LabelledSpan?
    for (place, tag) in tags.enumerated() {
      let label = String(tag.dropFirst(2))
      if tag.hasPrefix("I-"), let entity = open, entity.label == label {
        open = LabelledSpan(label: label, range: entity.range.lowerBound..<(place + 1))
        continue
      }
      if let entity = open { entities.append(entity) }
      open = tag.hasPrefix("B-") ? LabelledSpan(label: label, range: place..<(place + 1)) : nil
    }
    return entities + [open].compactMap(\.self)
  }
}

extension LabelledSpan {
  /// The same span by places in the text, of one by places of its tokens.
  func placed(over tokens: [WordToken]) -> LabelledSpan {
    LabelledSpan(
      label: label, range: tokens[range.lowerBound].range.lowerBound..<tokens[range.upperBound - 1].range.upperBound)
  }
}
