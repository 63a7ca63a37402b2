/// The colour of a photo's objects. Red and green, or blue and purple, are close to one another for a colour-blind eye.
package enum NewsColour: String, CaseIterable, Codable, Sendable {
  /// A signal red.
  case red
  /// An orange between red and yellow.
  case orange
  /// A warm yellow.
  case yellow
  /// A leaf green.
  case green
  /// A strong blue.
  case blue
  /// A violet.
  case purple
  /// White, drawn with the same dark outline as every object.
  case white
}
