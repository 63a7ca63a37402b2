import Foundation
import ImageDecoding
import Testing

/// Files that say in many ways how they are to be shown, with what Pillow 13.0.0's `exif_transpose` makes of each, and so
/// `load_image` of transformers 5.24. `Golden/make_orientations.py` writes them and runs Pillow.
@Suite struct OrientationTests {
  private struct Case: Decodable {
    let name: String
    let file: Data
    let orientation: Int
    /// Whether Pillow reads no such file; the orientation is then ours.
    let refused: Bool
  }

  private let cases: [Case]

  init() throws { cases = try GoldenFile<Case>.load("orientations") }

  @Test func `the orientation of a file is the one that Pillow turns it by`() throws {
    #expect(cases.count >= 172 && cases.filter(\.refused).count >= 9)
    for golden in cases {
      let header = try #require(ImageHeader(golden.file.bytes), "\(golden.name)")
      #expect(header.orientation == golden.orientation, "\(golden.name)")
    }
  }

  /// Pillow refuses a file whose texts have over 64 MiB together; here they are read no further.
  @Test func `compressed texts are read up to 64 MiB together`() throws {
    func orientation(afterBombs count: Int) throws -> Int? {
      let small = try #require(cases.first { $0.name == "PNG: compressed profile" }).file.bytes
      let large = try #require(cases.first { $0.name == "PNG: a profile of 2 MiB is not read" }).file.bytes
      // Both are a signature, IHDR (25 bytes), the text chunk, and what follows.
      let length = large[33..<37].reduce(0) { $0 << 8 | Int($1) }
      let bomb = large[33..<33 + 12 + length]
      return ImageHeader(Array(small[..<33]) + [[UInt8]](repeating: Array(bomb), count: count).joined() + small[33...])?
        .orientation
    }
    #expect(try orientation(afterBombs: 63) == 6)
    #expect(try orientation(afterBombs: 64) == 1)
  }

  @Test func `no damage to a head leads beyond its bytes`() {
    for golden in cases where golden.file.count < 2000 {
      let bytes = golden.file.bytes
      for count in bytes.indices {
        var other = bytes
        other[count] ^= 0xff
        for damaged in [Array(bytes[..<count]), other] {
          #expect((1...8).contains(ImageHeader(damaged)?.orientation ?? 1), "\(golden.name)")
        }
      }
    }
  }
}
