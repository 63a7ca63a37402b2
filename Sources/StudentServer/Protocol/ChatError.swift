internal import JSON
import Foundation
import LoopbackServer
import TeacherProtocol

/// What is answered in place of a completion, in the shape that OpenAI's clients read.
struct ChatError: Error, Sendable, Equatable {
  /// The HTTP status.
  var status: Int
  /// What is wrong, and what to do.
  var message: String
  /// The field of the request, such as `messages[0].content`.
  var parameter: String?
  /// A word for programs.
  var code: String?
  /// `invalid_request_error`, `rate_limit_error` or `server_error`.
  var type = "invalid_request_error"

  /// A request that can't be answered as it is.
  static func invalid(_ parameter: String?, _ message: String, code: String? = nil) -> ChatError {
    ChatError(status: 400, message: message, parameter: parameter, code: code)
  }

  /// Something that this server does not do.
  static func unsupported(_ parameter: String, _ message: String) -> ChatError {
    .invalid(parameter, message, code: "unsupported_parameter")
  }

  /// A fault of this side.
  static func fault(_ message: String) -> ChatError {
    ChatError(status: 500, message: message, parameter: nil, code: nil, type: "server_error")
  }

  /// More wait than may.
  static let tooMany = ChatError(
    status: 429, message: "Too many requests are waiting; try again later.", parameter: nil,
    code: "rate_limit_exceeded",
    type: "rate_limit_error")

  /// The server ends before the request's turn.
  static let ending = ChatError(
    status: 503, message: "This server is ending; try again later.", parameter: nil, code: nil, type: "server_error")

  /// Nobody reads it: the client has gone. The status is the one by which nginx logs that.
  static let gone = ChatError(status: 499, message: "The request was given up.", parameter: nil, code: nil)

  var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return .object([
      .init(
        "error",
        .object([
          .init("message", .string(message)), .init("type", .string(type)), .init("param", text(parameter)),
          .init("code", text(code)),
        ]))
    ])
  }

  var response: LoopbackResponse {
    var response = LoopbackResponse(status: status, type: "application/json", json.text)
    if status == 429 || status == 503 { response.headers["retry-after"] = status == 429 ? "1" : "5" }
    return response
  }
}
