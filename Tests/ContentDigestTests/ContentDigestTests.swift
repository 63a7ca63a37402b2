import ContentDigest
import Testing

@Suite struct ContentDigestTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `the vectors of FIPS 180 are reproduced`(text: String, expected: String) {
    var digest = ContentDigest()
    digest.update(text)
    #expect(digest.hexadecimal() == expected)
    #expect(digest.bytes().count == 32)
  }

  @Test func `pieces of any length give the digest of the whole`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var whole = ContentDigest()
    whole.update(bytes)
    for size in [1, 3, 55, 56, 63, 64, 65, 127, 128, 999] {
      var pieces = ContentDigest()
      for start in stride(from: 0, to: bytes.count, by: size) {
        pieces.update(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(pieces.hexadecimal() == whole.hexadecimal(), "pieces of \(size)")
    }
  }

  @Test func `neighbouring fields cannot run into each other`() {
    #expect(ContentDigest.of(fields: ["ab", "c"]) != ContentDigest.of(fields: ["a", "bc"]))
  }
}
