internal import CKernels
internal import Foundation
package import Tensor

/// Rotary positions (Su et al. 2021): pairs of a head's coordinates turn by an angle that grows with the position.
///
/// Coordinates i and i + dimensions/2 form a pair, as in Llama; pair i turns by position · base^(-2i/dimensions). With
/// ``sections`` the pairs are shared out among the axes of a position (M-RoPE, Wang et al. 2024).
package struct RotaryPositions: Sendable, Equatable {
  /// Coordinates of a head; even.
  package let dimensions: Int
  /// The slowest pair's wavelength grows with it. The default is 10,000.
  package let base: Double
  /// How many pairs turn by time, row and column; empty where all turn by time. The default is empty.
  package let sections: [Int]
  /// Whether the axes take turns pair by pair, as in Qwen3-VL, in place of having their pairs in blocks. The default is
  /// false.
  package let interleavesSections: Bool
  /// How a model was taught longer texts than it began with. The default is none.
  package let scaling: RotaryScaling

  /// Rotary positions for heads of this size.
  ///
  /// - Precondition: `dimensions` is even; `sections` is empty or has three parts that add up to half of it.
  package init(
    dimensions: Int, base: Double = 10_000, sections: [Int] = [], interleavesSections: Bool = false,
    scaling: RotaryScaling = .none
  ) {
    precondition(dimensions % 2 == 0, "rotary positions need an even head size, not \(dimensions)")
    precondition(
      sections.isEmpty || sections.count == 3 && sections.reduce(0, +) == dimensions / 2,
      "sections \(sections) for \(dimensions / 2) pairs")
    (self.dimensions, self.base, self.scaling) = (dimensions, base, scaling)
    (self.sections, self.interleavesSections) = (sections, interleavesSections)
  }

  /// The cosines and sines of a run of positions.
  package struct Table: Sendable {
    let cosine: Tensor
    let sine: Tensor
    let dimensions: Int

    /// Turns [tokens, heads, dimensions] by its rows' angles.
    package func rotate(_ x: Tensor) -> Tensor {
      precondition(
        x.rank == 3 && x.shape[0] == cosine.shape[0] && x.shape[2] == dimensions,
        "\(x.shape) turned by \(cosine.shape[0]) positions of \(dimensions) coordinates")
      return .operation(value: turned(x, 1), inputs: [x]) { [turned($0, -1)] }
    }

    /// The same in the tensor's own memory if it is the only owner; not recorded.
    ///
    /// - Parameter back: by the negative angles, as a gradient turns.
    package func turn(_ x: inout Tensor, back: Bool = false) {
      x.mutateScalars { turn($0.baseAddress, to: $0, back ? -1 : 1) }
    }

    private func turned(_ x: Tensor, _ direction: Float) -> Tensor {
      Tensor(shape: x.shape) { out in x.withScalars { turn($0.baseAddress, to: out, direction) } }
    }

    private func turn(_ x: UnsafePointer<Float>?, to out: UnsafeMutableBufferPointer<Float>, _ direction: Float) {
      cosine.withScalars { c in
        sine.withScalars { s in
          guard let x, let y = out.baseAddress, let c = c.baseAddress, let s = s.baseAddress else { return }
          let (tokens, half) = (cosine.shape[0], dimensions / 2)
          let width = out.count / max(1, tokens)
          inRowBlocks(rows: tokens, columns: width) { first, count in
            sd_rotary(
              x + first * width, c + first * half, s + first * half, y + first * width, count, width / dimensions,
              dimensions, direction)
          }
        }
      }
    }
  }

  /// Angles for one position a row.
  package func table(positions: [TokenPosition]) -> Table {
    let frequencies = (0..<(dimensions / 2)).map { pair in
      scaling.scaled(pow(base, -2 * Double(pair) / Double(dimensions)), ofPair: pair)
    }
    let axisOfPair = axes
    // A tree's answers, and trees side by side, stand at the same positions.
    var (different, place) = ([TokenPosition](), [TokenPosition: Int]())
    let rows = positions.map { position -> Int in
      if let known = place[position] { return known }
      different.append(position)
      place[position] = different.count - 1
      return different.count - 1
    }
    let table = table(rows: different.count) { row, pair in
      let position = different[row]
      let place = sections.isEmpty ? position.time : [position.time, position.row, position.column][axisOfPair[pair]]
      return Double(place) * frequencies[pair]
    }
    guard different.count < positions.count else { return table }
    return Table(cosine: table.cosine.gathered(rows), sine: table.sine.gathered(rows), dimensions: dimensions)
  }

  /// The axis by which each pair turns: 0 time, 1 row, 2 column; empty where all turn by time.
  private var axes: [Int] {
    guard interleavesSections, !sections.isEmpty else {
      return sections.enumerated().flatMap { Array(repeating: $0, count: $1) }
    }
    // Rows and columns have every third pair, as many as their sections say, and time what is left.
    return (0..<(dimensions / 2)).map { $0 < 3 * sections[$0 % 3] ? $0 % 3 : 0 }
  }

  /// Angles for places in an image, half of the pairs turning by the row and half by the column, as in Qwen2-VL's tower:
  /// both halves have the frequencies of a head of half the size.
  ///
  /// - Parameter places: row and column of each patch.
  package func table(patches places: [(row: Int, column: Int)]) -> Table {
    let quarter = dimensions / 4
    precondition(quarter * 4 == dimensions, "rows and columns turn \(dimensions) coordinates, not a multiple of 4")
    let frequencies = (0..<quarter).map { pow(base, -2 * Double($0) / Double(2 * quarter)) }
    return table(rows: places.count) { row, pair in
      Double(pair < quarter ? places[row].row : places[row].column) * frequencies[pair % quarter]
    }
  }

  /// The table of these angles in radians.
  private func table(rows: Int, angle: (_ row: Int, _ pair: Int) -> Double) -> Table {
    let half = dimensions / 2
    func fill(_ f: (Double) -> Double) -> Tensor {
      Tensor(shape: [rows, half]) { out in
        for row in 0..<rows { for pair in 0..<half { out[row * half + pair] = Float(f(angle(row, pair))) } }
      }
    }
    return Table(cosine: fill(cos), sine: fill(sin), dimensions: dimensions)
  }
}

/// How the frequencies of rotary positions are changed so that a model reads longer texts.
package enum RotaryScaling: Sendable, Equatable {
  /// Not at all.
  case none
  /// All positions are divided by the factor.
  case linear(factor: Double)
  /// Llama 3.1: waves longer than `original / low` are slowed by the factor, those shorter than `original / high` are left
  /// as they are, and those between go over from one to the other.
  case llama3(factor: Double, low: Double, high: Double, original: Double)
  /// Each pair's frequency is divided by a number of its own.
  case divisors([Double])

  /// The frequency, in radians a position, after the change.
  package func scaled(_ frequency: Double, ofPair pair: Int) -> Double {
    switch self {
    case .divisors(let divisors): return frequency / divisors[pair]
    case .none: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let original):
      let waves = original * frequency / (2 * .pi)
      if waves < low { return frequency / factor }
      if waves > high { return frequency }
      let share = (waves - low) / (high - low)
      return (1 - share) * frequency / factor + share * frequency
    }
  }
}
