#if Run
  internal import CCurl
  import Foundation
  import TeacherProtocol

  /// The thread that carries all questions of a transport. It runs from the first one until it is stopped.
  final class CurlThread: Sendable {
    typealias Answer = Result<TransportResponse, HTTPTeacherError>

    /// A question on its way.
    struct Question: Sendable {
      let id: Int64
      let request: TransportRequest
      let lines: [String]
      let continuation: CheckedContinuation<Answer, Never>
      let start = ContinuousClock.now

      var host: String { request.url.host ?? "" }
      var seconds: Double { ElapsedTime.seconds(since: start) }
    }

    /// What the thread is told by others.
    private struct Post {
      var begun: [Question] = []
      var ended: [Int64] = []
      var hasMoreRoom = false
      var isStopped = false
    }

    private struct State {
      var post = Post()
      var nextID: Int64 = 0
      var taken = 0
      /// Where the thread sleeps; nil before it runs and after.
      var web: Web?
    }

    private struct Web: @unchecked Sendable {
      let pointer: OpaquePointer
    }

    private let state = Locked(State())
    private let each: Int
    private let all: Int

    init(each: Int, all: Int) {
      (self.each, self.all) = (each, all)
    }

    func newID() -> Int64 {
      state.withLock {
        $0.nextID += 1
        return $0.nextID
      }
    }

    func begin(_ question: Question) {
      let (isRefused, first): (Bool, Web?) = state.withLock { state in
        state.post.begun.append(question)
        if let web = state.web {
          sd_web_wake(web.pointer)
          return (false, nil)
        }
        state.web = makeWeb()
        if state.web == nil { state.post.begun.removeLast() }
        return (state.web == nil, state.web)
      }
      if isRefused { Self.refuse(question) }
      guard let first else { return }
      let thread = Thread { self.run(first.pointer) }
      thread.name = "services"
      thread.start()
    }

    /// Ends a question, if it is not answered yet.
    func end(_ id: Int64) { tell { $0.ended.append(id) } }

    func stop() { tell { $0.isStopped = true } }

    private func tell(_ write: (inout Post) -> Void) {
      state.withLock { state in
        write(&state.post)
        if let web = state.web { sd_web_wake(web.pointer) }
      }
    }

    private func makeWeb() -> Web? {
      // The thread holds this object for as long as it runs.
      let context = Unmanaged.passUnretained(self).toOpaque()
      return sd_web_make(
        each,
        { context, bytes in
          context.map { Unmanaged<CurlThread>.fromOpaque($0).takeUnretainedValue().takeRoom(bytes) } ?? false
        }, context
      ).map(Web.init)
    }

    private func takeRoom(_ bytes: Int) -> Bool {
      state.withLock { state in
        guard bytes <= all - state.taken else { return false }
        state.taken += bytes
        return true
      }
    }

    private func giveBack(_ bytes: Int) {
      guard bytes > 0 else { return }
      state.withLock { $0.taken -= bytes }
      tell { $0.hasMoreRoom = true }
    }

    private static func refuse(_ question: Question) {
      let reason = "libcurl can't take the question"
      question.continuation.resume(returning: .failure(.notReached(host: question.host, reason: reason)))
    }

    private func run(_ web: OpaquePointer) {
      // Signals are for the other threads; that of a pipe without a reader, some versions of TLS raise here.
      var signals = sigset_t()
      sigfillset(&signals)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      var open: [Int64: (question: Question, exchange: OpaquePointer)] = [:]
      while true {
        let post = state.withLock { state in
          defer { state.post = Post() }
          if state.post.isStopped { state.web = nil }
          return state.post
        }
        for question in post.begun {
          guard let exchange = send(question, over: web) else {
            Self.refuse(question)
            continue
          }
          open[question.id] = (question, exchange)
        }
        for id in post.isStopped ? Array(open.keys) : post.ended {
          guard let (question, exchange) = open.removeValue(forKey: id) else { continue }
          release(exchange)
          question.continuation.resume(returning: .failure(.brokenOff(host: question.host, reason: "cancelled")))
        }
        if post.isStopped { break }
        if post.hasMoreRoom { sd_web_resume(web) }
        sd_web_step(web)
        while let exchange = sd_web_next(web) {
          guard let (question, _) = open.removeValue(forKey: sd_exchange_id(exchange)) else { continue }
          let answer = answer(of: exchange, to: question)
          release(exchange)
          question.continuation.resume(returning: answer)
        }
        sd_web_wait(web)
      }
      sd_web_free(web)
    }

    private func send(_ question: Question, over web: OpaquePointer) -> OpaquePointer? {
      let request = question.request
      let lines = question.lines.map { strdup($0) }
      defer { for line in lines { free(line) } }
      let milliseconds = Int((min(max(request.seconds, 0.001), 1e6) * 1000).rounded())
      return request.body.withUnsafeBytes { body in
        lines.map { UnsafePointer($0) }.withUnsafeBufferPointer {
          sd_web_begin(
            web, question.id, request.url.absoluteString, $0.baseAddress, $0.count, body.baseAddress, body.count,
            request.isGet, milliseconds)
        }
      }
    }

    private func release(_ exchange: OpaquePointer) {
      let room = sd_exchange_room(exchange)
      sd_exchange_free(exchange)
      giveBack(room)
    }

    private func answer(of exchange: OpaquePointer, to question: Question) -> Answer {
      let host = question.host
      func brokenOff(_ reason: String) -> Answer {
        .failure(.brokenOff(host: host, reason: "\(reason), after \(ElapsedTime.words(question.seconds))"))
      }
      let reason = String(cString: sd_exchange_reason(exchange))
      switch sd_exchange_outcome(exchange) {
      case SD_NOT_REACHED: return .failure(.notReached(host: host, reason: reason))
      case SD_TIMED_OUT: return .failure(.timedOut(host: host, seconds: question.request.seconds))
      case SD_TOO_LARGE: return .failure(.tooLarge(host: host, limit: each))
      case SD_ANSWERED: break
      default: return brokenOff(reason)
      }
      let status = sd_exchange_status(exchange)
      guard (200...599).contains(status) else { return brokenOff("the answer's status \(status) is none of HTTP's") }
      var (size, room) = (0, 0)
      let head = sd_exchange_head(exchange, &size)
      let headers = Self.headers(UnsafeRawBufferPointer(start: head, count: size))
      let body = sd_exchange_take_body(exchange, &size, &room).map { bytes in
        Data(
          bytesNoCopy: bytes, count: size,
          deallocator: .custom { [room] bytes, _ in
            free(bytes)
            self.giveBack(room)
          })
      }
      return .success(TransportResponse(status: status, headers: headers, body: body ?? Data()))
    }

    /// Names in lower case and values; the last one of several of a name. A line that goes on from the one before is left out.
    private static func headers(_ head: UnsafeRawBufferPointer) -> [String: String] {
      var headers: [String: String] = [:]
      for line in head.split(separator: 0x0A).dropFirst() {
        guard line.first != 0x20, line.first != 0x09, let colon = line.firstIndex(of: 0x3A) else { continue }
        let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
        headers[String(decoding: line[..<colon], as: UTF8.self).lowercased()] = value.trimmingCharacters(
          in: .whitespacesAndNewlines)
      }
      return headers
    }
  }
#endif
