import ContentDigest

/// A small seeded generator of random numbers (SplitMix64): the same seed gives the same world, byte for byte.
///
/// ```swift
/// var generator = WorldGenerator(seed: 7)
/// let scene = Scene.random(using: &generator)
/// ```
///
/// Every photo and every group of the data set has a generator of its own, made from the data set's seed and the
/// names of what it is for, so that asking for more training groups leaves the test groups as they were. Not for
/// secrets. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
package struct WorldGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator that starts at `seed`; any number is a good seed.
  package init(seed: UInt64) {
    state = seed
  }

  /// A generator for one purpose: the seed and the purpose's names are hashed into the start.
  ///
  /// - Parameter purpose: What the numbers are for, in order; ("group", "1", "2") and ("group", "12") differ.
  package init(seed: UInt64, purpose: String...) {
    var digest = ContentDigest()
    digest.update(field: String(seed))
    for name in purpose { digest.update(field: name) }
    self.init(seed: digest.bytes().prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}

// The standard library does not promise how `Int.random(in:using:)` or `shuffled(using:)` spend their bits, so a newer
// tool chain could draw another world from the same seed. These few helpers do promise it.
extension RandomNumberGenerator {
  /// A whole number in 0 ..< `bound`, by the high half of a 128-bit product.
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "nothing can be drawn below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in 0 ..< 1 with 24 random bits.
  package mutating func unit() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// A number between the ends of `range`.
  package mutating func between(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// True with the given probability, 0 to 1.
  package mutating func chance(_ probability: Float) -> Bool {
    unit() < probability
  }

  /// One element, each with the same probability.
  package mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  /// The elements in random order (Fisher-Yates).
  package mutating func shuffle<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
    return elements
  }
}
