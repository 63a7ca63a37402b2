/// Where a photo was taken.
package enum NewsPlace: String, CaseIterable, Codable, Sendable {
  /// Water with cranes behind and a quay in front.
  case harbour
  /// A strip of sea and sand with palms.
  case beach
  /// A road between house fronts.
  case street
  /// Green and furrowed land under hills.
  case field
  /// Stands full of people around a pitch with white lines.
  case stadium
  /// Snowy peaks over stony ground.
  case mountain
  /// A domed building with columns behind a paved square.
  case parliament
  /// Dunes with cactuses.
  case desert
}
