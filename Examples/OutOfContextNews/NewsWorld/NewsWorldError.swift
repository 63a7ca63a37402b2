/// What can go wrong when a news world is configured and written.
package enum NewsWorldError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A value of the configuration is out of range.
  case value(key: String, expected: String, found: String)
  /// The configuration has a key that means nothing; `known` lists those that do.
  case unknownKey(String, known: [String])
  /// A file or folder can't be written.
  case unwritable(path: String, reason: String)

  /// One sentence that names the key or the file, what was expected, what was found, and what to do.
  package var description: String {
    switch self {
    case .value(let key, let expected, let found):
      "news world configuration: \(key) is \(found), expected \(expected); change it or leave it out for its default"
    case .unknownKey(let key, let known):
      "news world configuration: unknown key \(key); remove it or use one of \(known.joined(separator: ", "))"
    case .unwritable(let path, let reason):
      "can't write \(path): \(reason); check that the folder is writable and the disk has room"
    }
  }
}
