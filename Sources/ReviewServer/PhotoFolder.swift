internal import Foundation

/// The photographs that may be shown: image files inside one folder, and nothing else of this machine.
struct PhotoFolder: Sendable {
  private let root: URL

  init(_ root: URL) { self.root = root.resolvingSymlinksInPath().standardizedFileURL }

  /// A photograph, or why it is not shown.
  enum Photo: Sendable, Equatable {
    case image(type: String, Data)
    /// The path leads out of the folder, by its steps or by a link.
    case outside
    case missing
    /// The file is none of PNG, JPEG, GIF and WebP.
    case noImage
  }

  /// The file at a path relative to the folder, or an absolute one within it.
  func photo(at path: String) -> Photo {
    let url = path.hasPrefix("/") ? URL(fileURLWithPath: path) : root.appendingPathComponent(path)
    let real = url.standardizedFileURL.resolvingSymlinksInPath().standardizedFileURL
    guard real.path.hasPrefix(root.path == "/" ? "/" : root.path + "/") else { return .outside }
    guard let bytes = try? Data(contentsOf: real) else { return .missing }
    let types: [(start: [UInt8], type: String)] = [
      ([0x89, 0x50, 0x4E, 0x47], "image/png"), ([0xFF, 0xD8, 0xFF], "image/jpeg"),
      ([0x47, 0x49, 0x46, 0x38], "image/gif"), ([0x52, 0x49, 0x46, 0x46], "image/webp"),
    ]
    guard let type = types.first(where: { bytes.starts(with: $0.start) })?.type else { return .noImage }
    return .image(type: type, bytes)
  }
}
