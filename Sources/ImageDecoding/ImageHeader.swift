/// The header of an image file. Reading it takes about 20 us a file, while decoding takes milliseconds.
///
/// ```swift
/// let header = ImageHeader(contentsOf: "photo.jpg")
/// header?.width         // 4032, as the file stores it
/// header?.orientation   // 6: shown turned a quarter to the right
/// header?.shown.width   // 3024
/// ```
///
/// It says nothing about whether the rest of the file is sound. It is read without any codec, so that formats whose
/// decoder is not built in have one too.
package struct ImageHeader: Sendable, Equatable {
  /// The kind of file.
  package var format: ImageFormat
  /// Columns of pixels as they are stored.
  package var width: Int
  /// Rows of pixels as they are stored.
  package var height: Int
  /// How the image is to be shown, 1...8 (see ``RGBImage/oriented(_:)``): the EXIF tag 0x0112 or, where there is none,
  /// `tiff:Orientation` in XMP, from where Pillow 13's `getexif` reads them, which includes the text chunks of a PNG. 1
  /// where the file says nothing, or no known value.
  package var orientation = 1
  /// Whether pixels may be transparent: the file has an alpha channel or transparent colours.
  package var mayBeTransparent = false
  /// Whether there is more than one frame.
  package var isAnimated = false
  /// Whether it is grey of 16 bits without alpha, which programs clip or scale.
  package var isSixteenBitGrey = false
  /// Whether there are four components: CMYK or YCCK, which programs turn into RGB in different ways.
  package var hasFourInks = false

  /// The size as the image is shown: orientations 5 to 8 exchange columns and rows.
  package var shown: (width: Int, height: Int) { orientation >= 5 ? (height, width) : (width, height) }

  /// The head of a file; nil for one that can't be read, is of no format known here, or ends before its size.
  package init?(contentsOf path: String) {
    guard let header = withMappedFile(path, { ImageHeader($0) }) ?? nil else { return nil }
    self = header
  }

  /// The head of a file's bytes.
  package init?(_ bytes: [UInt8]) {
    guard let header = bytes.withUnsafeBytes({ ImageHeader($0) }) else { return nil }
    self = header
  }

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let format = ImageFormat(signatureOf: bytes) else { return nil }
    self.format = format
    (width, height) = (0, 0)
    var metadata = ImageMetadata()
    switch format {
    case .png: readPNG(bytes, &metadata)
    case .jpeg: readJPEG(bytes, &metadata)
    case .webp: readWebP(bytes, &metadata)
    case .gif: readGIF(bytes)
    }
    // The most that any format here allows, which is PNG's; whatever counts pixels may multiply the two.
    let sides = 1...Int(Int32.max)
    guard sides.contains(width), sides.contains(height) else { return nil }
    if let stated = metadata.orientation, (1...8).contains(stated) { orientation = stated }
  }
}

extension UnsafeRawBufferPointer {
  /// A number of so many bytes, the first the most significant; nil where the bytes end before it.
  func bigEndian(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    return self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }

  /// A number of so many bytes, the first the least significant; nil where the bytes end before it.
  func littleEndian(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    return self[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Whether these characters stand at an offset.
  func has(_ text: String, at offset: Int) -> Bool {
    let end = offset + text.utf8.count
    return offset >= 0 && end <= count && self[offset..<end].elementsEqual(text.utf8)
  }
}
