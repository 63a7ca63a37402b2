internal import Foundation
internal import JSON
internal import LoopbackServer

/// What is answered at the two paths of decisions, each in its own form, faults included.
enum DecisionForm: Sendable {
  case systemOne, decisions

  func request(_ body: JSONValue, _ settings: DecisionSettings) throws(DecisionFaults) -> DecisionRequest {
    switch self {
    case .systemOne: try SystemOneReader.request(body, settings)
    case .decisions: try DecisionsReader.request(body, settings)
    }
  }

  /// The request in these bytes.
  func request(_ body: Data, _ settings: DecisionSettings) throws(DecisionFaults) -> DecisionRequest {
    let value: JSONValue
    do throws(RequestBody.Fault) {
      value = try RequestBody.value(of: body)
    } catch {
      var faults = DecisionFaults()
      faults.add([], error.words, type: "json_invalid")
      throw faults
    }
    return try request(value, settings)
  }

  /// Where a question stands in a request.
  func place(ofQuestion number: Int, named name: String) -> [JSONValue] {
    ["questions", self == .systemOne ? .string(name) : .number(number)]
  }

  /// Where the state stands in a request.
  var placeOfState: [JSONValue] { [self == .systemOne ? "state" : "input"] }

  /// The answers with what they took.
  func body(_ answers: [DecisionAnswer], model: String, tokens: Int, cached: Int) -> JSONValue {
    switch self {
    case .systemOne:
      .object([
        .init("model", .string(model)),
        .init("answers", .object(answers.map { .init($0.question.name ?? "", $0.systemOne) })),
        .init("usage", .object([.init("input_tokens", .number(tokens)), .init("output_tokens", 0)])),
      ])
    case .decisions:
      .object([
        .init("model", .string(model)), .init("answers", .array(answers.map(\.decision))),
        .init(
          "usage",
          .object([
            .init("input_tokens", .number(tokens)),
            .init(
              "input_tokens_details",
              .object([.init("cached_tokens", .number(cached)), .init("cache_write_tokens", 0)])),
            .init("output_tokens", 0), .init("output_tokens_details", .object([.init("reasoning_tokens", 0)])),
            .init("total_tokens", .number(tokens)),
          ])),
      ])
    }
  }

  /// All that is wrong with a request: System One's 422 with a list, OpenAI's 400 with all in one message.
  func response(_ faults: DecisionFaults) -> LoopbackResponse {
    switch self {
    case .systemOne:
      let detail = faults.all.map { fault in
        JSONValue.object([
          .init("loc", .array(["body"] + fault.place)), .init("msg", .string(fault.message)),
          .init("type", .string(fault.type)),
        ])
      }
      return LoopbackResponse(
        status: 422, type: "application/json", JSONValue.object([.init("detail", .array(detail))]).text)
    case .decisions:
      let words = faults.all.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
      return ChatError.invalid(
        faults.all.first.map(\.field).flatMap { $0.isEmpty ? nil : $0 }, words.joined(separator: "\n")
      ).response
    }
  }

  /// Another fault, such as a model that is not here.
  func response(_ error: ChatError) -> LoopbackResponse {
    guard self == .systemOne else { return error.response }
    var response = error.response
    let field = error.parameter.map { "\($0): " } ?? ""
    response.body = .data(Data(JSONValue.object([.init("detail", .string(field + error.message))]).text.utf8))
    return response
  }
}
