internal import JSON
import TeacherProtocol

/// A fault that is reported behind status 200: gateways answer so where the provider behind them failed, and some services
/// always do.
///
/// It stands for a response with the status that it should have had, so that it is asked again, waited for or given up as
/// that one would be, and never kept as a reply.
struct ProviderFault {
  /// 400...599.
  let status: Int
  let cause: ServiceError

  /// The fault that the body of a response with status 200 tells of; nil for an answer.
  ///
  /// Known are: `error` beside or in place of the answer (OpenRouter, Anthropic and many gateways), a body that is an error
  /// itself (`"object": "error"` of older vLLM), `base_resp` with another
  /// code than 0 (MiniMax), `error_code` (Qianfan), and choices of which each has an `error` or a `finish_reason` that is none
  /// of an answer's (OpenRouter, Zhipu, DeepSeek, vLLM, SGLang).
  init?(in body: JSONValue) {
    if let error = body["error"], error.isFault {
      self.init(error, status: Self.status(of: error) ?? 502, in: body)
    } else if body["object"]?.string == "error" {
      self.init(body, status: Self.status(of: body) ?? 502, in: body)
    } else if let base = body["base_resp"], let code = base["status_code"]?.integer, code != 0 {
      let status =
        switch code {
        case 1002, 1041, 2045, 2056: 429
        case 1004, 2049: 401
        case 1008: 402
        case 1026, 1027: 400
        default: 502
        }
      let codes = [1026, 1027].contains(code) ? ["content_filter"] : ["\(code)"]
      self.init(status: status, cause: ServiceError(message: base["status_msg"]?.cell ?? "\(code)", codes: codes))
    } else if let code = body["error_code"], code != .null, code.cell != "0" {
      let message = body["error_msg"]?.cell ?? code.cell ?? ""
      self.init(status: 502, cause: ServiceError(message: message, codes: [code.cell].compactMap(\.self)))
    } else if let choices = body["choices"]?.elements, !choices.isEmpty, choices.allSatisfy(Self.isFaulty) {
      self.init(choice: choices[0], in: body)
    } else if case .fault = FinishReason(body["stop_reason"]?.string) {
      self.init(status: 502, cause: ServiceError(message: "stop_reason \(body["stop_reason"]?.cell ?? "")", codes: []))
    } else {
      return nil
    }
  }

  private init(status: Int, cause: ServiceError) {
    self.status = status
    self.cause = cause
  }

  private init(_ error: JSONValue, status: Int, in body: JSONValue) {
    var cause = ServiceError(error, in: body)
    // OpenRouter names what a moderation found.
    if error["metadata"]?["reasons"]?.elements?.isEmpty == false { cause.codes.append("content_filter") }
    self.init(status: status, cause: cause)
  }

  /// What is wrong with one choice is wrong behind the service: neither our key nor our question is to blame.
  private init(choice: JSONValue, in body: JSONValue) {
    guard let error = choice["error"], error.isFault else {
      let reason = Self.reasons(of: choice).first { if case .fault = FinishReason($0) { true } else { false } }
      self.init(status: 502, cause: ServiceError(message: "finish_reason \(reason ?? "")", codes: []))
      return
    }
    let status = Self.status(of: error) ?? 502
    self.init(error, status: [402, 408, 429].contains(status) || status >= 500 ? status : 502, in: body)
  }

  /// How it is told: as it came, and not with the status that stands for it.
  func told(_ hidden: (String) -> String = { $0 }) -> HTTPTeacherError {
    let code = cause.codes.first.map(hidden)
    return .errorInAnswer(message: hidden(cause.message), code: code)
  }

  /// Whether a choice is none because something failed.
  static func isFaulty(_ choice: JSONValue) -> Bool {
    if let error = choice["error"], error.isFault { return true }
    return reasons(of: choice).contains { if case .fault = FinishReason($0) { true } else { false } }
  }

  /// LiteLLM and OpenRouter put their own reason in place of the provider's, and that one beside it.
  private static func reasons(of choice: JSONValue) -> [String] {
    [
      choice["finish_reason"], choice["native_finish_reason"],
      choice["provider_specific_fields"]?["native_finish_reason"],
    ].compactMap { $0?.string }
  }

  private static func status(of error: JSONValue) -> Int? {
    for key in ["code", "status", "status_code", "http_code"] {
      let value = error[key]?.integer ?? error[key]?.string.flatMap(Int.init)
      if let value, (400...599).contains(value) { return value }
    }
    // Anthropic's types, with the statuses that its documentation gives them.
    return switch error["type"]?.string ?? error["code"]?.string {
    case "invalid_request_error": 400
    case "authentication_error", "invalid_api_key": 401
    case "billing_error", "insufficient_quota", "insufficient_balance": 402
    case "permission_error": 403
    case "not_found_error": 404
    case "request_too_large": 413
    case "rate_limit_error", "rate_limit_exceeded": 429
    case "api_error", "server_error": 500
    case "timeout_error": 504
    case "overloaded_error": 529
    default: nil
    }
  }
}

extension JSONValue {
  /// Whether a member `error` reports one: many servers write it as null, or empty, beside an answer.
  fileprivate var isFault: Bool {
    switch self {
    case .null, .bool(false): false
    case .object(let members): !members.isEmpty
    case .string(let text): !text.isEmpty
    case .array(let elements): !elements.isEmpty
    case .bool, .number: true
    }
  }
}
