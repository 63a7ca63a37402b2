import Foundation
import Tensor
import Testing

@Suite struct RandomTests {
  @Test
  func `the generator gives the published numbers of SplitMix64`() {
    // The reference program splitmix64.c with the state 1234567.
    var generator = Tensor.Generator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  @Test
  func `numbers that are passed over are those that would have been drawn`() {
    var (all, late) = (Tensor.Generator(seed: 5), Tensor.Generator(seed: 5))
    for _ in 0..<1000 { _ = all.next() }
    late.skip(1000)
    #expect(late == all && late.next() == all.next())
  }

  @Test
  func `a generator goes on from its stored state`() throws {
    var generator = Tensor.Generator(seed: 5)
    for _ in 0..<10 { _ = generator.next() }
    var restored = try JSONDecoder().decode(Tensor.Generator.self, from: JSONEncoder().encode(generator))
    #expect(restored == generator)
    #expect((0..<5).map { _ in restored.next() } == (0..<5).map { _ in generator.next() })
  }

  @Test
  func `a fork depends on its name and not on how much others have drawn`() {
    let root = Tensor.Generator(seed: 5)
    var (a, b, again) = (root.fork("a"), root.fork("b"), root.fork("a"))
    let first = (0..<100).map { _ in a.next() }
    #expect(first == (0..<100).map { _ in again.next() })
    #expect(Set(first).isDisjoint(with: (0..<100).map { _ in b.next() }))
  }

  @Test
  func `uniform numbers have the moments of their interval and stay inside it`() {
    var generator = Tensor.Generator(seed: 6)
    let x = Tensor.uniform([100_000], from: -2, to: 6, using: &generator).scalars
    #expect(x.allSatisfy { $0 >= -2 && $0 < 6 })
    let (mean, variance) = moments(x)
    #expect(abs(mean - 2) < 0.03)  // 4 standard errors: 8 / √12 / √100,000 · 4
    #expect(abs(variance - 64.0 / 12) < 0.06)
    // Sixteen equal bins; each holds 6,250 ± 4 · √(100,000 · 15/256).
    for bin in 0..<16 {
      let count = x.count { Int(($0 + 2) * 2) == bin }
      #expect(abs(count - 6_250) < 307)
    }
  }

  @Test
  func `the upper end is never reached, though rounding would reach it`() {
    struct AllOnes: RandomNumberGenerator {
      mutating func next() -> UInt64 { .max }
    }
    var generator = AllOnes()
    for (low, high) in [(0, 1), (1, 2), (-1, 1), (1000, 1001)] as [(Float, Float)] {
      let x = Tensor.uniform([3], from: low, to: high, using: &generator)
      #expect(x.scalars.allSatisfy { $0 < high && $0 > low }, "[\(low), \(high))")
    }
    #expect(Tensor.normal([3], using: &generator).scalars.allSatisfy { $0.isFinite })
  }

  @Test
  func `normal numbers have the moments and tails of the normal distribution`() {
    var generator = Tensor.Generator(seed: 7)
    let x = Tensor.normal([200_001], standardDeviation: 3, using: &generator).scalars.map { $0 / 3 }
    let (mean, variance) = moments(x)
    #expect(abs(mean) < 0.009)  // 4 / √200,000
    #expect(abs(variance - 1) < 0.0127)  // 4 · √(2 / 200,000)
    let fourth = x.reduce(0) { $0 + pow(Double($1) - mean, 4) } / Double(x.count)
    #expect(abs(fourth / (variance * variance) - 3) < 0.05)
    for (bound, share) in [(1.0, 0.682_689), (2.0, 0.954_500), (3.0, 0.997_300)] {
      let inside = Double(x.count { abs($0) < Float(bound) }) / Double(x.count)
      #expect(abs(inside - share) < 0.005)
    }
    // Neighbours are independent.
    let products = zip(x, x.dropFirst()).reduce(0) { $0 + Double($1.0) * Double($1.1) } / Double(x.count)
    #expect(abs(products) < 0.009)
  }

  @Test
  func `the same seed gives the same tensor, and drawing moves the generator`() {
    var (a, b) = (Tensor.Generator(seed: 8), Tensor.Generator(seed: 8))
    let first = Tensor.normal([5], using: &a)
    #expect(first.isIdentical(to: .normal([5], using: &b)))
    #expect(!first.isIdentical(to: .normal([5], using: &b)))
    #expect(Tensor.uniform([0], using: &a).count == 0)
  }

  private func moments(_ x: [Float]) -> (mean: Double, variance: Double) {
    let mean = x.reduce(0) { $0 + Double($1) } / Double(x.count)
    return (mean, x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(x.count))
  }
}
