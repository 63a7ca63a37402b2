import Evaluation
import Testing
import TestSupport

@Suite struct GroupBootstrapTests {
  @Test func `one group leaves nothing to vary`() {
    var generator = FixedGenerator(seed: 1)
    let bootstrap = GroupBootstrap(groups: ["a", "a", "a", "a"], using: &generator)
    #expect(bootstrap.interval(of: [true, true, true, false]) == Interval(low: 0.75, high: 0.75))
    #expect(bootstrap.groupCount == 1 && bootstrap.resamples == 2_000)
  }

  @Test func `all right or all wrong gives an interval of no width`() {
    var generator = FixedGenerator(seed: 2)
    let bootstrap = GroupBootstrap(groups: ["a", "b", "b", "c"], using: &generator)
    #expect(bootstrap.interval(of: [true, true, true, true]) == Interval(low: 1, high: 1))
    #expect(bootstrap.interval(of: [false, false, false, false]) == Interval(low: 0, high: 0))
  }

  /// Two groups, {right} and {wrong, wrong}. Drawing two of two: both first (1/4, mean 1), both second (1/4, mean 0),
  /// one of each (1/2, mean 1/3).
  @Test func `two groups of different sizes give the three means in their proportions`() {
    var generator = FixedGenerator(seed: 3)
    let bootstrap = GroupBootstrap(groups: ["a", "b", "b"], resamples: 40_000, using: &generator)
    let means = bootstrap.means(of: [1, 0, 0])
    #expect(Set(means) == [0, 1.0 / 3, 1])
    for (mean, share) in [(0.0, 0.25), (1.0 / 3, 0.5), (1.0, 0.25)] {
      let seen = Double(means.count { $0 == mean }) / 40_000
      // Four standard deviations of a share of 0.5 over 40,000 draws: 0.01.
      #expect(abs(seen - share) < 0.01)
    }
  }

  /// The naive way: draw groups, gather their items, take the mean of those.
  @Test func `the spread is that of drawing the items themselves group by group`() {
    var generator = FixedGenerator(seed: 4)
    let groups = (0..<300).map { _ in "group \(Int.random(in: 0..<90, using: &generator))" }
    let correct = groups.map { ($0.hashOfDigits % 3 != 0) != (Int.random(in: 0..<5, using: &generator) == 0) }
    let fast = GroupBootstrap(groups: groups, resamples: 4_000, using: &generator)
      .means(of: correct.map { $0 ? 1 : 0 })

    let names = Set(groups).sorted()
    let members = names.map { name in zip(groups, correct).filter { $0.0 == name }.map(\.1) }
    let naive = (0..<4_000).map { _ in
      let items = members.flatMap { _ in members.randomElement(using: &generator) ?? [] }
      return Double(items.count { $0 }) / Double(items.count)
    }
    // Four standard errors: of a mean 4 * 0.03 / sqrt(4,000) = 0.002 (times sqrt 2), of a spread 4 / sqrt(4,000) = 6 %.
    #expect(abs(fast.mean - naive.mean) < 0.003)
    #expect(abs(fast.deviation / naive.deviation - 1) < 0.065)
  }

  @Test func `twins that stand and fall together widen the interval by the square root of two`() {
    var generator = FixedGenerator(seed: 5)
    let pairs = (0..<500).map { _ in Bool.random(using: &generator) }
    let correct = pairs.flatMap { [$0, $0] }
    let alone = GroupBootstrap(groups: (0..<1_000).map { "\($0)" }, using: &generator).interval(of: correct)
    let paired = GroupBootstrap(groups: (0..<1_000).map { "\($0 / 2)" }, using: &generator).interval(of: correct)
    let ratio = (paired.high - paired.low) / (alone.high - alone.low)
    #expect(abs(ratio - 2.0.squareRoot()) < 0.12)
  }

  @Test func `a difference is paired: two voters that err on the same items differ by nothing`() {
    var generator = FixedGenerator(seed: 6)
    let first = (0..<400).map { _ in Bool.random(using: &generator) }
    let bootstrap = GroupBootstrap(groups: (0..<400).map { "\($0)" }, using: &generator)
    #expect(bootstrap.difference(first, minus: first) == Interval(low: 0, high: 0))
    // The second is wrong on ten more of 400 items: -0.025 on the average, and never a gain.
    var second = first
    for index in first.indices.filter({ first[$0] }).prefix(10) { second[index] = false }
    let loss = bootstrap.difference(second, minus: first)
    #expect(loss.low < -0.025 && loss.high > -0.025 && loss.high <= 0)
  }

  @Test func `the same generator gives the same interval, whatever was asked before`() {
    let groups = (0..<50).map { "\($0 % 17)" }
    let correct = (0..<50).map { $0 % 3 != 0 }
    var first = FixedGenerator(seed: 7)
    var second = FixedGenerator(seed: 7)
    let one = GroupBootstrap(groups: groups, using: &first)
    let other = GroupBootstrap(groups: groups, using: &second)
    _ = other.interval(of: correct.map { !$0 })
    #expect(one.interval(of: correct) == other.interval(of: correct))
  }

  @Test func `quantiles lie between neighbours`() {
    // Positions 0.025 * 4 = 0.1 and 0.975 * 4 = 3.9 among five values.
    #expect(abs(GroupBootstrap.quantile(0.025, of: [0, 10, 20, 30, 40]) - 1) < 1e-12)
    #expect(abs(GroupBootstrap.quantile(0.975, of: [0, 10, 20, 30, 40]) - 39) < 1e-12)
    #expect(GroupBootstrap.quantile(0.975, of: [5]) == 5)
  }
}

extension String {
  fileprivate var hashOfDigits: Int { Int(filter(\.isNumber)) ?? 0 }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
  fileprivate var deviation: Double {
    let center = mean
    return (map { ($0 - center) * ($0 - center) }.reduce(0, +) / Double(count)).squareRoot()
  }
}
