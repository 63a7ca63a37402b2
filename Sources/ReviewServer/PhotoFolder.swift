internal import Foundation
internal import TeacherProtocol

/// The photographs that may be shown: image files inside one folder, or named by an absolute path where that is allowed, and
/// nothing else of this machine.
struct PhotoFolder: Sendable {
  private let root: URL
  private let allowsAbsolutePaths: Bool
  private let prepare: ReviewServer.Prepare?

  init(_ root: URL, allowsAbsolutePaths: Bool, prepare: ReviewServer.Prepare?) {
    self.root = root.resolvingSymlinksInPath().standardizedFileURL
    self.allowsAbsolutePaths = allowsAbsolutePaths
    self.prepare = prepare
  }

  /// A photograph, or why it is not shown.
  enum Photo: Sendable, Equatable {
    case image(type: String, Data)
    /// The path leads out of the folder, by its steps or by a link.
    case outside
    case missing
    /// The file is none of PNG, JPEG, GIF and WebP.
    case noImage
  }

  /// The file that an item names, by the rule by which a run reads it. A relative path never leads out of the folder.
  func photo(at name: String) -> Photo {
    let url = ImageReference.url(of: name, in: root)
    let real = url.standardizedFileURL.resolvingSymlinksInPath().standardizedFileURL
    guard
      allowsAbsolutePaths && ImageReference.isAbsolute(name)
        || real.path.hasPrefix(root.path == "/" ? "/" : root.path + "/")
    else {
      return .outside
    }
    // A pipe would never end.
    guard let values = try? FileManager.default.attributesOfItem(atPath: real.path),
      values[.type] as? FileAttributeType == .typeRegular, let size = values[.size] as? NSNumber,
      size.intValue <= ImageReference.maximumBytes, var bytes = try? Data(contentsOf: real)
    else { return .missing }
    guard var type = Self.type(of: bytes) else { return .noImage }
    // What can't be prepared, such as a damaged file, is shown as far as the browser can.
    if let prepared = try? prepare?(bytes), let other = Self.type(of: prepared) { (bytes, type) = (prepared, other) }
    return .image(type: type, bytes)
  }

  private static func type(of bytes: Data) -> String? {
    let types: [(start: [UInt8], at: Int, type: String)] = [
      ([0x89, 0x50, 0x4E, 0x47], 0, "image/png"), ([0xFF, 0xD8, 0xFF], 0, "image/jpeg"),
      ([0x47, 0x49, 0x46, 0x38], 0, "image/gif"), ([0x57, 0x45, 0x42, 0x50], 8, "image/webp"),
    ]
    return types.first { bytes.dropFirst($0.at).starts(with: $0.start) }?.type
  }
}
