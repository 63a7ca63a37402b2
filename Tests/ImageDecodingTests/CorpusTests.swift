import Foundation
import ImageDecoding
import Testing

/// Files of every kind that people have, with the pixels that transformers 5.24.0 and Pillow 13.0.0 make of them:
/// `convert_to_rgb(exif_transpose(Image.open(file)))`, which is what the processors see of an opened image that stands
/// upright. `Corpus/make_corpus.py` writes both.
@Suite struct CorpusTests {
  private struct Corpus: Decodable {
    struct File: Decodable {
      let file: String
      let width: Int
      let height: Int
      let orientation: Int
      let transparent: Bool
      let animated: Bool
      let grey16: Bool
      let inks: Bool
      let rgb: Data
    }
    struct Broken: Decodable {
      let file: String
      let reason: String
    }
    let files: [File]
    let broken: [Broken]
  }

  private let corpus: Corpus

  init() throws {
    corpus = try JSONDecoder().decode(Corpus.self, from: Data(contentsOf: Self.file("expected.json")))
  }

  static func file(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(name)")
  }

  private static func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: file(name))) }

  /// Whether this build has the decoder of a file.
  static func isBuilt(_ name: String) -> Bool {
    #if MoreImages
      true
    #else
      !name.hasSuffix(".webp") && !name.hasSuffix(".gif")
    #endif
  }

  @Test func `a model sees the pixels that it sees in transformers`() throws {
    #expect(corpus.files.count >= 90)
    for expected in corpus.files where Self.isBuilt(expected.file) {
      let image = try ImageDecoder().decode(contentsOf: Self.file(expected.file).path)
      let isTurned = expected.orientation >= 5
      #expect(image.width == (isTurned ? expected.height : expected.width), "\(expected.file)")
      #expect(image.height == (isTurned ? expected.width : expected.height), "\(expected.file)")
      #expect(image.pixels == [UInt8](expected.rgb), "\(expected.file)")
    }
  }

  @Test func `the head of a file says its size, how it is shown and what programs may show in other ways`() throws {
    for expected in corpus.files {
      let header = try #require(ImageHeader(contentsOf: Self.file(expected.file).path), "\(expected.file)")
      #expect(header == ImageHeader(try Self.bytes(expected.file)), "\(expected.file)")
      #expect(header.width == expected.width && header.height == expected.height, "\(expected.file)")
      #expect(header.orientation == expected.orientation, "\(expected.file)")
      #expect(header.mayBeTransparent == expected.transparent, "\(expected.file)")
      #expect(header.isAnimated == expected.animated, "\(expected.file)")
      #expect(header.isSixteenBitGrey == expected.grey16, "\(expected.file)")
      #expect(header.hasFourInks == expected.inks, "\(expected.file)")
      let isOdd = expected.transparent || expected.animated || expected.grey16 || expected.inks
      #expect(header.isPlain == (expected.orientation == 1 && !isOdd), "\(expected.file)")
    }
  }

  /// A service may ignore orientation and alpha, so what it is sent must not need either.
  @Test func `what services are sent shows the picture of people to a program that ignores orientation and alpha`()
    throws
  {
    let (people, plain) = (ImageDecoder(options: .forPeople), ImageDecoder(options: .stored))
    var written = 0
    for expected in corpus.files where Self.isBuilt(expected.file) {
      let bytes = try Self.bytes(expected.file)
      let sent = try people.plainFile(bytes, longestEdge: nil)
      let (shown, seen) = (try people.decode(bytes), try plain.decode(sent ?? bytes))
      #expect(shown.width == seen.width && shown.height == seen.height, "\(expected.file)")
      let largest = zip(shown.pixels, seen.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
      // Another JPEG of quality 95 is near, 16 bits are rounded or cut; everything else is the same.
      let isSecondJPEG = sent != nil && expected.file.hasSuffix(".jpg")
      let tolerance = isSecondJPEG ? 60 : expected.file == "rgb16.png" ? 1 : 0
      #expect(largest <= tolerance, "\(expected.file): \(largest)")
      if let sent {
        written += 1
        #expect(ImageHeader(sent)?.isPlain == true, "\(expected.file)")
      }
      #expect((sent == nil) == ImageHeader(bytes)?.isPlain, "\(expected.file)")
      // Student and people see one picture, but for grey of 16 bits and keys that Pillow finds otherwise.
      if !expected.grey16, !expected.file.hasSuffix("4-key.png"), !expected.file.contains("16") {
        #expect(shown.pixels == [UInt8](expected.rgb), "\(expected.file)")
      }
    }
    #expect(written >= 25)
  }

  @Test func `what becomes smaller stands upright, over white and scaled`() throws {
    let people = ImageDecoder(options: .forPeople)
    for expected in corpus.files where Self.isBuilt(expected.file) {
      let bytes = try Self.bytes(expected.file)
      let shown = try people.decode(bytes)
      let sent = try #require(try people.plainFile(bytes, longestEdge: 8), "\(expected.file)")
      let small = try ImageDecoder(options: .stored).decode(sent)
      #expect(max(small.width, small.height) == 8, "\(expected.file)")
      #expect((small.width < small.height) == (shown.width < shown.height), "\(expected.file)")
      func mean(_ image: RGBImage) -> Int { image.pixels.reduce(0) { $0 + Int($1) } / image.pixels.count }
      #expect(abs(mean(small) - mean(shown)) <= 16, "\(expected.file): \(mean(small)), \(mean(shown))")
    }
  }

  /// `Image.open` takes a WebP of 300 x 200; services do too. It was refused because its size was to be looked at.
  @Test func `a file that is small enough is sent as it is, whatever this build can decode`() throws {
    let people = ImageDecoder(options: .forPeople)
    for name in ["lossy.webp", "lossless.webp", "plain.gif", "interlaced.gif", "baseline-420.jpg", "rgb8.png"] {
      #expect(try people.plainFile(Self.bytes(name), longestEdge: 800) == nil, "\(name)")
    }
    // What is no image known here is judged by the service, unless it would have to become smaller.
    #expect(try people.plainFile(Array("words".utf8), longestEdge: nil) == nil)
    #expect(throws: ImageDecodingError.self) { try people.plainFile(Array("words".utf8), longestEdge: 8) }
  }

  @Test func `what can't be read is named with what it is`() throws {
    for broken in corpus.broken where Self.isBuilt(broken.file) {
      do {
        _ = try ImageDecoder().decode(contentsOf: Self.file(broken.file).path)
        Issue.record("\(broken.file) was read")
      } catch {
        switch error {
        case .truncated(let file, _, _):
          #expect(broken.reason == "truncated" && file.hasSuffix(broken.file), "\(error)")
        case .damaged: #expect(broken.reason == "damaged", "\(error)")
        case .notAnImage(_, let found): #expect(found.hasPrefix(broken.reason), "\(error)")
        default: Issue.record("\(broken.file): \(error)")
        }
      }
    }
  }

  @Test func `without the trait a WebP or GIF is refused with the name of the trait`() throws {
    for name in ["lossy.webp", "plain.gif"] where !Self.isBuilt(name) {
      let error = #expect(throws: ImageDecodingError.self) { try ImageDecoder().decode(Self.bytes(name), name: name) }
      #expect(error?.description.contains("MoreImages") == true)
    }
    #expect("\(ImageDecodingError.notBuilt(file: "a.webp", format: .webp))".contains("trait MoreImages"))
  }
}
