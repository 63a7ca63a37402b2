import Foundation
import ImageDecoding
import TestSupport
import Testing

@Suite struct DamagedFileTests {
  private let image = picture(width: 33, height: 29)

  private func error(_ bytes: [UInt8], _ options: ImageDecoder.Options = .init()) -> ImageDecodingError? {
    do {
      _ = try ImageDecoder(options: options).decode(bytes, name: "photos/7.jpg")
      return nil
    } catch {
      return error
    }
  }

  @Test func `every truncation is an error with the name of the file`() throws {
    for (bytes, format) in [
      (try image.pngData(), ImageFormat.png), (try image.jpegData(), .jpeg),
      (try image.jpegData(progressive: true), .jpeg),
    ] {
      // The last 12 bytes of a PNG and the last 2 of a JPEG say that it ends, after the last pixel.
      for count in 8..<(bytes.count - 13) {
        guard let error = error(Array(bytes[..<count])) else {
          Issue.record("\(count) of \(bytes.count) bytes of a \(format) were taken for an image")
          continue
        }
        #expect("\(error)".hasPrefix("photos/7.jpg: "))
      }
      #expect(
        error(Array(bytes[..<(bytes.count / 2)]))
          == .truncated(file: "photos/7.jpg", format: format, found: bytes.count / 2))
    }
  }

  @Test func `what is not an image is shown by its first bytes`() {
    #expect(error([]) == .notAnImage(file: "photos/7.jpg", found: "an empty file"))
    #expect(
      error(Array("words\u{1}\0\u{1}\0".utf8))
        == .notAnImage(file: "photos/7.jpg", found: "the bytes 77 6f 72 64 73 01 00 01 (\"words\")"))
    #expect(
      error(Array("II*\0".utf8)) == .notAnImage(file: "photos/7.jpg", found: "TIFF, the bytes 49 49 2a 00 (\"II*\")"))
    #expect(error([0, 1]) == .notAnImage(file: "photos/7.jpg", found: "the bytes 00 01"))
  }

  @Test func `a flipped byte of a PNG is found by its checksum`() throws {
    var bytes = try image.pngData()
    bytes[bytes.count / 2] ^= 4
    guard case .damaged("photos/7.jpg", .png, let reason)? = error(bytes) else {
      Issue.record("\(String(describing: error(bytes)))")
      return
    }
    #expect(!reason.isEmpty)
  }

  @Test func `a JPEG with missing data is an error unless damage is accepted`() throws {
    let whole = try image.jpegData()
    let broken = Array(whole[..<(whole.count * 9 / 10)]) + [0xff, 0xd9]
    guard case .damaged("photos/7.jpg", .jpeg, _)? = error(broken) else {
      Issue.record("\(String(describing: error(broken)))")
      return
    }
    var options = ImageDecoder.Options()
    options.acceptsDamagedData = true
    let decoded = try ImageDecoder(options: options).decode(broken)
    #expect(decoded.width == image.width && decoded.height == image.height)
    #expect(decoded.pixels.prefix(30) == (try ImageDecoder().decode(whole)).pixels.prefix(30))
  }

  @Test func `a header with too many pixels is refused before memory is taken`() throws {
    let huge = png(width: 60_000, height: 50_000)
    #expect(error(huge) == .tooManyPixels(file: "photos/7.jpg", width: 60_000, height: 50_000, limit: 89_478_485))
    var options = ImageDecoder.Options()
    options.maximumPixels = 33 * 29 - 1
    #expect(
      error(try image.jpegData(), options) == .tooManyPixels(file: "photos/7.jpg", width: 33, height: 29, limit: 956))
    options.maximumPixels += 1
    #expect(error(try image.jpegData(), options) == nil)
  }

  @Test func `a side longer than that of any photograph is refused`() throws {
    let long = png(width: 70_000, height: 2)
    #expect(error(long) == .sideTooLong(file: "photos/7.jpg", width: 70_000, height: 2, limit: 65_535))
    var options = ImageDecoder.Options()
    options.maximumSide = 70_000
    #expect(error(long, options) == .truncated(file: "photos/7.jpg", format: .png, found: long.count))
  }

  @Test func `a small file that claims many pixels is truncated whatever it holds`() throws {
    let bytes = png(width: 9_000, height: 9_000)
    #expect(error(bytes) == .truncated(file: "photos/7.jpg", format: .png, found: bytes.count))
    var photo = try image.jpegData()
    let frame = try #require(photo.indices.first { photo[$0] == 0xff && photo[$0 + 1] == 0xc0 })
    photo.replaceSubrange((frame + 5)..<(frame + 9), with: [0x23, 0x28, 0x23, 0x28])
    #expect(error(photo) == .truncated(file: "photos/7.jpg", format: .jpeg, found: photo.count))
  }

  @Test func `a side of zero is damage`() throws {
    for bytes in [png(width: 0, height: 5), png(width: 5, height: 0)] {
      guard case .damaged("photos/7.jpg", .png, _)? = error(bytes) else {
        Issue.record("\(String(describing: error(bytes)))")
        return
      }
    }
    var photo = try image.jpegData()
    let frame = try #require(photo.indices.first { photo[$0] == 0xff && photo[$0 + 1] == 0xc0 })
    photo.replaceSubrange((frame + 5)..<(frame + 7), with: [0, 0])
    guard case .damaged("photos/7.jpg", .jpeg, _)? = error(photo) else {
      Issue.record("\(String(describing: error(photo)))")
      return
    }
  }

  @Test func `a JPEG of twelve bits is not read`() throws {
    var photo = try image.jpegData()
    let frame = try #require(photo.indices.first { photo[$0] == 0xff && photo[$0 + 1] == 0xc0 })
    photo[frame + 4] = 12
    guard case .unsupported("photos/7.jpg", .jpeg, _)? = error(photo) else {
      Issue.record("\(String(describing: error(photo)))")
      return
    }
  }

  @Test func `a small JPEG cannot ask for hours of scans`() throws {
    let photo = try image.jpegData(progressive: true)
    let markers = photo.indices.dropLast().filter { photo[$0] == 0xff && photo[$0 + 1] != 0 }
    let start = try #require(markers.first { photo[$0 + 1] == 0xda })
    let end = try #require(markers.first { $0 > start })
    // The first scan writes the mean of every block, and may do so again.
    let repeated = { (count: Int) in
      photo[..<end] + Array(repeating: photo[start..<end], count: count).joined() + photo[end...]
    }
    #expect(error(Array(repeated(50))) == nil)
    #expect(
      error(Array(repeated(200))) == .unsupported(file: "photos/7.jpg", format: .jpeg, reason: "over 100 scans"))
  }

  @Test func `files that cannot be read say why`() throws {
    let decoder = ImageDecoder()
    #expect(throws: ImageDecodingError.unreadable(file: "/no/such.png", reason: "No such file or directory")) {
      try decoder.decode(contentsOf: "/no/such.png")
    }
    #expect(throws: ImageDecodingError.unreadable(file: "/", reason: "not a regular file")) {
      try decoder.decode(contentsOf: "/")
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).png")
    try Data(count: 1000).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var small = ImageDecoder()
    small.options.maximumFileBytes = 999
    #expect(throws: ImageDecodingError.fileTooLarge(file: file.path, bytes: 1000, limit: 999)) {
      try small.decode(contentsOf: file.path)
    }
    #expect(throws: ImageDecodingError.fileTooLarge(file: "image", bytes: 1000, limit: 999)) {
      try small.decode([UInt8](repeating: 0, count: 1000))
    }
  }

  @Test func `two thousand mutations of each format never crash`() throws {
    var generator = SplitMix(state: 11)
    for bytes in [try image.pngData(), try image.jpegData(), try image.jpegData(progressive: true)] {
      var decoded = 0
      for round in 0..<2000 {
        var mutated = bytes
        for _ in 0...Int.random(in: 0..<4, using: &generator) {
          mutated[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        if round.isMultiple(of: 3) { mutated.removeLast(.random(in: 0..<bytes.count, using: &generator)) }
        var options = round.isMultiple(of: 2) ? ImageDecoder.Options() : .forPeople
        options.acceptsDamagedData = round.isMultiple(of: 5)
        options.maximumPixels = 1 << 20
        if let image = try? ImageDecoder(options: options).decode(mutated) {
          decoded += 1
          #expect(image.pixels.count == image.width * image.height * 3)
        }
      }
      #expect(decoded < 2000)
    }
  }

  /// A PNG of a few bytes with this header.
  private func png(width: UInt32, height: UInt32) -> [UInt8] {
    func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(kind.utf8) + data
      var sum: UInt32 = .max
      for byte in body {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? 0xedb8_8320 ^ (sum >> 1) : sum >> 1 }
      }
      return bigEndian(UInt32(data.count)) + body + bigEndian(~sum)
    }
    func bigEndian(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
      + chunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0]) + chunk("IDAT", [0x78, 0x9c, 1, 0])
  }
}
