import ImageDecoding
import Testing

@Suite struct RGBImageTests {
  @Test func `a pixel is read and written by column and row`() {
    var image = RGBImage(width: 3, height: 2, fill: .init(1, 2, 3))
    image[x: 2, y: 1] = RGBImage.Pixel(255, 128, 0)
    #expect(image.pixels == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 255, 128, 0])
    #expect(image[x: 2, y: 1] == RGBImage.Pixel(255, 128, 0))
    #expect(image[x: 0, y: 0] == RGBImage.Pixel(1, 2, 3))
  }

  @Test func `encoded bytes begin with the signature of their format`() throws {
    let image = RGBImage(width: 5, height: 4, fill: .init(200, 10, 90))
    #expect(try image.pngData().starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    let baseline = try image.jpegData()
    #expect(baseline.starts(with: [0xff, 0xd8]))
    #expect(baseline.contains([0xff, 0xc0]))
    #expect(try image.jpegData(progressive: true).contains([0xff, 0xc2]))
  }

  @Test func `a side that JPEG cannot hold is an error`() {
    let image = RGBImage(width: 65_501, height: 1, fill: .init(0, 0, 0))
    #expect {
      try image.jpegData()
    } throws: { error in
      guard case .notEncoded(.jpeg, let reason)? = error as? ImageDecodingError else { return false }
      return reason.contains("65500")
    }
  }
}
