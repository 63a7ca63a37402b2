/// SplitMix64 (Steele, Lea and Flood 2014), concrete so that the inner loop needs no witness call.
struct DrawSequence {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    // The high half of the product is uniform below the bound up to bound / 2^64, far below what 2,000 draws can show.
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in 0..<1, a multiple of 2^-53.
  mutating func nextShare() -> Double { Double(next() >> 11) * 0x1p-53 }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
