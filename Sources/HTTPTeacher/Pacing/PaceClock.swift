/// The time by which requests are paced. Tests put one here whose sleeping costs no time.
public struct PaceClock: Sendable {
  /// Seconds since some fixed moment; never goes back.
  package var now: @Sendable () -> Double
  /// Waits for seconds.
  package var sleep: @Sendable (Double) async throws -> Void

  package init(now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void) {
    self.now = now
    self.sleep = sleep
  }

  /// The machine's.
  public static let system: PaceClock = {
    let start = ContinuousClock().now
    return PaceClock {
      let passed = (ContinuousClock().now - start).components
      return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
    } sleep: {
      // No duration holds more than some hundred billion years, and none of ours a NaN.
      try await Task.sleep(for: .seconds($0 < 1e9 ? $0 : 1e9))
    }
  }()
}
