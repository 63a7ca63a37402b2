import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

@Suite struct URLSessionTransportTests {
  func request(to server: FaultyServer, seconds: Double = 5) -> TransportRequest {
    TransportRequest(
      url: server.base.appendingPathComponent("x"), headers: ["Authorization": "Bearer k"], body: Data("body".utf8),
      seconds: seconds)
  }

  func failure(_ server: FaultyServer, seconds: Double = 5, maximumBytes: Int = 1 << 20) async -> HTTPTeacherError? {
    do {
      _ = try await URLSessionTransport(maximumBytes: maximumBytes).send(request(to: server, seconds: seconds))
      return nil
    } catch {
      return error as? HTTPTeacherError
    }
  }

  @Test func aRequestGoesOverARealConnection() async throws {
    let seen = Locked<[FaultyServer.Request]>([])
    let server = try FaultyServer { request in
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
    let elsewhere = try FaultyServer { _ in .answer(body: []) }
    let server = try FaultyServer { [port = elsewhere.port] _ in
      .answer(status: 307, headers: ["Location: http://127.0.0.1:\(port)/"], body: [])
    }
    #expect(try await URLSessionTransport().send(request(to: server)).status == 307)
    #expect(elsewhere.requests == 0)
  }

  @Test func aServerThatIsNotThereOrBreaksOffIsAnErrorWithItsHost() async throws {
    for action in [
      .close, .breakOff(body: Array("half of it".utf8), after: 4), .raw(Array("not HTTP\r\n\r\n".utf8)),
    ] as [FaultyServer.Action] {
      let server = try FaultyServer { _ in action }
      guard case .brokenOff(host: "127.0.0.1", _)? = await failure(server) else {
        Issue.record("\(action)")
        continue
      }
    }
    var server: FaultyServer? = try FaultyServer { _ in .close }
    let gone = request(to: try #require(server))
    server = nil
    do {
      _ = try await URLSessionTransport().send(gone)
      Issue.record("no error")
    } catch {
      guard case .notReached? = error as? HTTPTeacherError else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func aBodyThatNeverEndsIsBrokenOffByTimeOrBySize() async throws {
    let drip = try FaultyServer { _ in .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 10) }
    #expect(await failure(drip, seconds: 0.15) == .timedOut(host: "127.0.0.1", seconds: 0.15))
    let flood = try FaultyServer { _ in .flood }
    #expect(await failure(flood, maximumBytes: 1 << 18) == .tooLarge(host: "127.0.0.1", limit: 1 << 18))
  }

  @Test func aCancelledRequestEndsAtOnce() async throws {
    let server = try FaultyServer { _ in .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 100) }
    let question = request(to: server, seconds: 100)
    let task = Task { try await URLSessionTransport().send(question) }
    while server.requests == 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // And one that was cancelled before it began.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await URLSessionTransport().send(question)
    }
    await #expect(throws: CancellationError.self) { try await late.value }
    #expect(server.requests == 1)
  }
}
