import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

/// What every transport does over real connections.
@Suite struct TransportTests {
  /// A transport by its name, with a limit for bodies.
  struct Maker: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (_ maximumBytes: Int) -> any Transport
  }

  static var makers: [Maker] {
    var makers = [Maker(testDescription: "URLSession") { URLSessionTransport(maximumBytes: $0) }]
    #if Run
      makers.append(Maker(testDescription: "libcurl") { CurlTransport(maximumBytes: $0) })
    #endif
    return makers
  }

  func request(to server: FaultyServer, seconds: Double = 60) -> TransportRequest {
    TransportRequest(
      url: server.base.appendingPathComponent("x"), headers: ["Authorization": "Bearer k"], body: Data("body".utf8),
      seconds: seconds)
  }

  /// How the request fails; nil where it does not.
  func failure(
    _ maker: Maker, _ request: TransportRequest, maximumBytes: Int = 1 << 20
  ) async -> HTTPTeacherError? {
    do {
      _ = try await maker.make(maximumBytes).send(request)
      return nil
    } catch {
      return error as? HTTPTeacherError
    }
  }

  @Test(arguments: makers) func `a request goes over a real connection`(_ maker: Maker) async throws {
    let seen = Locked<[FaultyServer.Request]>([])
    let server = try FaultyServer { request in
      seen.withLock { $0.append(request) }
      return .answer(status: 429, headers: ["Retry-After: 3"], body: Array("hello".utf8))
    }
    let response = try await maker.make(1 << 20).send(request(to: server))
    #expect(response.status == 429)
    #expect(response.headers["retry-after"] == "3")
    #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    let got = try #require(seen.withLock { $0.first })
    #expect(got.path == "/v1/x")
    #expect(got.headers["authorization"] == "Bearer k")
    #expect(String(decoding: got.body, as: UTF8.self) == "body")
  }

  @Test(arguments: makers) func `many requests share its connections`(_ maker: Maker) async throws {
    let server = try FaultyServer { .answer(body: $0.body) }
    let transport = maker.make(1 << 20)
    let wrong = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<500 {
        group.addTask {
          var own = request(to: server)
          own.body = Data("question \(number)".utf8)
          return (try? await transport.send(own).body) != own.body
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: makers) func `a redirect is not followed`(_ maker: Maker) async throws {
    let elsewhere = try FaultyServer { _ in .answer(body: []) }
    let server = try FaultyServer { [port = elsewhere.port] _ in
      .answer(status: 307, headers: ["Location: http://127.0.0.1:\(port)/"], body: [])
    }
    #expect(try await maker.make(1 << 20).send(request(to: server)).status == 307)
    #expect(elsewhere.requests == 0)
  }

  @Test(arguments: makers, ["close", "half", "not HTTP"])
  func `a server that breaks off is an error with its host`(_ maker: Maker, _ how: String) async throws {
    let action: FaultyServer.Action =
      switch how {
      case "close": .close
      case "half": .breakOff(body: Array("half of it".utf8), after: 4)
      default: .raw(Array("not HTTP\r\n\r\n".utf8))
      }
    let server = try FaultyServer { _ in action }
    let found = await failure(maker, request(to: server))
    #expect(found.map(Self.kind) == "brokenOff 127.0.0.1", "\(String(describing: found))")
  }

  @Test(arguments: makers) func `a server that is not there is an error with its host`(_ maker: Maker) async throws {
    var server: FaultyServer? = try FaultyServer { _ in .close }
    let gone = request(to: try #require(server))
    server = nil
    let found = await failure(maker, gone)
    #expect(found.map(Self.kind) == "notReached 127.0.0.1", "\(String(describing: found))")
  }

  private static func kind(_ error: HTTPTeacherError) -> String {
    switch error {
    case .brokenOff(let host, _): "brokenOff \(host)"
    case .notReached(let host, _): "notReached \(host)"
    default: "\(error)"
    }
  }

  @Test(arguments: makers) func `a body that never ends is broken off by time or by size`(_ maker: Maker) async throws {
    let drip = try FaultyServer { _ in .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 10) }
    let slow = await failure(maker, request(to: drip, seconds: 1))
    #expect(slow == .timedOut(host: "127.0.0.1", seconds: 1))
    let flood = try FaultyServer { _ in .flood }
    let large = await failure(maker, request(to: flood, seconds: 30), maximumBytes: 1 << 18)
    #expect(large == .tooLarge(host: "127.0.0.1", limit: 1 << 18))
  }

  @Test(arguments: makers) func `a cancelled request ends at once`(_ maker: Maker) async throws {
    let server = try FaultyServer { _ in .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 100) }
    let question = request(to: server, seconds: 100)
    let task = Task { try await maker.make(1 << 20).send(question) }
    while server.requests == 0 { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // And one that was cancelled before it began.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await maker.make(1 << 20).send(question)
    }
    await #expect(throws: CancellationError.self) { try await late.value }
    #expect(server.requests == 1)
  }

}
