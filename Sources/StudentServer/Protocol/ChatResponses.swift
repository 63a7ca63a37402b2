internal import JSON
internal import Foundation
internal import TeacherProtocol

/// Completions as JSON, whole or in pieces.
struct ChatResponses: Sendable {
  private let id: String
  private let created: Int
  private let model: String
  private let promptTokens: Int
  private let listsTokens: Bool

  init(_ request: ChatRequest, model: String, promptTokens: Int) {
    id = "chatcmpl-" + UUID().uuidString.replacing("-", with: "").lowercased()
    created = Int(Date().timeIntervalSince1970)
    self.model = model
    self.promptTokens = promptTokens
    listsTokens = request.alternatives != nil
  }

  /// All answers at once.
  func completion(_ answers: [ChatAnswer]) -> JSONValue {
    let choices = answers.enumerated().map { index, answer in
      JSONValue.object([
        .init("index", .number(index)),
        .init(
          "message",
          .object([.init("role", "assistant"), .init("content", .string(answer.text)), .init("refusal", .null)])),
        .init("logprobs", listsTokens ? tokens(answer.tokens) : .null),
        .init("finish_reason", .string(answer.end.rawValue)),
      ])
    }
    return .object(
      head("chat.completion") + [
        .init("choices", .array(choices)), .init("usage", usage(answers.reduce(0) { $0 + $1.count })),
      ])
  }

  /// What opens the stream of each answer.
  func opening(_ index: Int) -> Data {
    chunk(index, delta: [.init("role", "assistant"), .init("content", "")], token: nil, end: nil)
  }

  /// A piece of an answer.
  func chunk(_ piece: ChatPiece) -> Data {
    chunk(
      piece.index, delta: piece.text.isEmpty ? [] : [.init("content", .string(piece.text))], token: piece.token,
      end: piece.end)
  }

  /// The last lines of a stream.
  func closing(tokens: Int, withUsage: Bool) -> Data {
    let last =
      withUsage
      ? event(.object(head("chat.completion.chunk") + [.init("choices", .array([])), .init("usage", usage(tokens))]))
      : Data()
    return last + Data("data: [DONE]\n\n".utf8)
  }

  /// A fault in the midst of a stream, whose status is already sent.
  func fault(_ error: ChatError) -> Data { event(error.json) }

  private func chunk(_ index: Int, delta: [JSONValue.Member], token: ChatAnswer.Token?, end: ChatAnswer.End?) -> Data {
    event(
      .object(
        head("chat.completion.chunk") + [
          .init(
            "choices",
            .array([
              .object([
                .init("index", .number(index)), .init("delta", .object(delta)),
                .init("logprobs", token.map { tokens([$0]) } ?? .null),
                .init("finish_reason", end.map { .string($0.rawValue) } ?? .null),
              ])
            ]))
        ]))
  }

  private func event(_ value: JSONValue) -> Data { Data("data: \(value.text)\n\n".utf8) }

  private func head(_ object: String) -> [JSONValue.Member] {
    [
      .init("id", .string(id)), .init("object", .string(object)), .init("created", .number(created)),
      .init("model", .string(model)), .init("system_fingerprint", .null),
    ]
  }

  private func usage(_ tokens: Int) -> JSONValue {
    .object([
      .init("prompt_tokens", .number(promptTokens)), .init("completion_tokens", .number(tokens)),
      .init("total_tokens", .number(promptTokens + tokens)),
    ])
  }

  private func tokens(_ tokens: [ChatAnswer.Token]) -> JSONValue {
    func members(_ token: ChatAnswer.Token) -> [JSONValue.Member] {
      [
        .init("token", .string(token.text)), .init("logprob", .number(token.logProbability)),
        .init("bytes", .array(token.bytes.map { .number(Int($0)) })),
      ]
    }
    return .object([
      .init(
        "content",
        .array(
          tokens.map { token in
            .object(
              members(token) + [.init("top_logprobs", .array(token.alternatives.map { .object(members($0)) }))])
          })), .init("refusal", .null),
    ])
  }
}
