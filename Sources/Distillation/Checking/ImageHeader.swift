package import Foundation

/// The size of a PNG or JPEG image, read from its first bytes: about 20 us a file, where decoding takes milliseconds.
///
/// It says nothing about whether the rest of the file is sound.
package struct ImageHeader: Sendable, Equatable {
  /// Columns of pixels.
  package var width: Int
  /// Rows of pixels.
  package var height: Int

  /// The size in a file's head; nil for a file that can't be read, is neither PNG nor JPEG, or ends before its size.
  package init?(contentsOf url: URL) {
    // Mapped, so that only the pages that are looked at are read.
    guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else { return nil }
    self.init(data)
  }

  /// The size in a file's bytes.
  package init?(_ data: Data) {
    let found = data.withUnsafeBytes { raw -> (Int, Int)? in
      let bytes = raw.bindMemory(to: UInt8.self)
      return Self.png(bytes) ?? Self.jpeg(bytes)
    }
    guard let (width, height) = found, width > 0, height > 0 else { return nil }
    self.width = width
    self.height = height
  }

  /// Signature, then the chunk IHDR, which begins with width and height (https://www.w3.org/TR/png-3/#11IHDR).
  private static func png(_ bytes: UnsafeBufferPointer<UInt8>) -> (Int, Int)? {
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    guard bytes.count >= 24, bytes.prefix(8).elementsEqual(signature), bytes[12..<16].elementsEqual("IHDR".utf8) else {
      return nil
    }
    func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    return (number(16), number(20))
  }

  /// Segments up to the frame header, SOF0 to SOF15 (https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.2.2).
  private static func jpeg(_ bytes: UnsafeBufferPointer<UInt8>) -> (Int, Int)? {
    guard bytes.count > 3, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return nil }
    func number(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
    var at = 2
    while at + 9 < bytes.count {
      guard bytes[at] == 0xFF else { return nil }
      let marker = bytes[at + 1]
      switch marker {
      case 0xFF: at += 1  // fill bytes may precede a marker
      case 0x01, 0xD0...0xD7: at += 2
      // Tables of Huffman and arithmetic codes stand among the numbers of frame headers.
      case 0xC4, 0xC8, 0xCC: at += 2 + number(at + 2)
      case 0xC0...0xCF: return (number(at + 7), number(at + 5))
      case 0xD9, 0xDA: return nil
      default: at += 2 + number(at + 2)
      }
    }
    return nil
  }
}
