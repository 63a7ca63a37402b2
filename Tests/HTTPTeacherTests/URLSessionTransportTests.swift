import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

@Suite struct URLSessionTransportTests {
  func request(to server: LoopbackServer, seconds: Double = 5) -> TransportRequest {
    TransportRequest(
      url: server.base.appendingPathComponent("x"), headers: ["Authorization": "Bearer k"], body: Data("body".utf8),
      seconds: seconds)
  }

  func failure(_ server: LoopbackServer, seconds: Double = 5, maximumBytes: Int = 1 << 20) async -> HTTPTeacherError? {
    do {
      _ = try await URLSessionTransport(maximumBytes: maximumBytes).send(request(to: server, seconds: seconds))
      return nil
    } catch {
      return error as? HTTPTeacherError
    }
  }

  @Test func aRequestGoesOverARealConnection() async throws {
    let seen = Locked<[LoopbackServer.Request]>([])
    let server = try LoopbackServer { request in
      seen.withLock { $0.append(request) }
      return .answer(status: 429, headers: ["Retry-After: 3"], body: Array("hello".utf8))
    }
    let response = try await URLSessionTransport().send(request(to: server))
    #expect(response.status == 429)
    #expect(response.headers["retry-after"] == "3")
    #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    let got = try #require(seen.withLock { $0.first })
    #expect(got.path == "/v1/x")
    #expect(got.headers["authorization"] == "Bearer k")
    #expect(String(decoding: got.body, as: UTF8.self) == "body")
  }

  @Test func aRedirectIsNotFollowed() async throws {
    let elsewhere = try LoopbackServer { _ in .answer(body: []) }
    let server = try LoopbackServer { [port = elsewhere.port] _ in
      .answer(status: 307, headers: ["Location: http://127.0.0.1:\(port)/"], body: [])
    }
    #expect(try await URLSessionTransport().send(request(to: server)).status == 307)
    #expect(elsewhere.requests == 0)
  }

  @Test func aServerThatIsNotThereOrBreaksOffIsAnErrorWithItsHost() async throws {
    for action in [
      .close, .breakOff(body: Array("half of it".utf8), after: 4), .raw(Array("not HTTP\r\n\r\n".utf8)),
    ] as [LoopbackServer.Action] {
      let server = try LoopbackServer { _ in action }
      guard case .notReached(host: "127.0.0.1", _)? = await failure(server) else {
        Issue.record("\(action)")
        continue
      }
    }
    var server: LoopbackServer? = try LoopbackServer { _ in .close }
    let gone = request(to: try #require(server))
    server = nil
    await #expect(throws: HTTPTeacherError.self) { try await URLSessionTransport().send(gone) }
  }

  @Test func aBodyThatNeverEndsIsBrokenOffByTimeOrBySize() async throws {
    let drip = try LoopbackServer { _ in .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 10) }
    #expect(await failure(drip, seconds: 0.15) == .timedOut(host: "127.0.0.1", seconds: 0.15))
    let flood = try LoopbackServer { _ in .flood }
    #expect(await failure(flood, maximumBytes: 1 << 18) == .tooLarge(host: "127.0.0.1", limit: 1 << 18))
  }

  @Test func aCancelledRequestEndsAtOnce() async throws {
    let server = try LoopbackServer { _ in .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 100) }
    let question = request(to: server, seconds: 100)
    let task = Task { try await URLSessionTransport().send(question) }
    while server.requests == 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
