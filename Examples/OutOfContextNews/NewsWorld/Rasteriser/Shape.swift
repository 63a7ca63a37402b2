import Foundation

/// A place on the picture: x to the right, y downwards. The picture is the unit square, whatever its pixels.
package typealias Point = SIMD2<Float>

/// A closed outline of straight edges. Circles and curves are polygons with enough corners to look round.
package struct Shape: Sendable {
  /// The corners in order; the last is joined to the first.
  package var corners: [Point]

  /// A polygon with these corners, in either direction round; it should not cross itself.
  package init(_ corners: [Point]) {
    self.corners = corners
  }

  /// A polygon from coordinates written in pairs: x, y, x, y ...
  package init(_ coordinates: Float...) {
    precondition(coordinates.count % 2 == 0, "coordinates come in pairs")
    corners = stride(from: 0, to: coordinates.count, by: 2).map { Point(coordinates[$0], coordinates[$0 + 1]) }
  }

  /// An upright rectangle between two opposite corners.
  package static func box(_ left: Float, _ top: Float, _ right: Float, _ bottom: Float) -> Shape {
    Shape(left, top, right, top, right, bottom, left, bottom)
  }

  /// An ellipse, or with `turns` a part of one, as a fan of straight edges.
  ///
  /// - Parameters:
  ///   - turns: The part to keep, in turns clockwise from the right-hand point. The default is all of it.
  ///   - sides: Number of edges; 24 is round up to about 30 pixels across.
  package static func ellipse(
    _ x: Float, _ y: Float, _ width: Float, _ height: Float, turns: ClosedRange<Float> = 0...1, sides: Int = 24
  ) -> Shape {
    let open = turns.upperBound - turns.lowerBound < 1
    return Shape(
      (0..<(open ? sides + 1 : sides)).map { side in
        let angle =
          2 * Float.pi * (turns.lowerBound + (turns.upperBound - turns.lowerBound) * Float(side) / Float(sides))
        return Point(x + width / 2 * cos(angle), y + height / 2 * sin(angle))
      })
  }

  /// A circle.
  package static func circle(_ x: Float, _ y: Float, _ diameter: Float, sides: Int = 16) -> Shape {
    ellipse(x, y, diameter, diameter, sides: sides)
  }

  /// A straight stroke of this width with flat ends.
  package static func line(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, width: Float) -> Shape {
    let along = Point(x1 - x0, y1 - y0)
    let length = max((along * along).sum().squareRoot(), 1e-6)
    let across = Point(-along.y, along.x) * (width / 2 / length)
    let (start, end) = (Point(x0, y0), Point(x1, y1))
    return Shape([start + across, end + across, end - across, start - across])
  }

  /// The area inside, by the shoelace formula.
  package var area: Float {
    var twice: Float = 0
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      twice += corner.x * next.y - next.x * corner.y
    }
    return abs(twice) / 2
  }

  /// The shape stretched by `scale` and then moved by `offset`.
  package func placed(at offset: Point, scale: Point) -> Shape {
    Shape(corners.map { $0 * scale + offset })
  }
}
