/// How far stated confidence can be trusted: right answers counted by the confidence they came with.
///
/// ```swift
/// let table = Reliability(confidences: [0.95, 0.85, 0.55], correct: [true, true, false])
/// table.expectedCalibrationError  // (0.05 + 0.15 + 0.55) / 3 = 0.25
/// ```
///
/// Ten bins of equal width by default (Guo et al. 2017, "On Calibration of Modern Neural Networks"). Confidences are
/// those of the label given; items without one don't belong in the table.
package struct Reliability: Codable, Sendable, Equatable {
  /// The items whose confidence lies in `(low, high]` (the first bin holds 0 too).
  package struct Bin: Codable, Sendable, Equatable {
    /// The lower end of the bin, exclusive but for 0.
    package let low: Double
    /// The upper end of the bin, inclusive.
    package let high: Double
    /// The number of items in it.
    package let items: Int
    /// Their mean confidence in 0...1; 0 in an empty bin.
    package let confidence: Double
    /// The share of them that is right, in 0...1; 0 in an empty bin.
    package let accuracy: Double
  }

  /// The bins from 0 to 1, empty ones too.
  package let bins: [Bin]

  /// Sorts answers into bins.
  ///
  /// - Parameters:
  ///   - confidences: one per answer, each in 0...1.
  ///   - correct: whether the answer was right, in the same order.
  ///   - bins: at least 1. The default is 10.
  package init(confidences: [Double], correct: [Bool], bins: Int = 10) {
    precondition(bins > 0, "\(bins) bins, expected at least 1")
    var items = [Int](repeating: 0, count: bins)
    var hits = items
    var sums = [Double](repeating: 0, count: bins)
    for (confidence, isRight) in judgedInOrder(confidences, correct) {
      let bin = Self.bin(of: confidence, of: bins)
      items[bin] += 1
      sums[bin] += confidence
      if isRight { hits[bin] += 1 }
    }
    self.bins = (0..<bins).map { bin in
      let count = Double(max(items[bin], 1))
      return Bin(
        low: Double(bin) / Double(bins), high: Double(bin + 1) / Double(bins), items: items[bin],
        confidence: sums[bin] / count, accuracy: Double(hits[bin]) / count)
    }
  }

  /// The place of the bin that a confidence belongs to.
  package static func bin(of confidence: Double, of bins: Int) -> Int {
    max(0, Int((confidence * Double(bins)).rounded(.up)) - 1)
  }

  /// The number of answers in the table.
  package var items: Int { bins.reduce(0) { $0 + $1.items } }

  /// The mean distance of confidence and accuracy over the bins, weighted by their items (ECE), in 0...1; 0 is
  /// perfect, and 0 is given where there is no item.
  package var expectedCalibrationError: Double {
    let total = bins.reduce(0) { $0 + Double($1.items) * abs($1.accuracy - $1.confidence) }
    return items == 0 ? 0 : total / Double(items)
  }
}
