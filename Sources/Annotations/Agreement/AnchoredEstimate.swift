internal import Foundation

/// A share over many items from a guess for each of them and the truth for a few: prediction-powered inference
/// (Angelopoulos et al. 2023, arXiv 2301.09633) with the weight of arXiv 2311.01453.
///
/// ```swift
/// // The probability by ``DawidSkene`` that a teacher is right, on all items; beside it, on 200, whether it was.
/// let estimate = AnchoredEstimate(guesses: probabilities, known: checked)
/// estimate?.value           // nearer than the share among the 200 alone
/// estimate?.standardError
/// ```
///
/// The mean of the truth on the few is corrected by how the few differ from all in their guesses, as far as guesses and
/// truth go together. Guesses that are all too high by the same amount do no harm, and useless ones are given no weight.
/// The few must be drawn at random from all: human labels read on conflicts alone are not, and give no anchor.
package struct AnchoredEstimate: Sendable, Equatable, Codable {
  /// The estimated share, within 0...1.
  package var value: Double
  /// Its standard error; nil with a single known item.
  package var standardError: Double?
  /// How many truths it stands on.
  package var known: Int

  init(value: Double, standardError: Double?, known: Int) {
    self.value = value
    self.standardError = standardError
    self.known = known
  }

  /// The estimate; nil where no truth is known.
  ///
  /// - Parameters:
  ///   - guesses: for each item what the share is taken for, within 0...1.
  ///   - known: for the items whose truth is known, their guess and the truth, 0 or 1.
  package init?(guesses: [Double], known: [(guess: Double, truth: Double)]) {
    guard !known.isEmpty, !guesses.isEmpty else { return nil }
    // In an order of their own, as sums depend on theirs in the last digits.
    let guesses = guesses.sorted()
    let known = known.sorted { $0 < $1 }
    let (n, all) = (Double(known.count), Double(guesses.count))
    let truth = known.reduce(0) { $0 + $1.truth } / n
    let guess = known.reduce(0) { $0 + $1.guess } / n
    let mean = guesses.reduce(0, +) / all
    let covariance = known.reduce(0) { $0 + ($1.guess - guess) * ($1.truth - truth) }
    let variance = known.reduce(0) { $0 + ($1.guess - guess) * ($1.guess - guess) }
    // The weight with the least variance; at most 1, beyond which it follows the noise of the few.
    let weight = variance > 0 ? min(1, max(0, covariance / variance / (1 + n / all))) : 0
    value = min(1, max(0, truth + weight * (mean - guess)))
    self.known = known.count
    guard known.count > 1 else { return }
    let residual = known.reduce(0) { sum, row in
      let rest = row.truth - truth - weight * (row.guess - guess)
      return sum + rest * rest
    }
    let spread = guesses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / all
    standardError = (residual / (n - 1) / n + weight * weight * spread / all).squareRoot()
  }
}
