internal import Foundation

/// Vector scaling: `softmax(weight * log p + bias)` with a weight and a bias for each label.
///
/// Its log loss is convex, and a normal prior of precision 1 around weight 1 and bias 0 makes it strictly so: labels of
/// which little is known stay as they are. Newton's steps, halved where they lead too far, find the one minimum.
struct VectorScaling {
  private(set) var weights: [Double]
  private(set) var biases: [Double]

  /// The weight of the prior beside one answer.
  private static let prior = 1.0

  /// - Precondition: there is at least one row.
  init(_ rows: [CalibrationRow]) {
    let labels = rows[0].logarithms.count
    var values = [Double](repeating: 1, count: labels) + [Double](repeating: 0, count: labels)
    var loss = Self.loss(rows, values)
    for _ in 0..<100 {
      let (gradient, curvature) = Self.derivatives(rows, values)
      let step = Self.solve(curvature, gradient)
      let decrement = zip(gradient, step).reduce(0) { $0 + $1.0 * $1.1 }
      guard decrement > 1e-14 * (1 + abs(loss)) else { break }
      var length = 1.0
      var next = zip(values, step).map { $0 - $1 }
      var nextLoss = Self.loss(rows, next)
      while nextLoss > loss - 1e-4 * length * decrement, length > 1e-8 {
        length /= 2
        next = zip(values, step).map { $0 - length * $1 }
        nextLoss = Self.loss(rows, next)
      }
      // No step is short enough any more: digits are used up.
      guard nextLoss < loss else { break }
      (values, loss) = (next, nextLoss)
    }
    weights = Array(values[..<labels])
    biases = Array(values[labels...])
  }

  private static func logits(_ row: CalibrationRow, _ values: [Double]) -> [Double] {
    let labels = row.logarithms.count
    return (0..<labels).map { values[$0] * row.logarithms[$0] + values[labels + $0] }
  }

  private static func loss(_ rows: [CalibrationRow], _ values: [Double]) -> Double {
    let labels = values.count / 2
    var loss = 0.0
    for row in rows {
      let logits = logits(row, values)
      let highest = logits.max() ?? 0
      loss += row.weight * (highest + log(logits.reduce(0) { $0 + exp($1 - highest) }) - logits[row.truth])
    }
    for label in 0..<labels {
      let (weight, bias) = (values[label] - 1, values[labels + label])
      loss += prior / 2 * (weight * weight + bias * bias)
    }
    return loss
  }

  /// Gradient, and the matrix of second derivatives by rows.
  private static func derivatives(
    _ rows: [CalibrationRow], _ values: [Double]
  ) -> (gradient: [Double], curvature: [Double]) {
    let (labels, size) = (values.count / 2, values.count)
    var gradient = [Double](repeating: 0, count: size)
    var curvature = [Double](repeating: 0, count: size * size)
    for row in rows {
      let (x, p) = (row.logarithms, CalibrationRow.softmax(logits(row, values)))
      for one in 0..<labels {
        let slope = row.weight * (p[one] - (one == row.truth ? 1 : 0))
        gradient[one] += slope * x[one]
        gradient[labels + one] += slope
        for other in 0...one {
          let bend = row.weight * p[one] * ((one == other ? 1 : 0) - p[other])
          curvature[one * size + other] += x[one] * bend * x[other]
          curvature[(labels + one) * size + labels + other] += bend
          // The block of biases and weights has no symmetry of its own.
          curvature[(labels + one) * size + other] += bend * x[other]
          if one != other { curvature[(labels + other) * size + one] += bend * x[one] }
        }
      }
    }
    for index in 0..<size {
      gradient[index] += prior * (values[index] - (index < labels ? 1 : 0))
      curvature[index * size + index] += prior
    }
    return (gradient, curvature)
  }

  /// Solves with a symmetric positive matrix of which the lower half is given, by Cholesky's factors.
  private static func solve(_ matrix: [Double], _ right: [Double]) -> [Double] {
    let size = right.count
    var (factor, solution) = (matrix, right)
    for row in 0..<size {
      for column in 0...row {
        var sum = factor[row * size + column]
        for k in 0..<column { sum -= factor[row * size + k] * factor[column * size + k] }
        // The prior keeps the diagonal at 1 and more, but for rounding.
        factor[row * size + column] =
          row == column ? max(sum, 1e-12).squareRoot() : sum / factor[column * size + column]
      }
    }
    for row in 0..<size {
      for k in 0..<row { solution[row] -= factor[row * size + k] * solution[k] }
      solution[row] /= factor[row * size + row]
    }
    for row in (0..<size).reversed() {
      for k in row + 1..<size { solution[row] -= factor[k * size + row] * solution[k] }
      solution[row] /= factor[row * size + row]
    }
    return solution
  }
}
