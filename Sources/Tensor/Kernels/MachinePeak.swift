internal import CKernels

extension Tensor.Compute {
  /// The most floating-point operations a second that all threads together reach where nothing holds them back: a loop
  /// of fused multiply-adds on registers. What a benchmark's rate is held against.
  ///
  /// - Parameter bfloat16: products of bfloat16 pairs added up in Float32; else Float32 throughout.
  /// - Returns: operations a second, the best of a few rounds; nil where the CPU has no such instruction.
  /// - Complexity: about 0.1 seconds.
  public static func measuredPeak(bfloat16: Bool = false) -> Double? {
    if bfloat16, !sd_has_bfloat16() { return nil }
    let work = { (rounds: Int) in bfloat16 ? sd_peak_bfloat16(rounds) : sd_peak_float(rounds) }
    return bestRate { work(400_000) }
  }

  /// The bytes a second that all threads together read from memory, from a block larger than the caches.
  ///
  /// - Returns: bytes a second, the best of a few rounds.
  /// - Complexity: about 0.2 seconds and 256 MiB.
  package static func measuredBandwidth() -> Double {
    let count = 1 << 26
    let block = Tensor.zeros([count])
    let parts = threads * 4
    return block.withScalars { elements in
      guard let base = elements.baseAddress else { return 0 }
      let each = count / parts
      return bestRate(calls: parts) { part in
        _ = sd_read(base + part * each, each)
        return Double(each * MemoryLayout<Float>.stride)
      }
    }
  }

  /// The best rate of five rounds of work on all threads.
  private static func bestRate(calls: Int = threads, _ work: (Int) -> Double) -> Double {
    let clock = ContinuousClock()
    return (0..<5).map { _ -> Double in
      var done = [Double](repeating: 0, count: calls)
      let time = done.withUnsafeMutableBufferPointer { done in
        let base = done.baseAddress
        return clock.measure { parallel(calls) { base?[$0] = work($0) } }
      }
      let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
      return done.reduce(0, +) / seconds
    }.max() ?? 0
  }

  private static func bestRate(_ work: () -> Double) -> Double { bestRate { _ in work() } }
}
