/// Why an image or the configuration of an image processor could not be used.
public enum ImageDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file could not be opened or read; `reason` is the system's text.
  case unreadable(file: String, reason: String)
  /// The first bytes are those of no format that is read. `found` names the format where it is a known one, and shows them
  /// in hexadecimal.
  case notAnImage(file: String, found: String)
  /// The file has more bytes than the limit; nothing of it was read.
  case fileTooLarge(file: String, bytes: Int, limit: Int)
  /// The header states more pixels than the limit; no memory was taken for them.
  case tooManyPixels(file: String, width: Int, height: Int, limit: Int)
  /// The header states a longer side than the limit; no memory was taken for it.
  case sideTooLong(file: String, width: Int, height: Int, limit: Int)
  /// The file ends before the image does; `found` is the number of bytes that are there.
  case truncated(file: String, format: ImageFormat, found: Int)
  /// The bytes break the rules of the format; `reason` is the codec's text.
  case damaged(file: String, format: ImageFormat, reason: String)
  /// A file of a format whose library is not linked, since the package's trait `MoreImages` is off.
  case notBuilt(file: String, format: ImageFormat)
  /// A valid file of a kind that is not read here, such as a lossless JPEG.
  case unsupported(file: String, format: ImageFormat, reason: String)
  /// There was no memory for an image within the limits.
  case outOfMemory(file: String, width: Int, height: Int)
  /// An image could not be written in this format.
  case notEncoded(format: ImageFormat, reason: String)
  /// A key of a `preprocessor_config.json` has a value that can't be used.
  case badConfiguration(file: String, key: String, expected: String, found: String)

  /// One sentence: the file, what was expected, what came, and what to do.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): the file can't be read (\(reason)); check the path and its permissions"
    case .notAnImage(let file, let found):
      "\(file): expected a PNG, JPEG, WebP or GIF file, found \(found); convert it to one of these"
    case .fileTooLarge(let file, let bytes, let limit):
      "\(file): \(bytes) bytes, over the limit of \(limit); shrink the image (a program may raise maximumFileBytes)"
    case .tooManyPixels(let file, let width, let height, let limit):
      "\(file): \(width)x\(height) pixels, over the limit of \(limit) in all; shrink the image (a program may raise maximumPixels)"
    case .sideTooLong(let file, let width, let height, let limit):
      "\(file): \(width)x\(height) pixels, over the limit of \(limit) a side; cut the image (a program may raise maximumSide)"
    case .truncated(let file, let format, let found):
      "\(file): the \(format) file ends before its image does, after \(found) bytes; fetch it again"
    case .damaged(let file, let format, let reason):
      "\(file): the \(format) file is damaged (\(reason)); fetch it again or leave the row out"
    case .notBuilt(let file, let format):
      "\(file): \(format) is not read by this build; build with the package's trait MoreImages (Debian's libwebp-dev and "
        + "libgif-dev), or convert the file to PNG or JPEG"
    case .unsupported(let file, let format, let reason):
      "\(file): this kind of \(format) is not read (\(reason)); save it as 8-bit baseline JPEG or as PNG"
    case .outOfMemory(let file, let width, let height):
      "\(file): no memory for \(width)x\(height) pixels; shrink the image or free memory"
    case .notEncoded(let format, let reason):
      "the image can't be written as \(format) (\(reason))"
    case .badConfiguration(let file, let key, let expected, let found):
      "\(file): \(key): expected \(expected), found \(found)"
    }
  }
}
