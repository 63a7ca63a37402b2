/// What can go wrong between here and a server that a single question fails by.
public enum HTTPTeacherError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No response came.
  case notReached(host: String, reason: String)
  /// The server refuses this question, and would again.
  case refused(status: Int, message: String)
  /// The response is not what the protocol says.
  case badResponse(expected: String, found: String)
  /// Every attempt failed; the last one so.
  case gaveUp(attempts: Int, last: String)
  /// The environment has no such key.
  case noKey(variable: String)
  /// An image can't be sent.
  case badImage(file: String, reason: String)

  /// What happened and what to do. Keys and prompts are never part of it.
  public var description: String {
    switch self {
    case .notReached(let host, let reason): "\(host) was not reached: \(reason)"
    case .refused(let status, let message): "the server refused the question with status \(status): \(message)"
    case .badResponse(let expected, let found): "expected \(expected) in the response, found \(found)"
    case .gaveUp(let attempts, let last): "given up after \(attempts) attempts, the last: \(last)"
    case .noKey(let variable): "the environment has no '\(variable)'; set it to the service's key"
    case .badImage(let file, let reason): "image \(file) can't be sent: \(reason)"
    }
  }
}
