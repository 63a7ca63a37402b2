internal import Foundation

/// Finds where a smooth convex function of many numbers is least: limited-memory BFGS (Liu and Nocedal 1989).
///
/// The last few steps and the changes of the gradient along them stand for the second derivatives. A step is halved until it lowers
/// the value by a ten-thousandth of what the gradient promises (Armijo 1966); of a strictly convex function every step then tells a
/// positive curvature.
package struct LimitedMemoryBFGS {
  /// The steps that are remembered.
  package var memory = 6
  /// The updates at most.
  package var updates = 100
  /// It ends where the last ten updates lowered the value by less than this share of it.
  package var tolerance = 1e-3

  package init() {}

  /// - Parameters:
  ///   - place: where it begins, and then where the value is least.
  ///   - function: the value at a place; it writes the gradient there into its second argument.
  /// - Returns: the least value.
  @discardableResult
  package func minimise(
    _ place: inout [Double], _ function: (_ place: [Double], _ gradient: inout [Double]) -> Double
  ) -> Double {
    var gradient = [Double](repeating: 0, count: place.count)
    var values = [function(place, &gradient)]
    var steps: [(place: [Double], gradient: [Double], curvature: Double)] = []
    while values.count <= updates {
      let direction = direction(gradient, steps)
      let slope = Self.dot(direction, gradient)
      guard slope < 0 else { break }
      // The first gradient says where to, but not how far.
      var length = steps.isEmpty ? min(1, 1 / (-slope).squareRoot()) : 1
      var (next, nextGradient) = (place, gradient)
      var value = Double.infinity
      while length > 1e-10 {
        for index in place.indices { next[index] = place[index] + length * direction[index] }
        value = function(next, &nextGradient)
        if value <= values[values.count - 1] + 1e-4 * length * slope { break }
        length /= 2
      }
      guard value < values[values.count - 1] else { break }
      let moved = zip(next, place).map { $0 - $1 }
      let turned = zip(nextGradient, gradient).map { $0 - $1 }
      let curvature = Self.dot(moved, turned)
      if curvature > 0 { steps.append((moved, turned, curvature)) }
      if steps.count > memory { steps.removeFirst() }
      (place, gradient) = (next, nextGradient)
      values.append(value)
      if values.count > 10, values[values.count - 11] - value < tolerance * abs(value) { break }
    }
    return values[values.count - 1]
  }

  /// The way down: the gradient turned by what the last steps tell of the second derivatives.
  private func direction(
    _ gradient: [Double], _ steps: [(place: [Double], gradient: [Double], curvature: Double)]
  ) -> [Double] {
    var direction = gradient.map { -$0 }
    guard let last = steps.last else { return direction }
    var shares: [Double] = []
    for step in steps.reversed() {
      let share = Self.dot(step.place, direction) / step.curvature
      shares.append(share)
      Self.add(-share, step.gradient, to: &direction)
    }
    let scale = last.curvature / Self.dot(last.gradient, last.gradient)
    for index in direction.indices { direction[index] *= scale }
    for (step, share) in zip(steps, shares.reversed()) {
      Self.add(share - Self.dot(step.gradient, direction) / step.curvature, step.place, to: &direction)
    }
    return direction
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in for index in left.indices { sum += left[index] * right[index] } }
    }
    return sum
  }

  private static func add(_ share: Double, _ other: [Double], to sum: inout [Double]) {
    sum.withUnsafeMutableBufferPointer { sum in
      other.withUnsafeBufferPointer { other in for index in sum.indices { sum[index] += share * other[index] } }
    }
  }
}
