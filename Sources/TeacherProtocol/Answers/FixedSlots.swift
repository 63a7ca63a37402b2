/// What a prompt says alike about every item: slots that are filled in code, and how an item's own text is set.
package struct FixedSlots: Sendable, Equatable {
  /// Slot name -> what stands there.
  package var fields: [String: String]
  /// Whether line breaks within an item's texts become spaces.
  package var joinsLines: Bool

  /// Nothing is fixed, and texts stay as they are.
  package init(_ fields: [String: String] = [:], joinsLines: Bool = false) {
    (self.fields, self.joinsLines) = (fields, joinsLines)
  }

  /// The item with what is fixed among its fields.
  package func filling(_ item: Item) -> Item {
    var filled = item
    if joinsLines { filled.fields = filled.fields.mapValues(\.onOneLine) }
    filled.fields.merge(fields) { _, fixed in fixed }
    return filled
  }
}

extension String {
  /// The text without line breaks, so that nothing in it is taken for a part of a prompt.
  package var onOneLine: String {
    // Most texts have one line, which scalars tell sooner than characters.
    guard unicodeScalars.contains(where: \.isLineEnd) else { return self }
    return split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

extension Unicode.Scalar {
  /// Whether a character with it is a new line (`Character.isNewline`).
  fileprivate var isLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
