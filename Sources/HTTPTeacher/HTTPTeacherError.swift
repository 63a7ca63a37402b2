/// Faults of a request by which a single question fails.
public enum HTTPTeacherError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The host could not be reached.
  case notReached(host: String, reason: String)
  /// The connection ended before the response was whole. What was asked may have been answered, and charged.
  case brokenOff(host: String, reason: String)
  /// The response took longer than allowed, from the first byte sent to the last one received.
  case timedOut(host: String, seconds: Double)
  /// The response is larger than allowed, both in bytes.
  case tooLarge(host: String, limit: Int)
  /// The server refuses this question, and would again.
  case refused(status: Int, message: String)
  /// The server sends an error in place of an answer in a body of status 200, and would again: its words and its own code for it.
  case errorInAnswer(message: String, code: String?)
  /// The response is not what the protocol says.
  case badResponse(expected: String, found: String)
  /// Every attempt failed; the last one so.
  case gaveUp(attempts: Int, last: String)
  /// The environment has no such key.
  case noKey(variable: String)
  /// A file holds no key.
  case noKeyFile(file: String, reason: String)
  /// An image can't be sent.
  case badImage(file: String, reason: String)
  /// A line of a batch service's file can't be used.
  case badBatchLine(line: Int, expected: String, found: String)

  /// Whether a reply was on its way that may have been charged.
  var hasLostReply: Bool {
    switch self {
    case .brokenOff, .timedOut, .tooLarge, .badResponse: true
    default: false
    }
  }

  /// The fault and the remedy. Keys and prompts are never part of it.
  public var description: String {
    switch self {
    case .notReached(let host, let reason): "\(host) was not reached: \(reason)"
    case .brokenOff(let host, let reason): "\(host) broke the connection off: \(reason)"
    case .timedOut(let host, let seconds):
      "\(host) did not answer whole within \(ElapsedTime.words(seconds)); see whether it still works, allow more, or ask for less"
    case .tooLarge(let host, let limit): "\(host) sent more than the \(limit) bytes that a reply may have"
    case .refused(let status, let message): "the server refused the question with status \(status): \(message)"
    case .errorInAnswer(let message, let code):
      "the server sent an error in place of an answer, with status 200\(code.map { " and the code \($0)" } ?? ""): \(message)"
    case .badResponse(let expected, let found): "expected \(expected) in the response, found \(found)"
    case .gaveUp(let attempts, let last): "given up after \(attempts) attempts, the last: \(last)"
    case .noKey(let variable): "the environment has no '\(variable)'; set it to the service's key"
    case .noKeyFile(let file, let reason): "\(file) gives no key: \(reason)"
    case .badImage(let file, let reason): "image \(file) can't be sent: \(reason)"
    case .badBatchLine(let line, let expected, let found): "line \(line): expected \(expected), found \(found)"
    }
  }
}
