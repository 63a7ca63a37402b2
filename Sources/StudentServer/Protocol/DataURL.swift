internal import Foundation

/// The bytes of an image that a request brings along as a data URL in base64.
enum DataURL {
  /// Why an address gives none.
  enum Fault: Error {
    case elsewhere, encoding

    /// What is wrong, and what to write.
    var message: String {
      switch self {
      case .elsewhere:
        "Only data URLs are taken, since this server opens no connections: data:image/png;base64,..."
      case .encoding: "The data URL must be base64: data:image/png;base64,..."
      }
    }
  }

  static func bytes(of url: String) throws(Fault) -> Data {
    guard url.hasPrefix("data:") else { throw .elsewhere }
    let head = url.prefix { $0 != "," }
    guard head.hasSuffix(";base64"), let bytes = Data(base64Encoded: String(url.dropFirst(head.count + 1))) else {
      throw .encoding
    }
    return bytes
  }
}
