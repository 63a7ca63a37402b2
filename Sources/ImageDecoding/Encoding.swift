import CImageCodecs

extension RGBImage {
  /// The image as the bytes of a PNG file: RGB, 8 bits, lossless.
  ///
  /// ```swift
  /// let bytes = try image.pngData()
  /// try ImageDecoder().decode(bytes) == image  // true
  /// ```
  ///
  /// - Throws: ``ImageDecodingError/notEncoded(format:reason:)`` where a side is over what libpng writes, or memory
  ///   runs out.
  public func pngData() throws(ImageDecodingError) -> [UInt8] {
    try encoded(as: .png) { rgb, bytes, message in
      codec_png_encode(rgb, UInt32(clamping: width), UInt32(clamping: height), bytes, message)
    }
  }

  /// The image as the bytes of a JPEG file: YCbCr with 4:2:0 chroma, the form that cameras and web sites write.
  ///
  /// - Parameters:
  ///   - quality: 1 (smallest file) to 100 (best), on libjpeg's scale. The default is 90.
  ///   - progressive: Whether the file is written in several scans, coarse to fine. The default is `false`.
  /// - Precondition: `quality` is in 1...100.
  /// - Throws: ``ImageDecodingError/notEncoded(format:reason:)`` where a side is over 65,500 pixels, or memory runs out.
  package func jpegData(quality: Int = 90, progressive: Bool = false) throws(ImageDecodingError) -> [UInt8] {
    precondition((1...100).contains(quality), "a JPEG quality of \(quality), which goes from 1 to 100")
    return try encoded(as: .jpeg) { rgb, bytes, message in
      codec_jpeg_encode(
        rgb, UInt32(clamping: width), UInt32(clamping: height), Int32(quality), progressive ? 1 : 0, bytes, message)
    }
  }

  private func encoded(
    as format: ImageFormat,
    by encode: (
      _ rgb: UnsafePointer<UInt8>?, _ bytes: UnsafeMutablePointer<CodecBytes>,
      _ message: UnsafeMutablePointer<CodecMessage>
    ) -> CodecStatus
  ) throws(ImageDecodingError) -> [UInt8] {
    var bytes = CodecBytes()
    var message = CodecMessage()
    let status = pixels.withUnsafeBufferPointer { encode($0.baseAddress, &bytes, &message) }
    defer { codec_bytes_free(&bytes) }
    guard status == CODEC_OK else {
      let reason = status == CODEC_OUT_OF_MEMORY ? "out of memory" : message.string
      throw .notEncoded(format: format, reason: reason)
    }
    return Array(UnsafeBufferPointer(start: bytes.start, count: bytes.count))
  }
}

extension CodecMessage {
  /// The text up to its terminating zero.
  var string: String {
    withUnsafeBytes(of: text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
