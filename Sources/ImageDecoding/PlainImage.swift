extension ImageHeader {
  /// Whether every program that reads the format shows the pixels that ``ImageDecoder`` gives: upright, opaque, one frame,
  /// no grey of 16 bits, no inks.
  package var isPlain: Bool {
    orientation == 1 && !mayBeTransparent && !isAnimated && !isSixteenBitGrey && !hasFourInks
  }
}

extension ImageDecoder {
  /// A PNG of more bytes is written as JPEG: services take 5 MB of base64.
  private static let largestPNG = 3 << 20

  /// An image file as one that every program shows alike: for services and browsers, which may or may not turn a photo as
  /// its EXIF orientation says, lay transparency over black, or clip 16 bits.
  ///
  /// ```swift
  /// let decoder = ImageDecoder(options: .forPeople)
  /// let sent = try decoder.plainFile(bytes, longestEdge: 1568) ?? bytes
  /// ```
  ///
  /// What is only written anew stays lossless, as PNG, unless it comes from JPEG or is large; what becomes smaller is JPEG.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - longestEdge: The most pixels along the longer side, at least 1; nil for any number.
  ///   - name: What an error calls the file. The default is "image".
  /// - Returns: nil where the file is such a one as it is, or is no image known here and need not become smaller.
  /// - Throws: ``ImageDecodingError`` where it must be decoded and can't.
  package func plainFile(
    _ bytes: [UInt8], longestEdge: Int?, name: String = "image"
  ) throws(ImageDecodingError) -> [UInt8]? {
    let header = ImageHeader(bytes)
    if let header {
      if header.isPlain, max(header.width, header.height) <= longestEdge ?? .max { return nil }
    } else if longestEdge == nil {
      return nil
    }
    let image = try decode(bytes, name: name)
    let edge = max(image.width, image.height)
    if let longestEdge, edge > longestEdge {
      func scaled(_ length: Int) -> Int { max(1, (length * longestEdge + edge / 2) / edge) }
      return try image.resized(width: scaled(image.width), height: scaled(image.height), by: .bicubic).jpegData()
    }
    if header?.format != .jpeg {
      let png = try image.pngData()
      if png.count <= Self.largestPNG { return png }
    }
    return try image.jpegData(quality: 95)
  }
}
