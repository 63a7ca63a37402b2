public import Foundation

/// A service's key, out of the environment or a file. It shows itself nowhere but in the header of a request.
public struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  let value: String

  /// The key in an environment variable.
  ///
  /// - Throws: ``HTTPTeacherError/noKey(variable:)`` where it is not set or blank.
  public init(
    environment variable: String, in environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(HTTPTeacherError) {
    let value = environment[variable]?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    guard !value.isEmpty else { throw .noKey(variable: variable) }
    self.value = value
  }

  /// The key that is the one line of a file, as secrets are handed to containers.
  ///
  /// - Throws: ``HTTPTeacherError/noKeyFile(file:reason:)`` where it can't be read or is not one line of 1 to 4096 bytes.
  public init(contentsOf file: URL) throws(HTTPTeacherError) {
    let path = file.relativePath
    guard let handle = try? FileHandle(forReadingFrom: file) else {
      throw .noKeyFile(file: path, reason: "it can't be read")
    }
    defer { try? handle.close() }
    let bytes = (try? handle.read(upToCount: 4097)) ?? Data()
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty, bytes.count <= 4096, !text.contains(where: \.isNewline) else {
      throw .noKeyFile(file: path, reason: "expected one line with the key")
    }
    value = text
  }

  /// Not the key.
  public var description: String { "(key)" }
  /// Not the key.
  public var debugDescription: String { "(key)" }
  /// Nothing of the key.
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// A text of the server's with the key, should it be quoted there, made unreadable.
  func hidden(in text: String) -> String { text.replacingOccurrences(of: value, with: "(key)") }
}
