/// Intervals for means over items that come in groups (the pristine and the falsified twin of one photo, say).
///
/// Items of a group are right or wrong together, so resampling single items would make the interval too narrow. Here
/// whole groups are drawn with replacement, as many as there are, and the mean over the items of the drawn groups is
/// one resample (Field and Welsh 2007, "Bootstrapping clustered data"; percentile interval, Efron 1979).
///
/// ```swift
/// let bootstrap = GroupBootstrap(groups: ["a", "a", "b", "c"], using: &generator)
/// bootstrap.interval(of: [true, false, true, true])  // Interval(low: 0.5, high: 1.0)
/// ```
///
/// One seed is taken from the generator at the start, and every question is answered with the same draws. So the order
/// of questions does not matter, and a difference of two results is paired: each resample compares both on the same
/// groups.
package struct GroupBootstrap: Sendable {
  /// The number of resamples of each answer.
  package let resamples: Int
  /// The group of each item, as a number below ``groupCount``.
  private let groupOfItem: [Int]
  /// The number of different groups.
  package let groupCount: Int
  private let seed: UInt64

  /// Prepares the resampling of items by their groups.
  ///
  /// - Parameters:
  ///   - groups: the group of each item, in the order in which values are given later.
  ///   - resamples: 0 makes intervals of no width. The default is 2,000: the ends of the interval then move by about
  ///     0.05 of its width from seed to seed.
  ///   - generator: one number is taken from it.
  /// - Precondition: there is at least one item.
  package init(groups: [String], resamples: Int = 2_000, using generator: inout some RandomNumberGenerator) {
    self.init(groups: groups, resamples: resamples, seed: generator.next())
  }

  package init(groups: [String], resamples: Int, seed: UInt64) {
    precondition(!groups.isEmpty, "nothing to resample")
    precondition(resamples >= 0, "resamples is \(resamples), expected at least 0")
    // Numbered by their names, so that the same groups are drawn in whichever order the items come.
    let numbers = Dictionary(uniqueKeysWithValues: Set(groups).sorted().enumerated().map { ($1, $0) })
    groupOfItem = groups.map { numbers[$0, default: 0] }
    groupCount = numbers.count
    self.resamples = resamples
    self.seed = seed
  }

  /// The 95 % interval of the share of items that are right.
  package func interval(of correct: [Bool]) -> Interval {
    interval(ofMean: correct.map { $0 ? 1 : 0 })
  }

  /// The 95 % interval of the difference of two shares, `first - second`, over the same items.
  package func difference(_ first: [Bool], minus second: [Bool]) -> Interval {
    precondition(first.count == second.count, "\(first.count) and \(second.count) items; a difference is paired")
    return interval(ofMean: zip(first, second).map { ($0 ? 1 : 0) - ($1 ? 1 : 0) })
  }

  /// The means of all resamples, in the order drawn.
  ///
  /// - Precondition: one value per item.
  /// - Complexity: O(items + resamples * groups); 2,000 resamples of 3,500 groups take about 20 ms.
  package func means(of values: [Int32]) -> [Double] {
    // Sum and size of each group side by side, so that a draw is one load.
    drawn(values.map { SIMD2(Int64($0), 1) }).map { Double($0.x) / Double($0.y) }
  }

  /// Eight sums over the items of each resample, in the order drawn: for figures that are made of several sums.
  ///
  /// - Precondition: one value per item.
  package func totals(of values: [SIMD8<Int64>]) -> [SIMD8<Int64>] { drawn(values) }

  /// Always inlined, so that it is made for each kind of vector: generic vectors are a thousand times slower.
  @inline(__always)
  private func drawn<Sums: SIMD>(_ values: [Sums]) -> [Sums] where Sums.Scalar == Int64 {
    precondition(values.count == groupOfItem.count, "\(values.count) values for \(groupOfItem.count) items")
    var groups = [Sums](repeating: .zero, count: groupCount)
    for (group, value) in zip(groupOfItem, values) { groups[group] &+= value }
    var draws = DrawSequence(state: seed)
    return (0..<resamples).map { _ in
      var total = Sums.zero
      for _ in 0..<groups.count { total &+= groups[draws.next(below: groups.count)] }
      return total
    }
  }

  /// The 95 % intervals of figures that are made of sums over items.
  ///
  /// - Parameters:
  ///   - values: for each item, all of one length: what is summed up.
  ///   - figures: makes the figures out of the sums over the items drawn; as many each time.
  /// - Returns: one interval for each figure.
  /// - Precondition: one list of values per item.
  /// - Complexity: O(items + resamples * groups * values).
  package func intervals(ofSums values: [[Double]], figures: ([Double]) -> [Double]) -> [Interval] {
    precondition(values.count == groupOfItem.count, "\(values.count) values for \(groupOfItem.count) items")
    let width = values[0].count
    var groups = [Double](repeating: 0, count: groupCount * width)
    var all = [Double](repeating: 0, count: width)
    for (group, values) in zip(groupOfItem, values) {
      for place in 0..<width {
        groups[group * width + place] += values[place]
        all[place] += values[place]
      }
    }
    guard resamples > 0 else { return figures(all).map { Interval(low: $0, high: $0) } }
    var draws = DrawSequence(state: seed)
    var found: [[Double]] = []
    for _ in 0..<resamples {
      var total = [Double](repeating: 0, count: width)
      for _ in 0..<groupCount {
        let start = draws.next(below: groupCount) * width
        for place in 0..<width { total[place] += groups[start + place] }
      }
      found.append(figures(total))
    }
    return found[0].indices.map { figure in
      let sorted = found.map { $0[figure] }.sorted()
      return Interval(low: Self.quantile(0.025, of: sorted), high: Self.quantile(0.975, of: sorted))
    }
  }

  /// The value below which the given share of the sorted values lies, interpolated between neighbours (type 7 of Hyndman
  /// and Fan 1996, the default of R and NumPy).
  package static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let position = share * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }

  private func interval(ofMean values: [Int32]) -> Interval {
    let mean = Double(values.reduce(0) { $0 + Int($1) }) / Double(values.count)
    return Interval(of: means(of: values), else: mean)
  }
}

extension Interval {
  /// From the 2.5th to the 97.5th percentile of resamples; without any, no wider than the figure itself.
  init(of resamples: [Double], else figure: Double) {
    guard !resamples.isEmpty else {
      self.init(low: figure, high: figure)
      return
    }
    let sorted = resamples.sorted()
    self.init(low: GroupBootstrap.quantile(0.025, of: sorted), high: GroupBootstrap.quantile(0.975, of: sorted))
  }
}
