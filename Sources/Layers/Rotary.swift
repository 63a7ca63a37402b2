internal import CKernels
internal import Foundation
public import Tensor

/// Rotary positions (Su et al. 2021): pairs of a head's coordinates turn by an angle that grows with the position.
///
/// Coordinates i and i + dimensions/2 form a pair, as in Llama; pair i turns by position · base^(-2i/dimensions).
public struct RotaryPositions: Sendable, Equatable {
  /// Coordinates of a head; even.
  public let dimensions: Int
  /// The slowest pair's wavelength grows with it. The default is 10,000.
  public let base: Double

  /// Rotary positions for heads of this size.
  public init(dimensions: Int, base: Double = 10_000) {
    precondition(dimensions % 2 == 0, "rotary positions need an even head size, not \(dimensions)")
    self.dimensions = dimensions
    self.base = base
  }

  /// The cosines and sines of a run of positions.
  public struct Table: Sendable {
    let cosine: Tensor
    let sine: Tensor
    let dimensions: Int

    /// Turns [tokens, heads, dimensions] by its rows' angles.
    public func rotate(_ x: Tensor) -> Tensor {
      precondition(
        x.rank == 3 && x.shape[0] == cosine.shape[0] && x.shape[2] == dimensions,
        "\(x.shape) turned by \(cosine.shape[0]) positions of \(dimensions) coordinates")
      return .operation(value: turned(x, 1), inputs: [x]) { [turned($0, -1)] }
    }

    private func turned(_ x: Tensor, _ direction: Float) -> Tensor {
      Tensor(shape: x.shape) { out in
        x.withScalars { x in
          cosine.withScalars { c in
            sine.withScalars { s in
              sd_rotary(
                x.baseAddress, c.baseAddress, s.baseAddress, out.baseAddress, cosine.shape[0],
                out.count / max(1, cosine.shape[0] * dimensions), dimensions, direction)
            }
          }
        }
      }
    }
  }

  /// Angles for one position a row.
  public func table(positions: [Int]) -> Table {
    let half = dimensions / 2
    let frequencies = (0..<half).map { pow(base, -2 * Double($0) / Double(dimensions)) }
    let fill = { (f: @escaping (Double) -> Double) in
      Tensor(shape: [positions.count, half]) { out in
        for (row, position) in positions.enumerated() {
          for i in 0..<half { out[row * half + i] = Float(f(Double(position) * frequencies[i])) }
        }
      }
    }
    return Table(cosine: fill(cos), sine: fill(sin), dimensions: dimensions)
  }
}
