internal import JSON
internal import Foundation
package import LoopbackServer
public import StudentModels
internal import LanguageModel
internal import Synchronization
internal import TeacherProtocol

/// Serves a student on this machine as OpenAI's chat completions do, so that it is used like any other model, and can be
/// another run's teacher.
///
/// ```swift
/// let server = StudentServer(try StudentFamily.student(contentsOf: folder), name: "student")
/// try await server.run(port: 8000) { port in print("http://127.0.0.1:\(port)/v1") }
/// ```
///
/// `POST /v1/chat/completions` takes texts and images (data URLs), `temperature`, `top_p`, `max_tokens`, `stop`, `n`,
/// `seed`, `logprobs` with `top_logprobs`, `response_format` and `stream`; `GET /v1/models` names the student. An answer
/// with a JSON schema is held to it token by token. Whatever is not supported is refused with status 400 and never passed
/// over. Probabilities are the model's own, before temperature and form.
///
/// It is not made for many users: requests are answered one after the other on one thread.
public struct StudentServer: Sendable {
  /// How a student is served.
  public struct Options: Sendable, Equatable {
    /// Most tokens of an answer where the request names no number. The default is 512.
    public var maximumTokens = 512
    /// Most requests that wait; further ones are answered with 429. The default is 256.
    public var waiting = 256

    /// The defaults.
    public init() {}
  }

  /// The model's name.
  package let name: String
  private let student: any PretrainedStudent
  private let options: Options
  private let worker: StudentWorker
  private let tokenBytes: TokenBytes
  private let created = Int(Date().timeIntervalSince1970)

  /// A server of a student.
  ///
  /// - Parameters:
  ///   - student: with its adapters, if it has any.
  ///   - name: under which requests ask for it.
  ///   - options: limits.
  public init(_ student: any PretrainedStudent, name: String, options: Options = Options()) {
    self.student = student
    self.name = name
    self.options = options
    worker = StudentWorker(limit: options.waiting)
    tokenBytes = TokenBytes(student.tokenizer, count: student.decoder.vocabularySize)
  }

  #if Run
    /// Serves on 127.0.0.1 until the task is cancelled.
    ///
    /// - Parameters:
    ///   - port: 0...65535; 0 takes any that is free.
    ///   - started: is called once with the port.
    /// - Throws: `LoopbackServerError`.
    public func run(port: Int, started: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
      try await loopback(port: port).run(started: started)
    }

    /// Serves while the body runs.
    package func withPort<Result: Sendable>(
      _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
      try await loopback(port: 0).withPort(body)
    }

    private func loopback(port: Int) -> LoopbackServer {
      LoopbackServer(port: port) { status, reason in
        ChatError(status: status, message: reason, parameter: nil, code: nil).response
      } handler: {
        await answer($0)
      }
    }
  #endif

  /// The answer to one request, whatever brought it.
  package func answer(_ request: LoopbackRequest) async -> LoopbackResponse {
    do {
      switch (request.method, request.path) {
      case ("POST", "/v1/chat/completions"): return try await complete(ChatRequest(request.body))
      case ("GET", "/v1/models"):
        return json(.object([.init("object", "list"), .init("data", .array([model]))]))
      case ("GET", "/v1/models/\(name)"): return json(model)
      case ("GET", "/health"): return LoopbackResponse("ok\n")
      case (_, "/v1/chat/completions"), (_, "/v1/models"):
        throw ChatError(
          status: 405, message: "\(request.method) is not for \(request.path).", parameter: nil, code: nil)
      default:
        throw ChatError(
          status: 404, message: "There is no \(request.path); see POST /v1/chat/completions and GET /v1/models.",
          parameter: nil, code: "not_found")
      }
    } catch let error as ChatError {
      return error.response
    } catch {
      return ChatError.fault("\(error)").response
    }
  }

  private var model: JSONValue {
    .object([
      .init("id", .string(name)), .init("object", "model"), .init("created", .number(created)),
      .init("owned_by", "distill"),
    ])
  }

  private func json(_ value: JSONValue) -> LoopbackResponse {
    LoopbackResponse(type: "application/json", value.text)
  }

  private func complete(_ request: ChatRequest) async throws -> LoopbackResponse {
    guard request.model == name else {
      throw ChatError(
        status: 404, message: "There is no model '\(request.model)' here; there is '\(name)'.", parameter: "model",
        code: "model_not_found")
    }
    if request.streams { return try await stream(request) }
    return try await worker.run {
      let prompt = try ChatPrompt(request, student: student, limit: options.maximumTokens)
      let answers = try answers(to: request, prompt) { _ in true }
      let responses = ChatResponses(request, model: name, promptTokens: prompt.ids.count)
      return json(responses.completion(answers))
    }
  }

  /// The prompt is read before the answer begins, so that what is wrong with it has a status of its own. Both are one turn
  /// on the worker: a stream waits once, as any other request.
  private func stream(_ request: ChatRequest) async throws -> LoopbackResponse {
    let (pieces, writer) = AsyncStream.makeStream(of: Data.self)
    let isWanted = Flag()
    writer.onTermination = { _ in isWanted.lower() }
    try await worker.start { (ready: (Result<Void, any Error>) -> Void) in
      let prompt: ChatPrompt
      do {
        prompt = try ChatPrompt(request, student: student, limit: options.maximumTokens)
      } catch {
        return ready(.failure(error))
      }
      ready(.success(()))
      let responses = ChatResponses(request, model: name, promptTokens: prompt.ids.count)
      do {
        for index in 0..<request.count { writer.yield(responses.opening(index)) }
        let answers = try answers(to: request, prompt) { piece in
          writer.yield(responses.chunk(piece))
          return isWanted.isUp
        }
        writer.yield(responses.closing(tokens: answers.reduce(0) { $0 + $1.count }, withUsage: request.streamsUsage))
      } catch {
        writer.yield(responses.fault(error as? ChatError ?? .fault("\(error)")))
      }
      writer.finish()
    }
    return LoopbackResponse(
      headers: ["content-type": "text/event-stream", "cache-control": "no-cache"], body: .stream(pieces))
  }

  /// Writes all answers; on the worker's thread.
  ///
  /// - Parameter each: receives every piece; false ends the answer, when the client has gone.
  private func answers(
    to request: ChatRequest, _ prompt: ChatPrompt, each: (ChatPiece) -> Bool
  ) throws -> [ChatAnswer] {
    var samplers = (0..<request.count).map {
      ChatSampler(
        request, index: $0, student: student, opening: prompt.opening, tokenBytes: tokenBytes,
        maximumTokens: prompt.maximumTokens)
    }
    try student.continuing(
      prompt.ids, images: prompt.images, samples: request.count, maximumTokens: prompt.maximumTokens
    ) { sample, logits in
      let (token, piece) = try samplers[sample].next(logits, index: sample)
      return each(piece) ? token : nil
    }
    return samplers.map(\.answer)
  }
}

/// Something that is so until it is not.
private final class Flag: Sendable {
  private let value = Atomic(true)
  var isUp: Bool { value.load(ordering: .relaxed) }
  func lower() { value.store(false, ordering: .relaxed) }
}
