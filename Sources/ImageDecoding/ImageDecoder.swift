import CImageCodecs
internal import JSON

/// Reads PNG, JPEG, WebP and GIF files into ``RGBImage``.
///
/// ```swift
/// let image = try ImageDecoder().decode(contentsOf: "photos/1.jpg")
/// let other = try ImageDecoder().decode(bytes, name: "1.png")         // the name is for errors
/// ```
///
/// The default pixels are those that transformers 5.24 gives a model: upright as `load_image` and the Image type of datasets
/// turn them, and transparency over white as its processors lay it under an opened image. (`load_image` itself drops
/// alpha, so that the colours show which the file hides.) All else is as Pillow's `convert("RGB")` has it: colour profiles
/// are ignored, 16-bit grey is clipped at 255, CMYK is taken as inverted. `Options/forPeople` scales 16 bits, and
/// `Options/stored` takes the pixels as the file stores them.
///
/// JPEG: baseline, extended and progressive Huffman coding and arithmetic coding, 8 bits, grey, YCbCr, RGB, CMYK and YCCK.
/// PNG: every colour type and depth, interlaced or not. WebP and GIF, with the package's trait `MoreImages`: every kind. Of
/// an animation the first frame.
///
/// - Complexity: one pass; the memory of the image, plus its coefficients (2 bytes a sample) for a progressive JPEG, or 4
///   bytes a pixel for a WebP with transparency.
public struct ImageDecoder: Sendable {
  /// The treatment of what an 8-bit RGB image has no place for, and the limits of size.
  public struct Options: Sendable, Equatable {
    /// Whether the image is turned as its EXIF orientation says, or that in XMP where there is no other. The default is
    /// `true`.
    public var appliesOrientation = true

    /// Whether transparent pixels are laid over white. The default is `true`; `false` drops alpha, and the colour that the
    /// file hides under it shows.
    public var composesAlphaOverWhite = true

    /// Whether 16-bit samples are scaled to the nearest of 8 bits. The default is `false`: grey is clipped at 255 and
    /// colour keeps its high byte.
    package var scalesSixteenBits = false

    /// Whether the one transparent colour of a grey or RGB PNG is found as Pillow 13 does: its low byte is looked for among
    /// samples that have become 8 bits, so that none is found in grey of 2 and 4 bits, and others in 16 bits. The
    /// default is `true`; `false` goes by the standard, as browsers do.
    package var findsTransparentColorAsPillow = true

    /// Whether a JPEG with broken data is decoded all the same, with made-up pixels where data are missing, as Pillow
    /// does. The default is `false`: it is an error. A file that ends too early is an error in any case.
    public var acceptsDamagedData = false

    /// The most pixels (width times height) that are decoded. The default is 89,478,485, above which Pillow warns of
    /// a decompression bomb.
    public var maximumPixels = 89_478_485

    /// The most pixels along either side. The default is 65,535, as many as a JPEG can have: a longer side is that of no
    /// photograph, and resizing it would take memory out of proportion.
    public var maximumSide = 65_535

    /// The most bytes of a file that are read. The default is 256 MiB.
    public var maximumFileBytes = mostImageBytes

    /// The pixels that a model sees.
    public init() {}

    /// The pixels that a person is shown: as a model sees them, but for 16 bits, which are scaled, and the one transparent
    /// colour, which goes by the standard.
    package static let forPeople: Options = {
      var options = Options()
      options.scalesSixteenBits = true
      options.findsTransparentColorAsPillow = false
      return options
    }()

    /// The pixels of transformers' `load_image`: upright, with the colours that are hidden under alpha.
    package static let loadImage: Options = {
      var options = Options()
      options.composesAlphaOverWhite = false
      return options
    }()

    /// The pixels of Pillow's `convert("RGB")`, as they are stored: lying where the camera lay, with the colours that are hidden under alpha.
    package static let stored: Options = {
      var options = Options()
      options.appliesOrientation = false
      options.composesAlphaOverWhite = false
      return options
    }()
  }

  /// The treatment of alpha, orientation, depth, damage and size.
  public var options: Options

  /// A decoder with these options. The default is what a model sees.
  public init(options: Options = Options()) {
    self.options = options
  }

