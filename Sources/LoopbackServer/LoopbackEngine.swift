#if Run
  internal import CMicroHTTPD
  internal import Foundation
  internal import Synchronization

  /// A running server: the parser's thread, whose calls become requests and whose answers come from tasks.
  ///
  /// While a handler runs the connection is suspended; its task resumes it with the answer.
  final class LoopbackEngine: Sendable {
    /// Most bodies' bytes that are kept at a time, over all connections.
    private static let bodyBytesInSum = 1 << 30
    /// The parser gives a connection up that is silent for so long while it is read from or written to.
    private static let silence: UInt32 = 60

    let handler: LoopbackServer.Handler
    let check: LoopbackGuard
    let isForOwnUser: Bool
    let watch: ConnectionWatch?
    private let refusal: @Sendable (_ status: Int, _ reason: String) -> LoopbackResponse
    private let bodyBytes = Atomic(0)
    private let work = Mutex(Work())
    /// What the parser's thread holds until it is stopped.
    private nonisolated(unsafe) let calls = UnsafeMutablePointer<sd_http_calls>.allocate(capacity: 1)
    private let server = Mutex<Handle>(Handle())

    private struct Work {
      var exchanges: [ObjectIdentifier: LoopbackExchange] = [:]
      var isEnding = false
    }

    private struct Handle: @unchecked Sendable { var pointer: OpaquePointer? }

    init(
      check: LoopbackGuard, isForOwnUser: Bool, patience: Duration,
      refusal: @escaping @Sendable (_ status: Int, _ reason: String) -> LoopbackResponse,
      handler: @escaping LoopbackServer.Handler
    ) {
      self.handler = handler
      self.check = check
      self.isForOwnUser = isForOwnUser
      self.refusal = refusal
      watch = ConnectionWatch(patience: patience)
    }

    deinit { calls.deallocate() }

    /// Takes requests from a listening socket, whose owner it is from now on; false where there can be no thread.
    func start(_ listening: Int32) -> Bool {
      guard let watch else {
        close(listening)
        return false
      }
      calls.initialize(
        to: sd_http_calls(
          server: Unmanaged.passUnretained(self).toOpaque(),
          opened: { engine($0).watch?.opened($1) ?? 0 },
          closed: { engine($0).watch?.closed($1) },
          head: { server, connection, head in
            guard let connection, let head else { return nil }
            let exchange = LoopbackExchange(engine(server), connection: connection, number: head.pointee.connection)
            exchange.begin(head.pointee)
            return Unmanaged.passRetained(exchange).toOpaque()
          },
          body: { exchange($0).take(UnsafeRawBufferPointer(start: $1, count: $2)) },
          turn: { exchange($0).turn() },
          ended: { request in
            guard let request else { return }
            Unmanaged<LoopbackExchange>.fromOpaque(request).takeRetainedValue().ended()
          }))
      let pointer = sd_http_start(listening, UInt32(ConnectionWatch.limit), Self.silence, calls)
      server.withLock { $0.pointer = pointer }
      guard pointer != nil else { return false }
      watch.start()
      return true
    }

    /// Ends when nothing is being answered, at the latest after the grace.
    func stop(within grace: Duration) async {
      work.withLock { $0.isEnding = true }
      let end = ContinuousClock.now + grace
      while work.withLock({ !$0.exchanges.isEmpty }), ContinuousClock.now < end {
        try? await Task.sleep(for: .milliseconds(10))
      }
      // The parser can't close a suspended connection.
      for exchange in work.withLock({ Array($0.exchanges.values) }) { exchange.abandon() }
      let daemon = server.withLock { $0 }
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          sd_http_stop(daemon.pointer)
          continuation.resume()
        }
      }
      watch?.stop()
    }

    /// The answer in place of the handler's.
    func response(to refused: LoopbackGuard.Refusal) -> LoopbackResponse {
      var response = refusal(refused.status, refused.reason)
      switch refused.status {
      case 401: response.headers["www-authenticate"] = "Bearer"
      case 503: response.headers["retry-after"] = "5"
      default: break
      }
      return response
    }

    /// Counts a request among those to whose end the server waits.
    func begin(_ exchange: LoopbackExchange) throws(LoopbackGuard.Refusal) {
      let isTaken = work.withLock { work in
        if !work.isEnding { work.exchanges[ObjectIdentifier(exchange)] = exchange }
        return !work.isEnding
      }
      guard isTaken else { throw ending }
    }

    let ending = LoopbackGuard.Refusal(503, "this server is ending; ask again later")
    var isEnding: Bool { work.withLock { $0.isEnding } }

    func ended(_ exchange: LoopbackExchange, bodyBytes count: Int) {
      bodyBytes.subtract(count, ordering: .relaxed)
      work.withLock { $0.exchanges[ObjectIdentifier(exchange)] = nil }
    }

    /// Counts a piece of a body; whether there is room for it.
    func hasRoom(for count: Int) -> Bool {
      bodyBytes.add(count, ordering: .relaxed).newValue <= Self.bodyBytesInSum
    }
  }

  private func engine(_ pointer: UnsafeMutableRawPointer?) -> LoopbackEngine {
    Unmanaged<LoopbackEngine>.fromOpaque(pointer!).takeUnretainedValue()
  }

  private func exchange(_ pointer: UnsafeMutableRawPointer?) -> LoopbackExchange {
    Unmanaged<LoopbackExchange>.fromOpaque(pointer!).takeUnretainedValue()
  }
#endif
