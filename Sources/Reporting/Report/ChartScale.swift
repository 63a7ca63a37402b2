internal import Foundation

/// A straight map from values to pixels, with ticks at round numbers.
package struct ChartScale: Sendable, Equatable {
  /// The least value shown.
  package let low: Double
  /// The greatest value shown, above `low`.
  package let high: Double
  /// Round values between `low` and `high`.
  package let ticks: [Double]
  /// The digits after the point that tell the ticks apart.
  package let digits: Int
  private let from: Double
  private let to: Double

  /// A scale.
  ///
  /// - Parameters:
  ///   - values: the finite values to be shown; without any the scale runs from 0 to 1.
  ///   - from: the pixel of the low end.
  ///   - to: the pixel of the high end.
  ///   - ticks: about how many ticks to have.
  ///   - step: the least distance of ticks, 1 for counts. The default is 0: any.
  ///   - isTight: whether the scale ends with the values and not with the next ticks. The default is false.
  package init(
    _ values: some Sequence<Double>, from: Double, to: Double, ticks: Int, step: Double = 0, isTight: Bool = false
  ) {
    let finite = values.filter(\.isFinite)
    var least = finite.min() ?? 0
    var most = finite.max() ?? 1
    if most - least <= abs(most) * 1e-12 {
      // One value alone: some room around it.
      let room = max(abs(most) * 0.1, step, 1e-6)
      (least, most) = (least - room, most + room)
      if let only = finite.first, only >= 0 { least = max(0, least) }
    }
    let distance = max(Self.roundDistance((most - least) / Double(max(ticks, 1))), step)
    let first = (least / distance + 1e-9).rounded(.down)
    let last = (most / distance - 1e-9).rounded(.up)
    low = isTight ? least : first * distance
    high = isTight ? most : last * distance
    self.ticks = (Int(first)...Int(last)).map { Double($0) * distance }.filter { tick in
      !isTight || (tick >= least - distance * 1e-9 && tick <= most + distance * 1e-9)
    }
    digits = max(0, Int((-log10(distance) - 1e-9).rounded(.up)))
    (self.from, self.to) = (from, to)
  }

  /// The pixel of a value.
  package func callAsFunction(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }

  /// The least of 1, 2 and 5 times a power of ten that is no smaller.
  static func roundDistance(_ distance: Double) -> Double {
    let power = pow(10, log10(distance).rounded(.down))
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= distance * (1 - 1e-9) } ?? distance
  }
}
