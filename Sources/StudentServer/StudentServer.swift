internal import JSON
internal import Foundation
package import LoopbackServer
public import StudentModels
internal import LanguageModel
internal import TeacherProtocol

/// Serves a student on this machine as OpenAI's chat completions do, so that it is used like any other model, and can be
/// another run's teacher.
///
/// ```swift
/// let server = StudentServer(try StudentFamily.student(contentsOf: folder), name: "student")
/// try await server.run(port: 8000) { port in print("http://127.0.0.1:\(port)/v1") }
/// ```
///
/// `POST /v1/systemone` and `POST /v1/decisions` take typed questions and answer with the probability of each option.
/// `POST /v1/chat/completions` takes texts and images (data URLs), `temperature`, `top_p`, `max_tokens`, `stop`, `n`,
/// `seed`, `logprobs` with `top_logprobs`, `response_format` and `stream`; `GET /v1/models` names the student. An answer
/// with a JSON schema is held to it token by token. Whatever is not supported is refused with status 400 and never passed
/// over. Probabilities are the model's own, before temperature and form.
///
/// It is not made for very many users: all computation is on one thread and its helpers. Answers to requests that come
/// together are written side by side, a token of each at a time; each is what it would be alone, bit for bit.
public struct StudentServer: Sendable {
  /// How a student is served.
  public struct Options: Sendable, Equatable {
    /// Most tokens of an answer where the request names no number. The default is 512.
    public var maximumTokens = 512
    /// Most requests that wait; further ones are answered with 429. The default is 256.
    public var waiting = 256
    /// Most answers that are written at one time; further requests wait. The default is 32.
    public var answersAtOnce = 32
    /// Most bytes of keys and values of the answers that are written at one time; one answer is written whatever it takes.
    /// The default is 2 GiB.
    public var cacheBytes = 2 << 30
    /// Most bytes of keys and values of what prompts of typed questions began with, which prompts that begin alike are spared. 0
    /// keeps nothing. The default is 256 MiB.
    public var keptBytes = 256 << 20
    /// What requests must bear as `Authorization: Bearer`. The default, nil, asks for nothing.
    package var token: String?
    /// What a request that is an item's fields alone is about.
    package var task: ServedTask?
    /// The question that the student was distilled on.
    package var trained: TrainedQuestion?
    /// How other typed questions are asked and answered.
    package var decisions = DecisionSettings()

    /// The defaults.
    public init() {}

    /// Whether all limits are the same, and so is what is served under which name.
    public static func == (one: Self, other: Self) -> Bool {
      one.maximumTokens == other.maximumTokens && one.waiting == other.waiting
        && one.answersAtOnce == other.answersAtOnce && one.cacheBytes == other.cacheBytes
        && one.keptBytes == other.keptBytes && one.token == other.token && one.task == other.task
        && one.trained?.listing == other.trained?.listing && one.decisions == other.decisions
    }
  }

  /// The model's name.
  package let name: String
  /// Nil where a classifier is asked the one question that it learned.
  private let student: (any PretrainedStudent)?
  private let options: Options
  private let worker: StudentWorker

  /// Requests that wait behind those that are being answered.
  package var waiting: Int { worker.waiting }
  private let tokenBytes: TokenBytes?
  private let kept: KeptBeginnings
  private let created = Int(Date().timeIntervalSince1970)

  /// A server of a student.
  ///
  /// - Parameters:
  ///   - student: with its adapters, if it has any.
  ///   - name: under which requests ask for it.
  ///   - options: limits.
  public init(_ student: any PretrainedStudent, name: String, options: Options = Options()) {
    self.init(of: student, name: name, options: options)
  }

  /// A server of a student that is no language model: ``Options/trained`` has the classifier, which is asked its question alone.
  ///
  /// - Parameters: as for ``init(_:name:options:)``.
  /// - Precondition: the options' question has a classifier.
  package init(classifierNamed name: String, options: Options) {
    precondition(options.trained?.classifier != nil, "a server without a model and without a classifier")
    self.init(of: nil, name: name, options: options)
  }

