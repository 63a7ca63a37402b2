import Foundation
package import ImageDecoding

extension RGBImage {
  /// How a colour-blind eye tells colours apart.
  package enum ColourBlindness: String, CaseIterable, Codable, Sendable {
    /// No green receptors: red, orange and green come close to one another, and so do blue and purple.
    case deuteranopia
    /// No colour at all: light and dark alone.
    case monochromacy
  }

  /// The photo as a colour-blind eye sees it, of the same size.
  ///
  /// A linear map on linear light, for deuteranopia that of Machado, Oliveira and Fernandes, "A Physiologically-based
  /// Model for Simulation of Color Vision Deficiency", 2009, at full severity; for monochromacy the luminance of
  /// ITU-R BT.709.
  ///
  /// - Complexity: O(pixels).
  package func colourBlind(_ kind: ColourBlindness = .deuteranopia) -> RGBImage {
    let rows: [SIMD3<Float>] =
      switch kind {
      case .deuteranopia:
        [
          SIMD3(0.367322, 0.860646, -0.227968), SIMD3(0.280085, 0.672501, 0.047413),
          SIMD3(-0.011820, 0.042940, 0.968881),
        ]
      case .monochromacy:
        [SIMD3<Float>](repeating: SIMD3(0.2126, 0.7152, 0.0722), count: 3)
      }
    let linear = (0...255).map { linearLight(Float($0) / 255) }
    var seen = pixels
    for pixel in stride(from: 0, to: pixels.count, by: 3) {
      let light = SIMD3(linear[Int(pixels[pixel])], linear[Int(pixels[pixel + 1])], linear[Int(pixels[pixel + 2])])
      for channel in 0..<3 { seen[pixel + channel] = storedLevel((rows[channel] * light).sum()) }
    }
    return RGBImage(width: width, height: height, pixels: seen)
  }

  /// The photo as a short-sighted eye sees it, of the same size: details smaller than `blur` pixels are gone.
  ///
  /// The mean of every `blur` x `blur` block, spread out again by straight lines between the blocks' centres.
  ///
  /// - Parameter blur: Width of the smallest detail kept, in pixels; 1 leaves the photo as it is. The default is 4.
  /// - Complexity: O(pixels).
  package func shortSighted(blur: Int = 4) -> RGBImage {
    precondition(blur >= 1, "the blur is at least 1 pixel, not \(blur)")
    let (columns, rows) = ((width + blur - 1) / blur, (height + blur - 1) / blur)
    var means = [Float](repeating: 0, count: columns * rows * 3)
    for row in 0..<rows {
      for column in 0..<columns {
        let (xs, ys) = (column * blur..<min(width, (column + 1) * blur), row * blur..<min(height, (row + 1) * blur))
        for channel in 0..<3 {
          var sum = 0
          for y in ys { for x in xs { sum += Int(pixels[(y * width + x) * 3 + channel]) } }
          means[(row * columns + column) * 3 + channel] = Float(sum) / Float(xs.count * ys.count)
        }
      }
    }
    // For a pixel: the block before its centre, the one after, and how far it is on the way.
    func neighbours(_ position: Int, _ blocks: Int) -> (before: Int, after: Int, share: Float) {
      let place = max(0, (Float(position) + 0.5) / Float(blur) - 0.5)
      let before = min(Int(place), blocks - 1)
      return (before, min(before + 1, blocks - 1), place - Float(before))
    }
    var seen = pixels
    for y in 0..<height {
      let (top, bottom, down) = neighbours(y, rows)
      for x in 0..<width {
        let (left, right, across) = neighbours(x, columns)
        for channel in 0..<3 {
          func mean(_ row: Int, _ column: Int) -> Float { means[(row * columns + column) * 3 + channel] }
          let upper = mean(top, left) + (mean(top, right) - mean(top, left)) * across
          let lower = mean(bottom, left) + (mean(bottom, right) - mean(bottom, left)) * across
          seen[(y * width + x) * 3 + channel] = UInt8((upper + (lower - upper) * down).rounded())
        }
      }
    }
    return RGBImage(width: width, height: height, pixels: seen)
  }
}

/// Linear light of a stored sRGB level, both 0 to 1 (IEC 61966-2-1).
private func linearLight(_ level: Float) -> Float {
  level <= 0.04045 ? level / 12.92 : pow((level + 0.055) / 1.055, 2.4)
}

private func storedLevel(_ light: Float) -> UInt8 {
  let level = light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055
  return UInt8((min(max(level, 0), 1) * 255).rounded())
}
