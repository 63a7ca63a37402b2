package import Foundation
import TeacherProtocol

/// An image as it goes into a request.
package struct EncodedImage: Sendable, Equatable {
  /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
  package let mediaType: String
  /// Its bytes in base64, on one line.
  package let base64: String

  /// The image in these bytes; nil where they begin as none of the four formats.
  package init?(_ data: Data) {
    let types: [(start: [UInt8], at: Int, type: String)] = [
      ([0x89, 0x50, 0x4E, 0x47], 0, "png"), ([0xFF, 0xD8, 0xFF], 0, "jpeg"), ([0x47, 0x49, 0x46, 0x38], 0, "gif"),
      ([0x57, 0x45, 0x42, 0x50], 8, "webp"),
    ]
    guard let type = types.first(where: { data.dropFirst($0.at).starts(with: $0.start) })?.type else { return nil }
    mediaType = "image/\(type)"
    base64 = data.base64EncodedString()
  }
}
