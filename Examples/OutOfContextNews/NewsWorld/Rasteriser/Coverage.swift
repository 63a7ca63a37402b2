import Foundation

/// How much of every pixel in a box a shape covers, exactly: the area, not a sample of points.
///
/// Each edge adds the area to its right, signed by its direction; over a closed outline the signs cancel everywhere but
/// inside. Only the difference between neighbouring pixels of a row is stored, so an edge touches the pixels that it
/// crosses and one more, and a running sum along the row gives the coverage.
package struct Coverage: Sendable {
  /// The box of pixels that holds the shape, clipped to the picture.
  package let columns: Range<Int>
  /// The rows of that box.
  package let rows: Range<Int>
  /// Coverage 0 ... 1 of each pixel of the box, row by row.
  package private(set) var values: [Float]

  /// The coverage of a shape in pixel units on a picture of `side` x `side` pixels.
  package init(of shape: Shape, side: Int) {
    let corners = Coverage.clip(shape.corners, to: Float(side))
    guard corners.count >= 3 else {
      (columns, rows, values) = (0..<0, 0..<0, [])
      return
    }
    var low = corners[0]
    var high = corners[0]
    for corner in corners {
      low = pointwiseMin(low, corner)
      high = pointwiseMax(high, corner)
    }
    columns = Int(low.x)..<min(side, max(Int(low.x) + 1, Int(high.x.rounded(.up))))
    rows = Int(low.y)..<min(side, max(Int(low.y) + 1, Int(high.y.rounded(.up))))
    // Two more columns than the box: an edge on the right-hand border writes its difference past the end.
    let stride = columns.count + 2
    var steps = [Float](repeating: 0, count: stride * rows.count)
    let origin = Point(Float(columns.lowerBound), Float(rows.lowerBound))
    var previous = corners[corners.count - 1] - origin
    for corner in corners {
      let next = corner - origin
      Coverage.add(from: previous, to: next, to: &steps, stride: stride, rows: rows.count)
      previous = next
    }
    values = [Float](repeating: 0, count: columns.count * rows.count)
    for row in 0..<rows.count {
      var sum: Float = 0
      for column in 0..<columns.count {
        sum += steps[row * stride + column]
        values[row * columns.count + column] = min(abs(sum), 1)
      }
    }
  }

  private static func add(from start: Point, to end: Point, to steps: inout [Float], stride: Int, rows: Int) {
    guard start.y != end.y else { return }
    let direction: Float = start.y < end.y ? 1 : -1
    let (top, bottom) = start.y < end.y ? (start, end) : (end, start)
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    for row in Int(top.y)..<min(rows, Int(bottom.y.rounded(.up))) {
      let upper = max(Float(row), top.y)
      let lower = min(Float(row + 1), bottom.y)
      guard lower > upper else { continue }
      let height = (lower - upper) * direction
      // Held within the edge's own ends: on a nearly level edge rounding can throw the product far out.
      let ends = min(top.x, bottom.x)...max(top.x, bottom.x)
      let x0 = min(max(top.x + slope * (upper - top.y), ends.lowerBound), ends.upperBound)
      let x1 = min(max(top.x + slope * (lower - top.y), ends.lowerBound), ends.upperBound)
      let (left, right) = (min(x0, x1), max(x0, x1))
      // Mean over the edge's height of how much of the row, up to x, lies to the right of the edge.
      func filled(upTo x: Float) -> Float {
        if x <= left { return 0 }
        if x >= right { return x - (left + right) / 2 }
        return (x - left) * (x - left) / (2 * (right - left))
      }
      var column = Int(left)
      var before: Float = 0
      var share: Float = 0
      while column < stride - 1 {
        let upToHere = filled(upTo: Float(column + 1))
        let covered = upToHere - before
        steps[row * stride + column] += height * (covered - share)
        (before, share) = (upToHere, covered)
        column += 1
        if Float(column) >= right { break }
      }
      steps[row * stride + column] += height * (1 - share)
    }
  }

  /// The part of a polygon inside 0 ... `limit` in both directions (Sutherland-Hodgman: one side after the other).
  private static func clip(_ corners: [Point], to limit: Float) -> [Point] {
    var corners = corners
    for axis in 0...1 {
      corners = clip(corners, axis: axis, at: 0, keepAbove: true)
      corners = clip(corners, axis: axis, at: limit, keepAbove: false)
    }
    return corners
  }

  private static func clip(_ corners: [Point], axis: Int, at border: Float, keepAbove: Bool) -> [Point] {
    func isInside(_ point: Point) -> Bool { keepAbove ? point[axis] >= border : point[axis] <= border }
    guard !corners.allSatisfy(isInside) else { return corners }
    var kept: [Point] = []
    for (index, corner) in corners.enumerated() {
      let previous = corners[index == 0 ? corners.count - 1 : index - 1]
      if isInside(corner) != isInside(previous) {
        let share = (border - previous[axis]) / (corner[axis] - previous[axis])
        var crossing = previous + (corner - previous) * share
        crossing[axis] = border
        kept.append(crossing)
      }
      if isInside(corner) { kept.append(corner) }
    }
    return kept
  }
}
