internal import ContentDigest

extension Tensor {
  /// A seeded generator of random bits: SplitMix64 (Steele et al. 2014). The same seed gives the same bits everywhere.
  ///
  /// ```swift
  /// var generator = Tensor.Generator(seed: 1)
  /// let weights = Tensor.normal([3, 4], standardDeviation: 0.02, using: &generator)
  /// ```
  ///
  /// Its state is one number, so that a checkpoint can keep it. Not for secrets.
  public struct Generator: RandomNumberGenerator, Sendable, Codable, Equatable {
    /// The whole state.
    package var state: UInt64

    /// A generator that starts at this seed.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
      skip(1)
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }

    /// Passes over so many numbers at once: threads each begin at a place of their own.
    @inline(__always) package mutating func skip(_ count: Int) {
      state &+= 0x9e37_79b9_7f4a_7c15 &* UInt64(truncatingIfNeeded: count)
    }

    /// A generator for a named part of the work, independent of how much of the others was used.
    public func fork(_ name: String) -> Generator {
      var child = Generator(seed: state ^ FNV1a.hash(name))
      _ = child.next()
      return child
    }
  }

  /// A generator for models whose weights are about to be read from files: all numbers drawn from it are 0, and take no
  /// memory until they are read.
  ///
  /// ```swift
  /// var blank = Tensor.Blank()
  /// let weights = Tensor.normal([128_256, 4096], standardDeviation: 0.02, using: &blank)   // at once, whatever the size
  /// ```
  package struct Blank: RandomNumberGenerator, Sendable {
    /// A generator of zeros.
    package init() {}

    /// 0.
    package mutating func next() -> UInt64 { 0 }

    /// Zeros in this shape, without memory of their own.
    static func tensor(_ shape: [Int]) -> Tensor {
      Tensor(storage: Storage(CompactStorage(.zeros, count: Tensor.count(of: shape), owner: nil)), shape: shape)
    }
  }

  /// Independent uniform numbers in [low, high).
  ///
  /// - Precondition: low < high.
  package static func uniform(
    _ shape: [Int], from low: Float = 0, to high: Float = 1, using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    precondition(low < high, "uniform numbers from \(low) to \(high)")
    if generator is Blank { return Blank.tensor(shape) }
    // The sum may round up to `high`.
    return Tensor(shape: shape) { out in
      for i in out.indices { out[i] = min(low + (high - low) * unit(&generator), high.nextDown) }
    }
  }

  /// Independent normal numbers with mean 0, by Box and Muller's method.
  public static func normal(
    _ shape: [Int], standardDeviation: Float = 1, using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    if generator is Blank { return Blank.tensor(shape) }
    return Tensor(shape: shape) { out in
      for i in out.indices {
        let radius = (-2 * logarithm(1 - unit(&generator))).squareRoot()
        out[i] = standardDeviation * radius * cosine(2 * .pi * unit(&generator))
      }
    }
  }
}

/// 24 random bits as a number in [0, 1).
private func unit(_ generator: inout some RandomNumberGenerator) -> Float {
  Float(generator.next() >> 40) * 0x1p-24
}
