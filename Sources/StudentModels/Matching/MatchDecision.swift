/// By which cosine matches are told from mismatches: P(match) = 1 / (1 + exp(-scale (cosine - border))).
package struct MatchDecision: Sendable, Equatable {
  package var scale: Double
  package var border: Double

  package init(scale: Double, border: Double) { (self.scale, self.border) = (scale, border) }
}
