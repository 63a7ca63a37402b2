/// A short record about an invention, in the shape of DualChecker's own files. It was written, not collected.
package struct GreenRecord: Sendable, Equatable, Codable {
  /// How hard the record is meant to be.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// The summary says it plainly.
    case plain
    /// The summary sounds like the other label.
    case deceptive
    /// The summary leaves it open, or the longer text takes it back.
    case borderline
  }

  /// From 1 on.
  package var id: Int
  /// Two or three sentences.
  package var summary: String
  /// The summary and what follows from it.
  package var detail: String
  /// Whether it is a green innovation.
  package var isGreen: Bool
  /// The impact path, 0...3; nil where it is no green innovation.
  package var path: Int?
  /// What is done, as it stands in the summary.
  package var cause: String
  /// What comes of it, as it stands in the summary.
  package var effect: String
  /// How hard it is meant to be.
  package var kind: Kind
}
