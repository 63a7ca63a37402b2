/// Pairs of levels that were given to the same items, as sums: what weighted kappa and mean distances are made of.
///
/// The sums are whole numbers, so that neither the order of the items nor the way they are added up leaves a trace in a
/// figure. Levels are numbered from 0.
///
/// ```swift
/// let sums = LevelSums(0, 0) + LevelSums(1, 2) + LevelSums(2, 2)
/// sums.meanDistance      // 1/3
/// sums.quadraticKappa    // 0.8
/// ```
package struct LevelSums: Sendable, Equatable {
  /// Number of pairs, first, second, their squares, their distance's square, their distance, and the distance of the first
  /// from an expected level, in units of ``unit``.
  package var lanes: SIMD8<Int64>

  /// What the distance from an expected level is counted in: 2^-30 of a level, about 1e-9.
  private static let unit = 1.0 / 1_073_741_824

  package init(lanes: SIMD8<Int64> = .zero) { self.lanes = lanes }

  /// One pair.
  ///
  /// - Parameter expected: a level between levels that stands for the second too, such as an expected one; nil for none.
  package init(_ first: Int, _ second: Int, expected: Double? = nil) {
    let distance = Int64(abs(first - second))
    let apart = expected.map { Int64((abs($0 - Double(first)) / Self.unit).rounded()) } ?? 0
    lanes = SIMD8(
      1, Int64(first), Int64(second), Int64(first * first), Int64(second * second), distance * distance, distance, apart
    )
  }

  package static func + (left: LevelSums, right: LevelSums) -> LevelSums {
    LevelSums(lanes: left.lanes &+ right.lanes)
  }

  /// Cohen's kappa with weights that grow with the square of the distance (Cohen 1968, doi:10.1037/h0026256): 1 for equal
  /// levels throughout, 0 for what the shares of the levels give by chance. Nil without pairs, and where both sides have one
  /// and the same level throughout.
  package var quadraticKappa: Double? {
    // Whole numbers until the division; they grow with the square of the number of pairs.
    let sums = (0..<8).map { Int128(lanes[$0]) }
    let byChance = sums[0] * (sums[3] + sums[4]) - 2 * sums[1] * sums[2]
    return byChance > 0 ? 1 - Double(sums[0] * sums[5]) / Double(byChance) : nil
  }

  /// The mean distance in levels; nil without pairs.
  package var meanDistance: Double? { lanes[0] > 0 ? Double(lanes[6]) / Double(lanes[0]) : nil }

  /// The mean distance of the first from the expected level, in levels; nil without pairs.
  package var meanExpectedDistance: Double? {
    lanes[0] > 0 ? Double(lanes[7]) * Self.unit / Double(lanes[0]) : nil
  }
}
