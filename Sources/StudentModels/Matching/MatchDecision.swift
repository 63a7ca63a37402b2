internal import Foundation

/// By which cosine matches are told from mismatches: P(match) = 1 / (1 + exp(-scale (cosine - border))).
package struct MatchDecision: Sendable, Equatable {
  package var scale: Double
  package var border: Double

  package init(scale: Double, border: Double) { (self.scale, self.border) = (scale, border) }

  /// The most probable decision for cosines of matches and of mismatches: logistic regression by Newton's method (Platt 1999),
  /// with his targets, which keep the scale finite where the two can be told apart without fault.
  ///
  /// - Precondition: some of both.
  package init(matches: [Double], mismatches: [Double]) {
    precondition(!matches.isEmpty && !mismatches.isEmpty, "\(matches.count) matches, \(mismatches.count) mismatches")
    let high = (Double(matches.count) + 1) / (Double(matches.count) + 2)
    let low = 1 / (Double(mismatches.count) + 2)
    let points = matches.map { ($0, high) } + mismatches.map { ($0, low) }
    // P = 1 / (1 + exp(-(a x + b))).
    func loss(_ a: Double, _ b: Double) -> Double {
      points.reduce(0) { sum, point in
        let z = a * point.0 + b
        return sum + max(z, 0) - z * point.1 + log1p(exp(-abs(z)))
      }
    }
    var (a, b) = (0.0, log((Double(matches.count) + 1) / (Double(mismatches.count) + 1)))
    var value = loss(a, b)
    for _ in 0..<100 {
      // A touch of ridge keeps the step finite where all cosines are one.
      var (ga, gb, haa, hab, hbb) = (0.0, 0.0, 1e-9, 0.0, 1e-9)
      for (x, target) in points {
        let p = 1 / (1 + exp(-(a * x + b)))
        let w = p * (1 - p)
        ga += (p - target) * x
        gb += p - target
        haa += w * x * x
        hab += w * x
        hbb += w
      }
      let determinant = haa * hbb - hab * hab
      let (da, db) = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant)
      var step = 1.0
      while step > 1e-10, loss(a - step * da, b - step * db) > value { step /= 2 }
      guard step > 1e-10 else { break }
      (a, b) = (a - step * da, b - step * db)
      let next = loss(a, b)
      let isDone = value - next < 1e-12 * max(1, abs(value))
      value = next
      if isDone { break }
    }
    self.init(scale: a, border: a == 0 ? 0 : -b / a)
  }
}
