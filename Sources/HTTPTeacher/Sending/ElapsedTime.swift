/// How long something took, and in words.
enum ElapsedTime {
  static func seconds(since start: ContinuousClock.Instant) -> Double {
    let passed = (ContinuousClock.now - start).components
    return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
  }

  /// To three digits or to the second: `0.15 s`, `12.3 s`, `600 s`.
  static func words(_ seconds: Double) -> String {
    let unit = seconds < 10 ? 0.01 : seconds < 100 ? 0.1 : 1
    let text = "\((seconds / unit).rounded() / (1 / unit))"
    return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " s"
  }
}
