/// A closed range of plausible values, written to JSON as `[low, high]`.
public struct Interval: Codable, Sendable, Equatable {
  /// The lower end.
  public let low: Double
  /// The upper end, at least `low`.
  public let high: Double

  /// The range from `low` to `high`.
  ///
  /// - Precondition: `low <= high`.
  package init(low: Double, high: Double) {
    precondition(low <= high, "an interval from \(low) to \(high)")
    self.low = low
    self.high = high
  }

  /// Reads `[low, high]`.
  public init(from decoder: any Decoder) throws {
    var ends = try decoder.unkeyedContainer()
    let low = try ends.decode(Double.self)
    let high = try ends.decode(Double.self)
    guard low <= high, ends.isAtEnd else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "expected [low, high] with low <= high"))
    }
    self.init(low: low, high: high)
  }

  /// Writes `[low, high]`.
  public func encode(to encoder: any Encoder) throws {
    var ends = encoder.unkeyedContainer()
    try ends.encode(low)
    try ends.encode(high)
  }
}
