#if Run
  internal import CMicroHTTPD
  internal import Foundation
  internal import Synchronization

  /// One request and its answer. `begin`, `take`, `turn` and `ended` are called by the parser's thread.
  final class LoopbackExchange: @unchecked Sendable {
    /// Where it stands.
    private enum Stage {
      case reading
      /// The handler runs, and the connection is suspended.
      case handling
      case answered(LoopbackResponse)
      case sending
      /// The server ends before the handler does.
      case abandoned
    }

    private struct State {
      var stage = Stage.reading
      var task: Task<Void, Never>?
      var stream: LoopbackStream?
      var isClientGone = false
    }

    private let engine: LoopbackEngine
    private let connection: OpaquePointer
    private let number: UInt64
    private let state = Mutex(State())
    // Of the parser's thread alone.
    private var request = LoopbackRequest("GET", "/")
    private var isRefused = false
    private var bodyBytes = 0

    init(_ engine: LoopbackEngine, connection: OpaquePointer, number: UInt64) {
      self.engine = engine
      self.connection = connection
      self.number = number
    }

    /// Reads the head. What is refused is answered at once, and its body is never read.
    func begin(_ head: sd_http_head) {
      let fields = UnsafeBufferPointer(start: head.fields, count: head.field_count).map { field in
        (name: text(field.name, field.name_count), value: text(field.value, field.value_count).trimmed)
      }
      do throws(LoopbackGuard.Refusal) {
        let (request, hasBody) = try engine.check.request(
          String(cString: head.method), target: String(cString: head.target), fields: fields, isPlain: head.is_plain)
        guard !engine.isForOwnUser || engine.watch?.isOwnUser(number) == true else {
          throw .init(403, "this server is for the user who started it")
        }
        self.request = request
        try engine.begin(self)
        if hasBody { engine.watch?.reads(number, 0) }
      } catch {
        isRefused = true
        engine.watch?.lingers(number)
        var response = engine.response(to: error)
        // Whatever the parser would do: what follows on the connection is read by the watch.
        response.headers["connection"] = "close"
        _ = send(response)
      }
    }

    /// A piece of the body.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
      request.body.append(contentsOf: bytes)
      bodyBytes += bytes.count
      engine.watch?.reads(number, bodyBytes)
      let hasRoom = engine.hasRoom(for: bytes.count)
      guard bodyBytes <= engine.check.maximumBodyBytes else { return cut(engine.check.tooLarge) }
      return hasRoom || cut(.init(503, "too many large requests are being read; ask again later"))
    }

    /// Answers in the midst of a body, where the parser sends nothing, and closes.
    private func cut(_ refusal: LoopbackGuard.Refusal) -> Bool {
      let response = engine.response(to: refusal)
      guard case .data(let body) = response.body else { return false }
      var head = "HTTP/1.1 \(response.status) Refused\r\ncontent-length: \(body.count)\r\nconnection: close\r\n"
      for (name, value) in response.fields { head += "\(name): \(value)\r\n" }
      engine.watch?.lingers(number, saying: Data((head + "\r\n").utf8) + body)
      return false
    }

    /// The request is whole, or the handler is done.
    func turn() -> Bool {
      if isRefused { return true }
      let (goesOn, response): (Bool, LoopbackResponse?) = state.withLock { state in
        switch state.stage {
        case .reading where engine.isEnding:
          state.stage = .sending
          return (true, engine.response(to: engine.ending))
        case .reading:
          state.stage = .handling
          state.isClientGone = engine.watch?.handles(number, self) ?? true || state.isClientGone
          sd_http_suspend(connection)
          var request = request
          self.request.body = Data()
          if request.method == "HEAD" { request.method = "GET" }
          state.task = Task { [engine] in self.answered(await engine.handler(request)) }
          if state.isClientGone { state.task?.cancel() }
          return (true, nil)
        case .answered(let response):
          state.stage = .sending
          return (true, response)
        case .handling, .sending: return (true, nil)
        case .abandoned: return (false, nil)
        }
      }
      return response.map(send) ?? goesOn
    }

    private func answered(_ response: LoopbackResponse) {
      state.withLock { state in
        guard case .handling = state.stage else { return }
        state.stage = .answered(response)
        sd_http_resume(connection)
      }
    }

    /// The client closed its side: what is being done for it is not wanted any more.
    func clientWent() {
      let (task, stream) = state.withLock { state in
        state.isClientGone = true
        return (state.task, state.stream)
      }
      task?.cancel()
      stream?.fail()
    }

    /// Ends it before the handler does. A handler that answers when it is cancelled comes too late, so the stage is first.
    func abandon() {
      state.withLock { state in
        switch state.stage {
        case .reading: state.stage = .abandoned
        case .handling:
          state.stage = .abandoned
          sd_http_resume(connection)
        case .answered, .sending, .abandoned: break
        }
      }
      clientWent()
    }

    func ended() {
      clientWent()
      engine.watch?.rests(number)
      engine.ended(self, bodyBytes: bodyBytes)
    }

    private func send(_ response: LoopbackResponse) -> Bool {
      let fields = response.fields.map { (strdup($0.0), strdup($0.1)) }
      defer {
        for (name, value) in fields {
          free(name)
          free(value)
        }
      }
      let list = fields.map { sd_http_field(name: $0, name_count: 0, value: $1, value_count: 0) }
      switch response.body {
      case .data(let bytes):
        return bytes.withUnsafeBytes {
          sd_http_answer(connection, UInt32(response.status), list, list.count, $0.baseAddress, $0.count)
        }
      case .stream(let pieces):
        let stream = LoopbackStream(pieces, connection: connection)
        let isWanted = state.withLock { state in
          state.stream = stream
          return !state.isClientGone
        }
        if isWanted { stream.begin() } else { stream.fail() }
        return sd_http_stream(
          connection, UInt32(response.status), list, list.count, Unmanaged.passRetained(stream).toOpaque(),
          { Unmanaged<LoopbackStream>.fromOpaque($0!).takeUnretainedValue().read(into: $2!, $3) },
          { Unmanaged<LoopbackStream>.fromOpaque($0!).takeRetainedValue().fail() })
      }
    }
  }

  private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  extension String {
    /// Without the spaces that may stand around a header's value.
    fileprivate var trimmed: String { trimmingCharacters(in: CharacterSet(charactersIn: " \t")) }
  }
#endif
