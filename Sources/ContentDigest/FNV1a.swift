/// FNV-1a of 64 bits (Fowler, Noll and Vo): a quick hash that is the same in every process and on every
/// machine, unlike Swift's own. For places in tables and seeds, where two equal hashes do no harm; what names content
/// is ``ContentDigest``.
///
/// ```swift
/// FNV1a.hash("a")  // 0xaf63_dc4c_8601_ec8c
/// ```
package struct FNV1a: Sendable {
  /// The hash of what has been folded in.
  @usableFromInline package var value: UInt64

  /// A hash of nothing yet.
  @inlinable package init() { value = 0xcbf2_9ce4_8422_2325 }

  /// Folds in one byte, or one symbol of another alphabet.
  @inlinable package mutating func fold(_ symbol: UInt32) {
    value = (value ^ UInt64(symbol)) &* 0x100_0000_01b3
  }

  /// The hash of a text's UTF-8 bytes.
  package static func hash(_ text: String) -> UInt64 {
    var hash = FNV1a()
    for byte in text.utf8 { hash.fold(UInt32(byte)) }
    return hash.value
  }
}
