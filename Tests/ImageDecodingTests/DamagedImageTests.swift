import Foundation
import ImageDecoding
import TestSupport
import Testing

/// Pictures come from anywhere: whatever is in a file, reading it ends with pixels or with an error.
@Suite struct DamagedImageTests {
  private struct Golden: Decodable {
    let file: Data
  }

  @Test func `no damaged picture crashes, hangs or takes memory`() throws {
    let picture = picture(width: 33, height: 29)
    let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
    let others = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
      .filter { ["webp", "gif"].contains($0.pathExtension) }.sorted { $0.path < $1.path }
    let files =
      try others.map { try [UInt8](Data(contentsOf: $0)) }
      + GoldenFile<Golden>.load("decoding").map { Array($0.file) } + [
        picture.pngData(), picture.jpegData(), picture.jpegData(progressive: true),
      ]
    // Three bytes a pixel, for a progressive JPEG two a coefficient besides, and for an animated WebP four three times.
    let words = [
      "IHDR", "PLTE", "tRNS", "IDAT", "Exif", "VP8 ", "VP8L", "VP8X", "ALPH", "ANMF", "EXIF", "tiff:Orientation=\"",
    ]
    let faults = try Damage.tryAll("image", from: files, words: words, limit: 96 << 20) { bytes, damage in
      if damage.below(4) > 0 { bytes.mendCheckSums() }
    } body: { bytes, damage in
      var options = damage.below(2) == 0 ? ImageDecoder.Options() : .forPeople
      options.maximumPixels = 4_000_000
      options.acceptsDamagedData = damage.below(2) == 0
      _ = try? ImageDecoder(options: options).decode(bytes, name: "x")
      _ = ImageHeader(bytes)
    }
    #expect(faults.isEmpty, "\(faults)")
  }
}

extension [UInt8] {
  /// Gives each chunk of a PNG the check sum of what it holds now, so that more than the check is tried.
  fileprivate mutating func mendCheckSums() {
    var at = 8
    while at + 12 <= count, self[0] == 0x89 {
      var length = 0
      for byte in self[at..<(at + 4)] { length = length << 8 | Int(byte) }
      let end = at + 8 + length
      guard end + 4 <= count else { return }
      let sum = self[(at + 4)..<end].checkSum
      for i in 0..<4 { self[end + i] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * i)) }
      at = end + 4
    }
  }
}

extension ArraySlice<UInt8> {
  /// The CRC-32 of PNG.
  fileprivate var checkSum: UInt32 {
    var sum = UInt32.max
    for byte in self {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xedb8_8320 }
    }
    return ~sum
  }
}
