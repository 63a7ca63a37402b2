import Foundation
import ImageDecoding
import Testing

@Suite struct ImageHeaderTests {
  private static let image = RGBImage(width: 37, height: 5, pixels: [UInt8](repeating: 90, count: 37 * 5 * 3))

  private static func forms() throws -> [(name: String, bytes: [UInt8])] {
    [
      ("png", try image.pngData()), ("baseline", try image.jpegData()),
      ("progressive", try image.jpegData(progressive: true)),
    ]
  }

  @Test func `the size is that of the decoded image`() throws {
    for (name, bytes) in try Self.forms() {
      let decoded = try ImageDecoder().decode(bytes)
      let header = try #require(ImageHeader(bytes), "\(name)")
      #expect(header.width == decoded.width && header.height == decoded.height)
    }
  }

  @Test func `segments before the frame and fill bytes are passed over`() throws {
    let jpeg = try Self.image.jpegData()
    // A comment that holds what looks like a frame header, then two fill bytes.
    let comment: [UInt8] = [0xFF, 0xFE, 0x00, 0x0C, 0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 0, 0xFF, 0xFF]
    let longer = Array(jpeg[..<2]) + comment + Array(jpeg[2...])
    #expect(ImageHeader(longer) == ImageHeader(jpeg))
  }

  /// A side of a PNG is at most 2^31 - 1 (PNG 3rd edition, 11.2.1), and zero is invalid.
  @Test func `sides that no image may have are no size`() throws {
    let png = try Self.image.pngData()
    func sized(_ width: UInt32, _ height: UInt32) -> ImageHeader? {
      var bytes = png
      for (at, side) in [(16, width), (20, height)] {
        for byte in 0..<4 { bytes[at + byte] = UInt8(truncatingIfNeeded: side >> (24 - 8 * byte)) }
      }
      return ImageHeader(bytes)
    }
    #expect(sized(.max, .max) == nil && sized(1 << 31, 1) == nil && sized(1, 1 << 31) == nil && sized(0, 5) == nil)
    #expect(sized((1 << 31) - 1, (1 << 31) - 1)?.width == Int(Int32.max))
  }

  @Test func `what ends before its size or is no image has none`() throws {
    for (_, bytes) in try Self.forms() {
      for count in 0..<24 where count < bytes.count { #expect(ImageHeader(Array(bytes.prefix(count))) == nil) }
      // Cut anywhere, it has the right size or none, and nothing is read beyond the end.
      for count in 24..<bytes.count {
        if let header = ImageHeader(Array(bytes.prefix(count))) { #expect(header.width == 37 && header.height == 5) }
      }
    }
    #expect(ImageHeader(Array("no image at all, but text".utf8)) == nil)
    #expect(ImageHeader(contentsOf: "/none/of/this.png") == nil)
  }
}
