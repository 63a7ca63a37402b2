import ImageDecoding
import NewsWorld
import Testing

@Suite struct RasteriserTests {
  static let shapes: [Shape] = [
    Shape(1.3, 2.1, 9.7, 3.4, 4.2, 11.9),
    Shape(1.3, 2.1, 4.2, 11.9, 9.7, 3.4),
    .circle(7, 6.5, 9.3),
    .ellipse(6.2, 7.1, 11, 3, turns: 0.5...1),
    .box(2, 3, 5, 4),
    .box(2.25, 3.5, 2.5, 10.75),
    .line(1, 12, 11.5, 1.2, width: 0.3),
    Shape(1, 1, 12, 1, 12, 12, 7, 4, 1, 12),
  ]

  /// Shapes that stick out of a picture of 13 x 13 pixels on every side, or lie outside of it.
  static let outsiders: [Shape] = [
    Shape(-4, -3, 20, 5, 3, 22), .circle(0, 0, 9), .circle(13, 6, 8), .box(-5, -5, 30, 30), .box(4, 13, 8, 15),
    .line(-3, 6.5, 16, 6.6, width: 1), Shape(6, -8, 14, 6, 6, 20, -2, 6), .box(-3, 2, -1, 9),
  ]

  /// Coverage by brute force: 32 x 32 points in each pixel, each inside or outside by counting crossings.
  private func sampledCoverage(of shape: Shape, side: Int) -> [Float] {
    let samples = 32
    func isInside(_ point: Point) -> Bool {
      var inside = false
      for (index, a) in shape.corners.enumerated() {
        let b = shape.corners[(index + 1) % shape.corners.count]
        if (a.y > point.y) != (b.y > point.y), point.x < a.x + (b.x - a.x) * (point.y - a.y) / (b.y - a.y) {
          inside.toggle()
        }
      }
      return inside
    }
    return (0..<side * side).map { pixel in
      var hits = 0
      for sample in 0..<samples * samples {
        let x = Float(pixel % side) + (Float(sample % samples) + 0.5) / Float(samples)
        let y = Float(pixel / side) + (Float(sample / samples) + 0.5) / Float(samples)
        if isInside(Point(x, y)) { hits += 1 }
      }
      return Float(hits) / Float(samples * samples)
    }
  }

  @Test(arguments: shapes)
  func `the coverage of a shape inside the picture sums to its area`(shape: Shape) {
    let sum = Coverage(of: shape, side: 13).values.reduce(0, +)
    #expect(abs(sum - shape.area) < 1e-3 * max(1, shape.area))
  }

  @Test(arguments: shapes + outsiders)
  func `exact coverage agrees with counting points, inside and across the border`(shape: Shape) {
    let side = 13
    let exact = Coverage(of: shape, side: side).picture(side)
    let sampled = sampledCoverage(of: shape, side: side)
    let worst = zip(exact, sampled).map { abs($0 - $1) }.max() ?? 1
    // A straight edge misjudges at most about one row of 32 points.
    #expect(worst < 0.04)
  }

  @Test
  func `two shapes that share an edge leave no seam`() {
    let left = Shape(0, 0, 7.3, 0, 4.1, 13, 0, 13)
    let right = Shape(7.3, 0, 13, 0, 13, 13, 4.1, 13)
    let sum = zip(Coverage(of: left, side: 13).picture(13), Coverage(of: right, side: 13).picture(13)).map(+)
    #expect(sum.allSatisfy { abs($0 - 1) < 1e-4 })
  }

  @Test
  func `a shape without area or outside of the picture covers nothing`() {
    #expect(Coverage(of: Shape([]), side: 5).values.isEmpty)
    #expect(Coverage(of: .box(7, 7, 9, 9), side: 5).values.allSatisfy { $0 == 0 })
    #expect(Coverage(of: Shape(1, 1, 4, 4, 1, 1), side: 5).values.allSatisfy { $0 < 1e-6 })
  }

  @Test
  func `a half-covered pixel takes half of the ink, and opacity halves it again`() {
    var canvas = Canvas(side: 2)
    canvas.fill(.box(0, 0, 0.25, 0.5), .flat(RGB(1, 0.5, 0)))
    canvas.fill(.box(0.5, 0.5, 0.75, 1), .flat(RGB(1, 1, 1)), opacity: 0.5)
    #expect(canvas.pixels == [RGB(0.5, 0.25, 0), .zero, .zero, RGB(0.25, 0.25, 0.25)])
    #expect(canvas.image.pixels == [128, 64, 0, 0, 0, 0, 0, 0, 0, 64, 64, 64])
  }

  @Test
  func `inks run from one colour to the other and glows fade to nothing`() {
    let ink = Ink.vertical(RGB(0, 0, 0), RGB(1, 1, 1), from: 0.2, to: 0.6)
    #expect(ink.colour(at: Point(0, 0.1)).colour == RGB(0, 0, 0))
    #expect(abs(ink.colour(at: Point(0, 0.4)).colour.x - 0.5) < 1e-6)
    #expect(ink.colour(at: Point(0, 0.9)).colour == RGB(1, 1, 1))
    let glow = Ink.glow(RGB(1, 1, 1), centre: Point(0.5, 0.5), radius: 0.5)
    #expect(glow.colour(at: Point(0.5, 0.5)).opacity == 1)
    #expect(glow.colour(at: Point(0.75, 0.5)).opacity == 0.25)
    #expect(glow.colour(at: Point(1, 0.5)).opacity == 0)
  }
}

extension Coverage {
  /// The coverage of every pixel of a picture, row by row.
  fileprivate func picture(_ side: Int) -> [Float] {
    var picture = [Float](repeating: 0, count: side * side)
    for (line, row) in rows.enumerated() {
      for (place, column) in columns.enumerated() {
        picture[row * side + column] = values[line * columns.count + place]
      }
    }
    return picture
  }
}