  /// Reads the file at a path.
  ///
  /// - Throws: ``ImageDecodingError``, with `path` as the name of the file.
  public func decode(contentsOf path: String) throws(ImageDecodingError) -> RGBImage {
    try decode(readFile(path, atMost: options.maximumFileBytes), name: path)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What an error calls the file. The default is "image".
  /// - Throws: ``ImageDecodingError``.
  public func decode(_ bytes: [UInt8], name: String = "image") throws(ImageDecodingError) -> RGBImage {
    guard bytes.count <= options.maximumFileBytes else {
      throw .fileTooLarge(file: name, bytes: bytes.count, limit: options.maximumFileBytes)
    }
    guard let format = bytes.withUnsafeBytes({ ImageFormat(signatureOf: $0) }) else {
      throw .notAnImage(file: name, found: described(startOf: bytes))
    }
    let header = try readHeader(bytes, format, name)
    let (width, height) = (Int(header.width), Int(header.height))
    let (count, overflows) = width.multipliedReportingOverflow(by: height)
    guard !overflows && count <= options.maximumPixels else {
      throw .tooManyPixels(file: name, width: width, height: height, limit: options.maximumPixels)
    }
    guard max(width, height) <= options.maximumSide else {
      throw .sideTooLong(file: name, width: width, height: height, limit: options.maximumSide)
    }
    guard count > 0 else { throw .damaged(file: name, format: format, reason: "\(width)x\(height) pixels") }
    guard bytes.count >= header.least_bytes else {
      throw .truncated(file: name, format: format, found: bytes.count)
    }
    var message = CodecMessage()
    var status = CODEC_OK
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { buffer, initialized in
      let decode =
        switch format {
        case .png: codec_png_decode
        case .jpeg: codec_jpeg_decode
        case .webp: codec_webp_decode
        case .gif: codec_gif_decode
        }
      status = decode(bytes, bytes.count, codecOptions, buffer.baseAddress, &message)
      if status == CODEC_OK { initialized = count * 3 }
    }
    try check(status, message, bytes, format, name, width, height)
    let image = RGBImage(width: width, height: height, pixels: pixels)
    guard options.appliesOrientation else { return image }
    return image.oriented(ImageHeader(bytes)?.orientation ?? 1)
  }

  private var codecOptions: Int32 {
    var flags: UInt32 = 0
    if options.composesAlphaOverWhite { flags |= CODEC_COMPOSE_ALPHA.rawValue }
    if options.scalesSixteenBits { flags |= CODEC_SCALE_16_BITS.rawValue }
    if options.findsTransparentColorAsPillow { flags |= CODEC_KEYS_OF_PILLOW.rawValue }
    if options.acceptsDamagedData { flags |= CODEC_ACCEPT_DAMAGE.rawValue }
    return Int32(flags)
  }

  private func readHeader(
    _ bytes: [UInt8], _ format: ImageFormat, _ name: String
  ) throws(ImageDecodingError) -> CodecHeader {
    var header = CodecHeader()
    var message = CodecMessage()
    let status =
      switch format {
      case .png: codec_png_header(bytes, bytes.count, &header, &message)
      case .jpeg: codec_jpeg_header(bytes, bytes.count, codecOptions, &header, &message)
      case .webp: codec_webp_header(bytes, bytes.count, &header, &message)
      case .gif: codec_gif_header(bytes, bytes.count, &header, &message)
      }
    try check(status, message, bytes, format, name, 0, 0)
    return header
  }

  private func check(
    _ status: CodecStatus, _ message: CodecMessage, _ bytes: [UInt8], _ format: ImageFormat, _ name: String,
    _ width: Int, _ height: Int
  ) throws(ImageDecodingError) {
    switch status {
    case CODEC_OK: return
    case CODEC_TRUNCATED: throw .truncated(file: name, format: format, found: bytes.count)
    case CODEC_NOT_BUILT: throw .notBuilt(file: name, format: format)
    case CODEC_UNSUPPORTED: throw .unsupported(file: name, format: format, reason: message.string)
    case CODEC_OUT_OF_MEMORY: throw .outOfMemory(file: name, width: width, height: height)
    default: throw .damaged(file: name, format: format, reason: message.string)
    }
  }
}

/// The first bytes for an error: the format's name where it is known, hexadecimal, and as text where they are ASCII.
private func described(startOf bytes: [UInt8]) -> String {
  guard !bytes.isEmpty else { return "an empty file" }
  let start = bytes.prefix(8)
  let hexadecimal = start.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  let letters = start.prefix { (0x20..<0x7f).contains($0) }
  let text = letters.count >= 3 ? " (\"\(String(decoding: letters, as: UTF8.self))\")" : ""
  let other = bytes.withUnsafeBytes(otherFormat).map { "\($0), " } ?? ""
  return "\(other)the bytes \(hexadecimal)\(text)"
}
