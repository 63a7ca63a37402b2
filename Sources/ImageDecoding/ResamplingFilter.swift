internal import Foundation

/// How an image is resized. The raw values are the codes of Pillow and of `preprocessor_config.json`.
///
/// All but ``nearest`` look at every input pixel within their reach, which grows as the image shrinks, so that nothing
/// is left out and no pattern appears that was not there.
public enum ResamplingFilter: Int, Sendable, CaseIterable, Codable {
  /// The one pixel under the middle of the new one. It reaches nowhere else and is not smooth when it shrinks.
  case nearest = 0
  /// A windowed sinc that reaches 3 pixels to each side: the sharpest.
  case lanczos = 1
  /// A triangle that reaches 1 pixel to each side.
  case bilinear = 2
  /// Keys' cubic with a = -1/2, which reaches 2 pixels to each side.
  case bicubic = 3
  /// The plain mean of the pixels under the new one.
  case box = 4
  /// A Hamming-windowed sinc that reaches 1 pixel to each side.
  case hamming = 5

  /// How far the filter reaches to each side, in input pixels when it enlarges, in output pixels when it shrinks.
  var reach: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The height of the filter at a distance from its middle.
  func callAsFunction(at x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .nearest:
      return 1
    case .box:
      return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear:
      return max(0, 1 - distance)
    case .hamming:
      // Pillow writes the two constants in Float32, which shows in one of a million samples.
      let window = Double(Float(0.54)) + Double(Float(0.46)) * cos(distance * .pi)
      return distance < 1 ? sinc(distance) * window : 0
    case .bicubic:
      if distance < 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
      return distance < 2 ? -0.5 * (((distance - 5) * distance + 8) * distance - 4) : 0
    case .lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }
}

private func sinc(_ x: Double) -> Double {
  x == 0 ? 1 : sin(x * .pi) / (x * .pi)
}

/// For each output sample, which input samples it is made of and with which weights, in fixed point.
///
/// The scheme is Pillow's, to the bit: weights are sampled at the middles of the input pixels, made to add up to 1, and
/// rounded to 22 bits after the point.
struct ResamplingWeights {
  var starts: [Int32] = []
  var counts: [Int32] = []
  /// `stride` weights per output sample, of which `counts` are used.
  var values: [Int32] = []
  let stride: Int

  /// - Parameters:
  ///   - input: The number of input samples along the axis.
  ///   - output: The number of output samples along the axis.
  ///   - positions: Which of the output samples are wanted; all by default.
  init(_ filter: ResamplingFilter, from input: Int, to output: Int, positions: Range<Int>? = nil) {
    let positions = positions ?? 0..<output
    let scale = Double(input) / Double(output)
    let widening = max(scale, 1)
    let reach = filter.reach * widening
    stride = Int(reach.rounded(.up)) * 2 + 1
    values.reserveCapacity(positions.count * stride)
    for position in positions {
      let middle = (Double(position) + 0.5) * scale
      let start = max(0, Int(middle - reach + 0.5))
      let end = min(input, Int(middle + reach + 0.5))
      var heights = (start..<max(start, end)).map { filter(at: (Double($0) - middle + 0.5) * (1 / widening)) }
      let sum = heights.reduce(0, +)
      if sum != 0 { heights = heights.map { $0 / sum } }
      starts.append(Int32(start))
      counts.append(Int32(heights.count))
      for height in heights {
        values.append(Int32(height * Double(1 << 22) + (height < 0 ? -0.5 : 0.5)))
      }
      values.append(contentsOf: repeatElement(0, count: stride - heights.count))
    }
  }
}
