package import ImageDecoding

/// A square picture being painted, in floating point so that many thin layers do not round.
package struct Canvas: Sendable {
  /// Pixels along each side.
  package let side: Int
  /// The colour of each pixel, row by row.
  package private(set) var pixels: [RGB]

  /// A canvas of one colour.
  package init(side: Int, colour: RGB = RGB(repeating: 0)) {
    precondition(side > 0, "a canvas needs at least one pixel, not \(side)")
    self.side = side
    pixels = [RGB](repeating: colour, count: side * side)
  }

  /// Paints a shape given in the units of the picture (0 ... 1) over what is there.
  ///
  /// - Complexity: O(pixels of the shape's box).
  package mutating func fill(_ shape: Shape, _ ink: Ink, opacity: Float = 1) {
    let scale = Float(side)
    let coverage = Coverage(of: shape.placed(at: .zero, scale: Point(scale, scale)), side: side)
    for (line, row) in coverage.rows.enumerated() {
      for (place, column) in coverage.columns.enumerated() {
        let covered = coverage.values[line * coverage.columns.count + place]
        guard covered > 0 else { continue }
        let painted = ink.colour(at: Point(Float(column) + 0.5, Float(row) + 0.5) / scale)
        let index = row * side + column
        pixels[index] = mix(pixels[index], painted.colour, covered * opacity * painted.opacity)
      }
    }
  }

  /// Changes every pixel; the closure gets the pixel's centre in the units of the picture.
  package mutating func adjust(_ change: (Point, RGB) -> RGB) {
    for row in 0..<side {
      for column in 0..<side {
        let centre = Point(Float(column) + 0.5, Float(row) + 0.5) / Float(side)
        pixels[row * side + column] = change(centre, pixels[row * side + column])
      }
    }
  }

  /// The picture in 8 bits a channel, rounded to nearest.
  package var image: RGBImage {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * pixels.count)
    for pixel in pixels {
      let level = (pixel.clamped(lowerBound: .zero, upperBound: RGB(repeating: 1)) * 255).rounded(.toNearestOrEven)
      for channel in 0..<3 { bytes.append(UInt8(level[channel])) }
    }
    return RGBImage(width: side, height: side, pixels: bytes)
  }
}
