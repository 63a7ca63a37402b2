import Foundation
import ImageDecoding
import Testing

/// One image file, the pixels of Pillow's `convert("RGB")`, and those for people where they differ.
struct DecodingCase: Decodable {
  let name: String
  let file: Data
  let width: Int
  let height: Int
  let rgb: Data
  let shown: Data?
}

@Suite struct DecodingTests {
  @Test func `every kind of file gives the pixels of Pillow as it is stored`() throws {
    let cases = try GoldenFile<DecodingCase>.load("decoding")
    #expect(cases.count >= 100)
    for golden in cases {
      let image = try ImageDecoder(options: .stored).decode(golden.file.bytes, name: golden.name)
      #expect(image.width == golden.width && image.height == golden.height, "\(golden.name)")
      #expect(image.pixels == golden.rgb.bytes, "\(golden.name)")
    }
  }

  @Test func `people see orientation applied, alpha over white and sixteen bits scaled`() throws {
    let cases = try GoldenFile<DecodingCase>.load("decoding").filter { $0.shown != nil }
    #expect(cases.count >= 50)
    for golden in cases {
      let image = try ImageDecoder(options: .forPeople).decode(golden.file.bytes, name: golden.name)
      #expect(image.pixels == golden.shown?.bytes, "\(golden.name)")
    }
  }

  @Test func `a PNG holds the pixels that were written`() throws {
    let image = picture(width: 37, height: 21)
    #expect(try ImageDecoder().decode(image.pngData()) == image)
  }

  @Test(arguments: [false, true])
  func `a JPEG is near the pixels that were written`(progressive: Bool) throws {
    let image = picture(width: 41, height: 30)
    let decoded = try ImageDecoder().decode(image.jpegData(quality: 98, progressive: progressive))
    #expect(decoded.width == 41 && decoded.height == 30)
    let differences = zip(image.pixels, decoded.pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.reduce(0, +) < 4 * image.pixels.count)
  }

  @Test func `a file is read from its path`() throws {
    let image = picture(width: 6, height: 5)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).png")
    try Data(image.pngData()).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(try ImageDecoder().decode(contentsOf: file.path) == image)
  }

  @Test func `the eight orientations move the corners where EXIF says`() {
    // 1 2
    // 3 4
    // 5 6
    let image = RGBImage(width: 2, height: 3, pixels: (1...6).flatMap { [$0, 0, 0] })
    let expected: [Int: [UInt8]] = [
      1: [1, 2, 3, 4, 5, 6], 2: [2, 1, 4, 3, 6, 5], 3: [6, 5, 4, 3, 2, 1], 4: [5, 6, 3, 4, 1, 2],
      5: [1, 3, 5, 2, 4, 6], 6: [5, 3, 1, 6, 4, 2], 7: [6, 4, 2, 5, 3, 1], 8: [2, 4, 6, 1, 3, 5],
      0: [1, 2, 3, 4, 5, 6], 9: [1, 2, 3, 4, 5, 6],
    ]
    for (orientation, reds) in expected.sorted(by: { $0.key < $1.key }) {
      let turned = image.oriented(orientation)
      #expect(turned.width == ((5...8).contains(orientation) ? 3 : 2), "orientation \(orientation)")
      #expect(stride(from: 0, to: 18, by: 3).map { turned.pixels[$0] } == reds, "orientation \(orientation)")
    }
  }
}

/// A picture of smooth waves, so that JPEG keeps it well.
func picture(width: Int, height: Int) -> RGBImage {
  var image = RGBImage(width: width, height: height, fill: .init(0, 0, 0))
  for y in 0..<height {
    for x in 0..<width {
      let wave = { (period: Double, at: Int) in UInt8(128 + 100 * sin(Double(at) / period)) }
      image[x: x, y: y] = .init(wave(9, x), wave(7, y), wave(11, x + y))
    }
  }
  return image
}