  private init(of student: (any PretrainedStudent)?, name: String, options: Options) {
    self.student = student
    self.name = name
    self.options = options
    worker = StudentWorker(
      student, waiting: options.waiting,
      limits: AnswersUnderWay.Limits(answers: max(1, options.answersAtOnce), bytes: options.cacheBytes))
    kept = KeptBeginnings(bytes: options.keptBytes)
    tokenBytes = student.map { TokenBytes($0.tokenizer, count: $0.decoder.vocabularySize) }
  }

  #if Run
    /// Serves on 127.0.0.1 until the task is cancelled. Answers that are being written then have 30 seconds to end in;
    /// requests that wait, and further ones, get 503 with `Retry-After`.
    ///
    /// - Parameters:
    ///   - port: 0...65535; 0 takes any that is free.
    ///   - started: is called once with the port.
    /// - Throws: `LoopbackServerError`.
    public func run(port: Int, started: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
      try await run(port: port, grace: .seconds(30), started: started)
    }

    package func run(port: Int, grace: Duration, started: @escaping @Sendable (Int) async -> Void) async throws {
      defer { worker.admit() }
      try await withTaskCancellationHandler {
        try await loopback(port: port, grace: grace).run(started: started)
      } onCancel: {
        // At once: the port hears of it a moment later, and what came meanwhile would wait behind the answers under way.
        worker.refuse()
      }
    }

    /// Serves while the body runs.
    package func withPort<Result: Sendable>(
      _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
      try await loopback(port: 0, grace: .zero).withPort(body)
    }

