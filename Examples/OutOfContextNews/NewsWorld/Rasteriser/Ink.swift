import Foundation

/// A colour as red, green and blue from 0 to 1, as stored in a picture file (sRGB, not linear light).
package typealias RGB = SIMD3<Float>

/// A colour from a number written as in a style sheet, 0xRRGGBB.
package func rgb(_ hexadecimal: Int) -> RGB {
  RGB(Float(hexadecimal >> 16 & 255), Float(hexadecimal >> 8 & 255), Float(hexadecimal & 255)) / 255
}

/// What a shape is filled with.
package enum Ink: Sendable {
  /// One colour.
  case flat(RGB)
  /// From one colour at height `from` to another at height `to`, in the picture's units.
  case vertical(RGB, RGB, from: Float, to: Float)
  /// A colour that fades to nothing from the centre to `radius`.
  case glow(RGB, centre: Point, radius: Float)

  /// Colour and opacity (0 ... 1) at a point of the picture.
  package func colour(at point: Point) -> (colour: RGB, opacity: Float) {
    switch self {
    case .flat(let colour): return (colour, 1)
    case .vertical(let start, let end, let from, let to):
      return (mix(start, end, min(max((point.y - from) / (to - from), 0), 1)), 1)
    case .glow(let colour, let centre, let radius):
      let offset = point - centre
      let distance = (offset * offset).sum().squareRoot() / radius
      return (colour, distance >= 1 ? 0 : (1 - distance) * (1 - distance))
    }
  }

  /// The ink with every colour changed by `change`.
  package func map(_ change: (RGB) -> RGB) -> Ink {
    switch self {
    case .flat(let colour): .flat(change(colour))
    case .vertical(let start, let end, let from, let to): .vertical(change(start), change(end), from: from, to: to)
    case .glow(let colour, let centre, let radius): .glow(change(colour), centre: centre, radius: radius)
    }
  }
}

/// The colour at `share` of the way from `start` (0) to `end` (1).
package func mix(_ start: RGB, _ end: RGB, _ share: Float) -> RGB {
  start + (end - start) * share
}
