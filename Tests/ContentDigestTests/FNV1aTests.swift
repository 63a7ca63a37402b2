import ContentDigest
import Testing

@Suite struct FNV1aTests {
  // The vectors of the reference implementation (Noll, test_fnv.c): FNV-1a, 64 bits.
  @Test(
    arguments: [
      ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
    ] as [(String, UInt64)])
  func `the reference's vectors are reproduced`(text: String, expected: UInt64) {
    #expect(FNV1a.hash(text) == expected)
    var folded = FNV1a()
    for byte in text.utf8 { folded.fold(UInt32(byte)) }
    #expect(folded.value == expected)
  }
}
