/// The parts of texts that an encoder reads: its limit is in tokens, and what is behind it is cut off.
package struct ReadParts: Sendable, Equatable {
  /// The most tokens of a text, special ones included.
  package let limit: Int
  /// Of each text in Unicode scalars; nil where all of it is read.
  package let parts: [Range<Int>?]
}
