extension LabelSet {
  /// Two labels of which a reply may name either with the same words.
  package struct Clash: Sendable, Equatable, CustomStringConvertible {
    /// Name of the label that comes first in the set.
    package let label: String
    /// Its spelling: its answer words, its name or an alias.
    package let spelling: String
    /// Name of the other label.
    package let otherLabel: String
    /// The spelling of the other label.
    package let otherSpelling: String

    /// Both labels with their spellings, as part of a sentence.
    package var description: String {
      "'\(spelling)' of '\(label)' and '\(otherSpelling)' of '\(otherLabel)' can't be told apart"
    }
  }

  /// The pairs of labels that can't be told apart in a reply, in the set's order; empty for a sound set.
  ///
  /// ```swift
  /// try LabelSet([.init(name: "a", answer: "Yes"), .init(name: "b", answer: "Yes!")]).indistinguishable.count   // 1
  /// try LabelSet([.init(name: "a", answer: "No"), .init(name: "b", answer: "No evidence")]).indistinguishable   // []
  /// ```
  ///
  /// Names, aliases and answer words are compared as replies are read: letter case, white space, the forms of quotes and
  /// dashes, full width and the marks around a label are ignored, and 1.0 is 1. A label that begins another is told apart
  /// by what follows it.
  package var indistinguishable: [Clash] {
    let spellings = labels.map { label in
      ([label.answer, label.name] + label.aliases).map { (text: $0, key: Self.bareKey($0)) }
    }
    var clashes: [Clash] = []
    for (place, label) in labels.enumerated() {
      for other in labels.indices.dropFirst(place + 1) {
        // One pair says enough about two labels.
        let pair = spellings[place].lazy.compactMap { own in
          spellings[other].first { $0.key == own.key }.map { (own.text, $0.text) }
        }.first
        guard let pair else { continue }
        clashes.append(
          Clash(label: label.name, spelling: pair.0, otherLabel: labels[other].name, otherSpelling: pair.1))
      }
    }
    return clashes
  }

  /// A spelling without the marks that may stand around a label; one that is nothing but marks stays as it is.
  private static func bareKey(_ text: String) -> String {
    let key = LabelSpelling.key(text)
    let marks: Set<Character> = [
      " ", "\"", "'", "`", "*", "_", "#", "(", ")", "[", "]", "{", "}", "<", ">", ".", ",", ":", ";", "!", "?", "|",
      "~",
    ]
    var bare = key[...].drop { marks.contains($0) }
    while let last = bare.last, marks.contains(last) { bare.removeLast() }
    return bare.isEmpty ? key : String(bare)
  }
}
