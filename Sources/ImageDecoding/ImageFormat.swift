/// The kinds of image file that are read here; PNG and JPEG are written as well.
public enum ImageFormat: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Portable Network Graphics.
  case png = "PNG"
  /// JPEG in a JFIF, EXIF or Adobe file.
  case jpeg = "JPEG"
  /// WebP, lossy or lossless; of an animation the first frame. Read where the package's trait `MoreImages` is on.
  case webp = "WebP"
  /// Graphics Interchange Format; of an animation the first frame. Read where the package's trait `MoreImages` is on.
  case gif = "GIF"

  /// The usual name of the format.
  public var description: String { rawValue }

  /// The format whose signature these bytes begin with; nil for none of the four.
  init?(signatureOf bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .png
    } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
      self = .webp
    } else if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) {
      self = .gif
    } else {
      return nil
    }
  }
}

/// What a file is that is none of the formats, by its first bytes: "TIFF", "a web page"; nil where they say nothing.
func otherFormat(_ bytes: UnsafeRawBufferPointer) -> String? {
  let starts: [(bytes: [UInt8], name: String)] = [
    ([0x49, 0x49, 0x2a, 0], "TIFF"), ([0x4d, 0x4d, 0, 0x2a], "TIFF"), ([0x49, 0x49, 0x2b, 0], "TIFF"),
    ([0x4d, 0x4d, 0, 0x2b], "TIFF"), (Array("BM".utf8), "BMP"), (Array("%PDF".utf8), "PDF"),
    ([0, 0, 1, 0], "ICO"), (Array("8BPS".utf8), "Photoshop"), (Array("<svg".utf8), "SVG"),
    (Array("<?xml".utf8), "XML or SVG"), (Array("<!DOCTYPE".utf8), "a web page"), (Array("<html".utf8), "a web page"),
    ([0xff, 0x0a], "JPEG XL"), ([0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20], "JPEG XL"),
    ([0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20], "JPEG 2000"),
  ]
  if let known = starts.first(where: { bytes.starts(with: $0.bytes) }) { return known.name }
  // ISO media files say their brand after the size and "ftyp".
  guard bytes.count >= 12, bytes.dropFirst(4).starts(with: "ftyp".utf8) else { return nil }
  let brand = String(decoding: bytes[8..<12], as: UTF8.self)
  if brand.hasPrefix("avi") { return "AVIF" }
  return ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"].contains(brand) ? "HEIC" : nil
}
