import Foundation

/// Logistic regression with a normal prior: the most probable values, and the evidence by Laplace's approximation around them.
///
/// The posterior is concave. Newton's steps are halved where they lead too far: from a confident beginning a whole one goes as far
/// beyond the maximum as it lay before it, and so on without end.
package struct LogisticPosterior {
  /// An answer as the regression sees it.
  package struct Row {
    /// Of which the first are used, as many as the prior has values.
    package var features: [Double]
    /// The probability that it is right.
    package var target: Double

    package init(features: [Double], target: Double) { (self.features, self.target) = (features, target) }
  }

  /// The most probable values, by feature.
  package private(set) var values: [Double]
  /// Up to a summand that is the same for all priors.
  private(set) var logEvidence = 0.0

  /// - Parameters:
  ///   - mean: of the prior, by feature.
  ///   - deviation: of the prior, by feature; above 0.
  package init(_ rows: [Row], mean: [Double], deviation: [Double]) {
    let precision = deviation.map { 1 / ($0 * $0) }
    values = mean
    var height = logPosterior(rows, mean, precision)
    for _ in 0..<100 {
      let (gradient, factor) = slopeAndFactor(rows, mean, precision)
      let step = Self.solve(factor, gradient)
      let (start, before) = (values, height)
      var length = 1.0
      repeat {
        values = zip(start, step).map { $0 + length * $1 }
        height = logPosterior(rows, mean, precision)
        length /= 2
      } while height < before && length > 1e-9
      // No step is short enough any more: digits are used up.
      guard height >= before else {
        (values, height) = (start, before)
        break
      }
      if step.allSatisfy({ abs($0) < 1e-10 }) { break }
    }
    let (_, factor) = slopeAndFactor(rows, mean, precision)
    logEvidence = height
    for place in values.indices {
      // Of the curvature half the logarithm of the determinant.
      logEvidence += 0.5 * log(precision[place]) - log(factor[place][place])
    }
  }

  func probability(of row: Row) -> Double {
    Self.sigmoid(zip(values, row.features).reduce(0) { $0 + $1.0 * $1.1 })
  }

  /// The log-odds of a probability, which counts as within 1e-4...1 - 1e-4.
  static func logOdds(_ probability: Double) -> Double {
    let bounded = min(1 - 1e-4, max(1e-4, probability))
    return log(bounded / (1 - bounded))
  }

  static func sigmoid(_ logOdds: Double) -> Double { 1 / (1 + exp(-logOdds)) }

  private func logPosterior(_ rows: [Row], _ mean: [Double], _ precision: [Double]) -> Double {
    var sum = 0.0
    for row in rows {
      let p = min(max(probability(of: row), 1e-12), 1 - 1e-12)
      sum += row.target * log(p) + (1 - row.target) * log(1 - p)
    }
    for place in values.indices {
      let distance = values[place] - mean[place]
      sum -= 0.5 * precision[place] * distance * distance
    }
    return sum
  }

  /// The slope of the logarithm of the posterior, and Cholesky's factor of its curvature.
  private func slopeAndFactor(
    _ rows: [Row], _ mean: [Double], _ precision: [Double]
  ) -> (slope: [Double], factor: [[Double]]) {
    var slope = values.indices.map { precision[$0] * (mean[$0] - values[$0]) }
    var curvature = values.indices.map { row in values.indices.map { $0 == row ? precision[row] : 0 } }
    for row in rows {
      let p = probability(of: row)
      for one in values.indices {
        slope[one] += (row.target - p) * row.features[one]
        for other in 0...one { curvature[one][other] += p * (1 - p) * row.features[one] * row.features[other] }
      }
    }
    for row in values.indices {
      for column in 0...row {
        let known = (0..<column).reduce(0) { $0 + curvature[row][$1] * curvature[column][$1] }
        let left = curvature[row][column] - known
        curvature[row][column] = row == column ? max(left, 1e-12).squareRoot() : left / curvature[column][column]
      }
    }
    return (slope, curvature)
  }

  private static func solve(_ factor: [[Double]], _ right: [Double]) -> [Double] {
    var solution = right
    for row in right.indices {
      for column in 0..<row { solution[row] -= factor[row][column] * solution[column] }
      solution[row] /= factor[row][row]
    }
    for row in right.indices.reversed() {
      for column in right.indices where column > row { solution[row] -= factor[column][row] * solution[column] }
      solution[row] /= factor[row][row]
    }
    return solution
  }
}
