#if Run
  internal import CMicroHTTPD
  internal import Foundation

  /// An HTTP server that only this machine can reach.
  ///
  /// ```swift
  /// let server = LoopbackServer(port: 8080) { request in LoopbackResponse("hello from \(request.path)") }
  /// try await server.run { port in print("http://127.0.0.1:\(port)") }  // until its task is cancelled
  /// ```
  ///
  /// It listens on 127.0.0.1 alone and refuses, with 403, requests under another host's name and from pages of another
  /// origin. It knows nothing of what is served.
  ///
  /// A handler's task is cancelled when its client goes: when the connection is closed, or closed for sending alone. No
  /// browser and no client of chat completions closes that half before the answer is there, and a closed connection looks
  /// the same until something is written into it; nginx and Go's net/http decide alike.
  package struct LoopbackServer: Sendable {
    /// Answers one request. Requests are answered side by side. `HEAD` comes as `GET`.
    package typealias Handler = @Sendable (LoopbackRequest) async -> LoopbackResponse

    /// The port; 0 for any that is free.
    package let port: Int
    /// How long requests that are being answered may take when the server is to end.
    package let grace: Duration
    private let handler: Handler
    private let check: LoopbackGuard
    private let isForOwnUser: Bool
    private let patience: Duration
    private let refusal: @Sendable (_ status: Int, _ reason: String) -> LoopbackResponse

    /// A server that is not yet started.
    ///
    /// - Parameters:
    ///   - port: 0...65535; 0, the default, takes any that is free.
    ///   - maximumBodyBytes: larger bodies are refused with 413 and not read. The default is 64 MiB.
    ///   - token: requests without `Authorization: Bearer` and it are refused with 401. The default, nil, takes all.
    ///   - isForOwnUser: whether other users of this machine are refused with 403. The default is false.
    ///   - grace: how long requests may go on when the server is to end. The default is 30 seconds.
    ///   - patience: a connection is closed on which a request's head is not there after so long, or its body, which has
    ///     another second for each 64 KiB of it. The default is a minute.
    ///   - refusal: what is answered in place of the handler, in the form that its clients read. The default is a line
    ///     of text.
    ///   - handler: answers one request.
    package init(
      port: Int = 0, maximumBodyBytes: Int = 64 << 20, token: String? = nil, isForOwnUser: Bool = false,
      grace: Duration = .seconds(30), patience: Duration = .seconds(60),
      refusal: @escaping @Sendable (_ status: Int, _ reason: String) -> LoopbackResponse = {
        LoopbackResponse(status: $0, $1 + "\n")
      }, handler: @escaping Handler
    ) {
      precondition((0...65535).contains(port), "LoopbackServer: port \(port) is not within 0...65535")
      self.port = port
      (self.grace, self.patience) = (grace, patience)
      self.isForOwnUser = isForOwnUser
      self.refusal = refusal
      self.handler = handler
      check = LoopbackGuard(maximumBodyBytes: maximumBodyBytes, token: token)
    }

    /// Serves until the task is cancelled. Requests that are being answered then have the grace to end in; whoever asks
    /// meanwhile gets 503 with `Retry-After`. What is left after it is cancelled and its connections are closed.
    ///
    /// - Parameter started: is called once, with the port, when requests are taken.
    /// - Throws: ``LoopbackServerError/cannotListen(port:reason:)``.
    package func run(started: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
      var taken = UInt16(port)
      let listening = sd_http_listen(&taken)
      guard listening >= 0 else {
        throw LoopbackServerError.cannotListen(port: port, reason: String(cString: strerror(errno)))
      }
      let engine = LoopbackEngine(
        check: check, isForOwnUser: isForOwnUser, patience: patience, refusal: refusal, handler: handler)
      guard engine.start(listening) else {
        throw LoopbackServerError.cannotListen(port: port, reason: "the server's thread can't be started")
      }
      await started(Int(taken))
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
      // This task can't wait any more; another one can.
      await Task { await engine.stop(within: grace) }.value
    }

    /// Serves while `body` runs, and ends with it.
    ///
    /// - Throws: ``LoopbackServerError/cannotListen(port:reason:)``, or what `body` throws.
    package func withPort<Result: Sendable>(_ body: @Sendable (Int) async throws -> Result) async throws -> Result {
      let (ports, started) = AsyncThrowingStream.makeStream(of: Int.self)
      let serving = Task {
        do {
          try await run { started.yield($0) }
          started.finish()
        } catch {
          started.finish(throwing: error)
        }
      }
      let result: Swift.Result<Result, any Error>
      do {
        var iterator = ports.makeAsyncIterator()
        guard let port = try await iterator.next() else { throw CancellationError() }
        result = .success(try await body(port))
      } catch {
        result = .failure(error)
      }
      serving.cancel()
      await serving.value
      return try result.get()
    }
  }
#endif
