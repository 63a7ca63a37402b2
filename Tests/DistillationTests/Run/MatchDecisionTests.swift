import Distillation
import Foundation
import StudentModels
import Testing

@Suite struct MatchDecisionTests {
  /// At the optimum of logistic regression the targets' sum and their sum weighed by the cosines are the predictions' own.
  @Test func `a decision is that of logistic regression with Platt's targets`() {
    let (matches, mismatches) = ([0.5, 0.4, 0.1, 0.35], [0.2, -0.1, 0.3, 0.0, 0.05])
    let decision = MatchDecision(matches: matches, mismatches: mismatches)
    let points = matches.map { ($0, 5.0 / 6) } + mismatches.map { ($0, 1.0 / 7) }
    let rests = points.map { 1 / (1 + exp(-decision.scale * ($0.0 - decision.border))) - $0.1 }
    #expect(abs(rests.reduce(0, +)) < 1e-6 && abs(zip(rests, points).reduce(0) { $0 + $1.0 * $1.1.0 }) < 1e-6)
    #expect(decision.scale > 0)
    // As far from one as from the other: the border is between them.
    let even = MatchDecision(matches: [0.3, 0.5], mismatches: [-0.1, 0.1])
    #expect(abs(even.border - 0.2) < 1e-9 && even.scale > 0)
  }

  @Test func `cosines that are all one, or told apart without fault, give a finite decision`() {
    let same = MatchDecision(matches: [0.3, 0.3, 0.3], mismatches: [0.3, 0.3, 0.3])
    // No cosine is more of a match than another: the probability is one half at all of them.
    #expect(abs(same.scale * (0.9 - same.border)) < 1e-5 && same.scale.isFinite && same.border.isFinite)
    let apart = MatchDecision(
      matches: (0..<400).map { 0.8 + Double($0 % 7) / 100 }, mismatches: (0..<400).map { Double($0 % 7) / 100 })
    // Platt's targets, 401/402 and 1/402, are log-odds of 5.994 and -5.994, at means that lie 0.8 apart: a scale near 15.
    #expect(abs(apart.border - 0.43) < 1e-3 && (12..<16).contains(apart.scale), "\(apart)")
  }
}
