import Tensor

/// Two ways to compute the same, timed in turn so that a change of the machine's load meets both.
struct Comparison {
  var name: String
  /// Floating-point operations of one call; nil prints times alone.
  var operations: Double?
  /// What is measured, and what it is measured against.
  var sides: (new: String, old: String)

  /// Prints the medians of both sides, their ranges and the median of the ratios old / new.
  func run(rounds: Int, new: () -> Void, old: () -> Void) {
    new()
    old()
    let pairs = (0..<rounds).map { round -> (new: Double, old: Double) in
      // Who goes first changes, so that neither always finds the other's data in the caches.
      if round.isMultiple(of: 2) { return (seconds(new), seconds(old)) }
      let later = seconds(old)
      return (seconds(new), later)
    }
    let ratio = median(pairs.map { $0.old / $0.new })
    print(
      "\(name): \(describe(sides.new, pairs.map(\.new))), \(describe(sides.old, pairs.map(\.old))), \(short(ratio)) times"
    )
  }

  private func describe(_ side: String, _ times: [Double]) -> String {
    let milliseconds = median(times) * 1e3
    let rate = operations.map { ", \(short($0 / median(times) / 1e9)) GFLOP/s" } ?? ""
    let (low, high) = (times.min() ?? 0, times.max() ?? 0)
    return "\(side) \(short(milliseconds)) ms (\(short(low * 1e3))...\(short(high * 1e3)))\(rate)"
  }
}

private func seconds(_ body: () -> Void) -> Double {
  let elapsed = ContinuousClock().measure(body).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}

/// Three significant digits.
private func short(_ value: Double) -> String {
  var (scaled, digits) = (value, 1.0)
  while scaled != 0, abs(scaled) < 100, digits < 1e6 { (scaled, digits) = (scaled * 10, digits * 10) }
  let rounded = scaled.rounded() / digits
  return rounded >= 100 ? "\(Int(rounded))" : "\(rounded)"
}

/// Keeps results alive, so that no side is left out by the optimiser.
@inline(never) func consume(_ tensors: [Tensor]) {}
