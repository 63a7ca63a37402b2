public import Foundation

/// A service's key, out of the environment. It shows itself nowhere but in the header of a request.
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

  /// Not the key.
  public var description: String { "(key)" }
  /// Not the key.
  public var debugDescription: String { "(key)" }
  /// Nothing of the key.
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// A text of the server's with the key, should it be quoted there, made unreadable.
  func hidden(in text: String) -> String { text.replacingOccurrences(of: value, with: "(key)") }
}
