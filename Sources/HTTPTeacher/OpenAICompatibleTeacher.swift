public import Foundation
public import TeacherProtocol

/// A teacher behind OpenAI-compatible chat completions: OpenAI, vLLM, SGLang, llama.cpp, Ollama, and this package's own.
///
/// ```swift
/// let teacher = OpenAICompatibleTeacher(
///   "gpt", options: .init(model: "gpt-4o"), base: URL(string: "https://api.openai.com/v1")!,
///   key: try APIKey(environment: "OPENAI_API_KEY"))
/// ```
///
/// What may go away by itself (429, 5xx, a broken connection, a body that is not JSON) is tried again, as the server asks
/// by `Retry-After` or with doubling waits. A refused key or a used-up quota throws `TeacherUnavailable` at once: asking on
/// would change nothing.
public struct OpenAICompatibleTeacher: Teacher {
  /// How a server is spoken to.
  public struct Options: Sendable, Equatable {
    /// Which parameter limits the answer's length.
    public enum LengthParameter: String, Sendable, Codable {
      /// Known to every server, and refused by OpenAI's newest models.
      case maxTokens = "max_tokens"
      /// What OpenAI asks for now; older servers do not know it.
      case maxCompletionTokens = "max_completion_tokens"
    }

    /// The served model's name.
    public var model: String
    /// The default is `max_tokens`.
    public var lengthParameter: LengthParameter = .maxTokens
    /// Asks for a JSON object as the answer; the prompt must say which. The default is false.
    public var wantsJSON = false
    /// Asks for the first token's probabilities, a measured confidence. The default is false, as many servers have none.
    public var wantsLogProbabilities = false
    /// Most seconds for one attempt. The default is 120.
    public var seconds: Double = 120
    /// When to try again.
    public var retry = RetryPolicy()

    /// Options for a model.
    public init(model: String) { self.model = model }
  }

  /// The name under which it votes.
  public let name: String
  /// The served model's name.
  public var model: String { options.model }
  private let options: Options
  private let endpoint: URL
  private let key: APIKey?
  private let transport: any Transport
  private let sleep: @Sendable (Double) async throws -> Void

  /// A teacher.
  ///
  /// - Parameters:
  ///   - name: the name under which it votes.
  ///   - options: model, format, limits.
  ///   - base: address up to and without `/chat/completions`.
  ///   - key: sent as a bearer token; nil for servers that want none.
  ///   - transport: what carries requests; several teachers may share one.
  ///   - sleep: waits for seconds; tests put a clock of their own here.
  public init(
    _ name: String, options: Options, base: URL, key: APIKey? = nil, transport: any Transport = URLSessionTransport(),
    sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
  ) {
    self.name = name
    self.options = options
    endpoint = base.appendingPathComponent("chat/completions")
    self.key = key
    self.transport = transport
    self.sleep = sleep
  }

  /// Asks the server, several times if need be.
  ///
  /// - Throws: ``HTTPTeacherError``; `TeacherUnavailable` where the key is refused, the quota is used up, or the address or
  ///   model is not there.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    var headers = ["Content-Type": "application/json", "Accept": "application/json"]
    if let key { headers["Authorization"] = "Bearer \(key.value)" }
    let question = TransportRequest(
      url: endpoint, headers: headers, body: try ChatCompletions.body(request, options: options),
      seconds: options.seconds)
    var last: HTTPTeacherError = .notReached(host: endpoint.host ?? "", reason: "it was not asked")
    for attempt in 1...max(1, options.retry.attempts) {
      var asked: Double?
      do {
        let start = ContinuousClock().now
        let response = try await transport.send(question)
        let elapsed = (ContinuousClock().now - start).components
        if response.status == 200 {
          let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
          return try ChatCompletions.reply(response.body, to: request, seconds: seconds)
        }
        asked = RetryPolicy.wait(in: response, now: Date())
        let refusal = try refusal(response)
        guard RetryPolicy.isTransient(response.status) else { throw refusal }
        last = refusal
      } catch let error as HTTPTeacherError {
        if case .refused(let status, _) = error, !RetryPolicy.isTransient(status) { throw error }
        last = error
      } catch let error as TeacherUnavailable {
        throw error
      } catch {
        try Task.checkCancellation()
        last = .notReached(host: endpoint.host ?? "", reason: key?.hidden(in: "\(error)") ?? "\(error)")
      }
      if attempt < options.retry.attempts {
        try await sleep(options.retry.wait(after: attempt, asked: asked, item: request.item.id))
      }
    }
    throw HTTPTeacherError.gaveUp(attempts: max(1, options.retry.attempts), last: "\(last)")
  }

  /// The error of a response that is not 200.
  private func refusal(_ response: TransportResponse) throws -> HTTPTeacherError {
    let (code, raw) = ChatCompletions.error(response.body)
    let message = key?.hidden(in: raw) ?? raw
    switch (response.status, code) {
    case (401, _), (403, _):
      throw TeacherUnavailable(teacher: name, reason: "its key is refused with status \(response.status): \(message)")
    case (404, _):
      throw TeacherUnavailable(teacher: name, reason: "the address or the model '\(model)' is not there: \(message)")
    case (_, "insufficient_quota"):
      throw TeacherUnavailable(teacher: name, reason: "its quota is used up: \(message)")
    default: return .refused(status: response.status, message: message)
    }
  }
}
