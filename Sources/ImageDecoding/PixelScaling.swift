import CImageCodecs
import Tensor

/// How samples 0...255 become the numbers that a tower was trained on: `(sample * factor - mean) / deviation`.
///
/// The arithmetic is that of transformers' NumPy processors: the product in Float64, rounded to Float32, the rest in
/// Float32. Only 256 values per channel can occur, so a table holds them all.
package struct PixelScaling: Sendable, Equatable {
  /// What a sample is multiplied by, `nil` for 1. The default is 1/255.
  package var factor: Double? = 1 / 255

  /// What is subtracted from the product, for red, green and blue. The default is 0.5 each.
  package var mean: [Double] = [0.5, 0.5, 0.5]

  /// What the difference is divided by, for red, green and blue. The default is 0.5 each, which gives -1...1.
  package var deviation: [Double] = [0.5, 0.5, 0.5]

  /// Whether mean and deviation are used at all. The default is `true`.
  package var normalizes = true

  /// Samples to -1...1.
  package init() {}

  /// The value of every sample as `[channel, sample]`.
  var table: [Float] {
    precondition(mean.count == 3 && deviation.count == 3, "\(mean.count) means, \(deviation.count) deviations")
    return (0..<3).flatMap { channel in
      (0..<256).map { sample in
        let scaled = factor.map { Float(Double(sample) * $0) } ?? Float(sample)
        return normalizes ? (scaled - Float(mean[channel])) / Float(deviation[channel]) : scaled
      }
    }
  }
}

/// A rectangle of an image.
struct Crop {
  let image: RGBImage
  var x = 0
  var y = 0
}

extension TileGrid {
  /// The parts of an image, row by row.
  func crops(of image: RGBImage, side: Int) -> [Crop] {
    (0..<rows).flatMap { row in (0..<columns).map { Crop(image: image, x: $0 * side, y: row * side) } }
  }
}

/// Rectangles of `width` x `height` pixels as `[crops, 3, height, width]`.
func tiles(of crops: [Crop], width: Int, height: Int, scaling: PixelScaling) -> Tensor {
  let table = scaling.table
  let samples = 3 * height * width
  return Tensor(shape: [crops.count, 3, height, width]) { buffer in
    for (index, crop) in crops.enumerated() {
      precondition(
        crop.x >= 0 && crop.y >= 0 && crop.x + width <= crop.image.width && crop.y + height <= crop.image.height,
        "a crop of \(width)x\(height) at (\(crop.x), \(crop.y)) of \(crop.image.width)x\(crop.image.height) pixels")
      image_planes(
        crop.image.pixels, crop.image.width, crop.x, crop.y, width, height, table,
        buffer.baseAddress! + index * samples)
    }
  }
}