    private func loopback(port: Int, grace: Duration) -> LoopbackServer {
      LoopbackServer(port: port, token: options.token, grace: grace) { status, reason in
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
      case ("POST", "/v1/chat/completions"): return try await complete(chat(request.body))
      case ("POST", "/v1/systemone"): return await decide(request.body, as: .systemOne)
      case ("POST", "/v1/decisions"): return await decide(request.body, as: .decisions)
      case ("GET", "/v1/models"):
        return json(.object([.init("object", "list"), .init("data", .array([model]))]))
      case ("GET", "/v1/models/\(name)"): return json(model)
      case ("GET", "/health"): return LoopbackResponse("ok\n")
      case (_, "/v1/chat/completions"), (_, "/v1/systemone"), (_, "/v1/decisions"), (_, "/v1/models"):
        throw ChatError(
          status: 405, message: "\(request.method) is not for \(request.path).", parameter: nil, code: nil)
      default:
        throw ChatError(
          status: 404,
          message:
            "There is no \(request.path); see POST /v1/chat/completions, /v1/systemone and /v1/decisions, and GET /v1/models.",
          parameter: nil, code: "not_found")
      }
    } catch let error as ChatError {
      return error.response
    } catch is CancellationError {
      return ChatError.gone.response
    } catch {
      return ChatError.fault("\(error)").response
    }
  }

  private func chat(_ body: Data) throws -> ChatRequest {
    let request = try ChatRequest(body)
    return try options.task?.asking(request) ?? request
  }

  /// What writes answers.
  private func writer() throws(ChatError) -> (student: any PretrainedStudent, tokenBytes: TokenBytes) {
    guard let student, let tokenBytes else {
      throw .unsupported(
        "model",
        "'\(name)' is a classifier and writes no text: ask its question '\(options.trained?.name ?? "")' by POST /v1/systemone or "
          + "/v1/decisions.")
    }
    return (student, tokenBytes)
  }

  private var model: JSONValue {
    .object([
      .init("id", .string(name)), .init("object", "model"), .init("created", .number(created)),
      .init("owned_by", "distill"), .init("questions", .array(options.trained.map { [$0.listing] } ?? [])),
    ])
  }

  private func json(_ value: JSONValue) -> LoopbackResponse {
    LoopbackResponse(type: "application/json", value.text)
  }

  private func checkModel(_ asked: String) throws(ChatError) {
    guard asked == name else {
      throw ChatError(
        status: 404, message: "There is no model '\(asked)' here; there is '\(name)'.", parameter: "model",
        code: "model_not_found")
    }
  }

  /// Answers typed questions, in one turn on the worker.
  private func decide(_ body: Data, as form: DecisionForm) async -> LoopbackResponse {
    do {
      let sent = try form.request(body, options.decisions)
      try checkModel(sent.model)
      let request = try options.trained?.asked(sent, as: form) ?? sent
      let wanted = Flag()
      return try await worker.start(wanted) { ready in
        ready(
          Result {
            guard let student else {
              let found = try ClassifierAnswers(request, options.trained)
              return json(form.body(found.answers, model: name, tokens: found.inputTokens, cached: found.cachedTokens))
            }
            let pass = try DecisionPass(
              request, student: student, settings: options.decisions, trained: options.trained)
            try wanted.check()
            let answers = pass.answers(keeping: kept)
            return json(form.body(answers, model: name, tokens: pass.inputTokens, cached: pass.cachedTokens))
          })
        return nil
      }
    } catch let faults as DecisionFaults {
      return form.response(faults)
    } catch {
      return form.response(
        error as? ChatError ?? (error is CancellationError ? .gone : .fault("\(error)")))
    }
  }

  private func complete(_ request: ChatRequest) async throws -> LoopbackResponse {
    try checkModel(request.model)
    let (student, tokenBytes) = try writer()
    let wanted = Flag()
    if request.streams { return try await stream(request, wanted) }
    return try await worker.start(wanted) { ready in
      do {
        let prompt = try ChatPrompt(
          request, student: student, limit: options.maximumTokens, trained: options.trained)
        let responses = ChatResponses(request, model: name, promptTokens: prompt.ids.count)
        return ChatWriting(request, prompt, tokenBytes: tokenBytes, keeping: kept, wanted: wanted) { _ in
        } ended: { result in
          ready(result.map { json(responses.completion($0)) })
        }
      } catch {
        ready(.failure(error))
        return nil
      }
    }
  }

  /// The prompt is prepared before the answer begins, so that what is wrong with it has a status of its own. Both are one
  /// turn on the worker: a stream waits once, as any other request.
  private func stream(_ request: ChatRequest, _ wanted: Flag) async throws -> LoopbackResponse {
    let (student, tokenBytes) = try self.writer()
    let (pieces, writer) = AsyncStream.makeStream(of: Data.self)
    writer.onTermination = { _ in wanted.lower() }
    try await worker.start(wanted) { (ready: @escaping @Sendable (Result<Void, any Error>) -> Void) in
      let prompt: ChatPrompt
      do {
        prompt = try ChatPrompt(
          request, student: student, limit: options.maximumTokens, trained: options.trained)
      } catch {
        ready(.failure(error))
        return nil
      }
      ready(.success(()))
      let responses = ChatResponses(request, model: name, promptTokens: prompt.ids.count)
      for index in 0..<request.count { writer.yield(responses.opening(index)) }
      return ChatWriting(request, prompt, tokenBytes: tokenBytes, keeping: kept, wanted: wanted) {
        writer.yield(responses.chunk($0))
      } ended: { result in
        switch result {
        case .success(let answers):
          writer.yield(responses.closing(tokens: answers.reduce(0) { $0 + $1.count }, withUsage: request.streamsUsage))
        case .failure(let error):
          writer.yield(responses.fault(error as? ChatError ?? .fault("\(error)")))
        }
        writer.finish()
      }
    }
    return LoopbackResponse(
      headers: ["content-type": "text/event-stream", "cache-control": "no-cache"], body: .stream(pieces))
  }
}
