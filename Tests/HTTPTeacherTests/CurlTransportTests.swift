#if Run
  import Foundation
  import HTTPTeacher
  import TeacherProtocol
  import TestSupport
  import Testing

  @Suite(.serialized) struct CurlTransportTests {
    func request(_ server: FaultyServer, seconds: Double = 20) -> TransportRequest {
      TransportRequest(url: server.base.appendingPathComponent("x"), body: Data("{}".utf8), seconds: seconds)
    }

    /// Highest resident memory of this process so far, in MiB.
    var peakMiB: Int {
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }

    @Test func `large bodies wait for each other`() async throws {
      let body = [UInt8](repeating: 0x20, count: 6 << 20)
      let part = Array("80000\r\n".utf8) + body.prefix(1 << 19) + Array("\r\n".utf8)
      let chunks =
        Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        + Array((0..<12).map { _ in part }.joined()) + Array("0\r\n\r\n".utf8)
      // Those with a length take what they need, those in chunks all that a body may have.
      let known = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
      let server = try FaultyServer { .raw($0.number % 2 == 0 ? known : chunks) }
      let transport = CurlTransport(maximumBytes: 8 << 20, maximumBytesInAll: 16 << 20)
      let before = peakMiB
      let sizes = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<40 { group.addTask { try await transport.send(request(server)).body.count } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(sizes == Array(repeating: 6 << 20, count: 40))
      // Without a bound it would be 240 MiB.
      #expect(peakMiB - before < 80, "\(before) to \(peakMiB) MiB")
    }

    @Test func `a compressed body that waits for room comes whole`() async throws {
      let zipped = Array(try #require(Self.zipped))
      let server = try FaultyServer {
        $0.number == 0
          ? .answer(body: Array(repeating: 0x20, count: 600_000))
          : .answer(headers: ["Content-Encoding: gzip"], body: zipped)
      }
      let transport = CurlTransport(maximumBytes: 1 << 20, maximumBytesInAll: 1 << 20)
      var held: TransportResponse? = try await transport.send(request(server))
      #expect(held?.body.count == 600_000)
      async let waiting = transport.send(request(server))
      while server.requests < 2 { try await Task.sleep(for: .milliseconds(1)) }
      held = nil
      let body = try await waiting.body
      #expect(body.count == 600_000 && body.allSatisfy { $0 == 0 })
    }

    @Test func `a body that finds no room in its time is late, and one that is cancelled is gone`() async throws {
      let server = try FaultyServer { _ in .answer(body: Array(repeating: 0x20, count: 600_000)) }
      let transport = CurlTransport(maximumBytes: 1 << 20, maximumBytesInAll: 1 << 20)
      let held = try await transport.send(request(server))
      await #expect(throws: HTTPTeacherError.timedOut(host: "127.0.0.1", seconds: 1)) {
        try await transport.send(request(server, seconds: 1))
      }
      let before = server.requests
      let cancelled = Task { try await transport.send(request(server)) }
      while server.requests == before { try await Task.sleep(for: .milliseconds(1)) }
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      #expect(held.body.count == 600_000)
      _ = consume held
      #expect(try await transport.send(request(server)).body.count == 600_000)
    }

    @Test func `a question goes out once, although its connection was used before`() async throws {
      let server = try FaultyServer { $0.number % 2 == 0 ? .answer(body: []) : .close }
      let transport = CurlTransport()
      for number in 1...5 {
        _ = try await transport.send(request(server))
        await #expect(throws: HTTPTeacherError.self) { try await transport.send(request(server)) }
        #expect(server.requests == 2 * number)
      }
    }

    @Test func `an answer that nobody asked for is not taken for the next one`() async throws {
      let server = try FaultyServer { .twice(body: $0.body) }
      let transport = CurlTransport()
      for number in 0..<50 {
        var own = request(server)
        own.body = Data("question \(number)".utf8)
        let answer = try? await transport.send(own).body
        #expect(answer == nil || answer == own.body)
        try await Task.sleep(for: .milliseconds(2))
      }
    }

    /// How a request fails; nil where it does not.
    func failure(_ request: TransportRequest) async -> HTTPTeacherError? {
      do {
        _ = try await CurlTransport().send(request)
        return nil
      } catch { return error as? HTTPTeacherError }
    }

    @Test func `a header that cannot be sent is an error without its value`() async throws {
      let server = try FaultyServer { _ in .answer(body: []) }
      let headers = [("Authorization", "Bearer sec\u{0}ret"), ("X", "1\r\nY: ret"), ("X\nY", "ret"), ("", "ret")]
      for (name, value) in headers {
        var broken = request(server)
        broken.headers[name] = value
        let found = try #require(await failure(broken))
        #expect(!"\(found)".contains("ret"))
      }
      #expect(server.requests == 0)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "dict://127.0.0.1:1/x", "gopher://127.0.0.1/"])
    func `addresses of other protocols are not reached`(_ text: String) async throws {
      let url = try #require(URL(string: text))
      let found = try #require(await failure(TransportRequest(url: url, body: Data(), seconds: 5)))
      guard case .notReached = found else { throw found }
    }

    @Test func `what went wrong is told apart, with the time that it took`() async throws {
      func words(_ action: FaultyServer.Action, seconds: Double = 20) async throws -> String {
        let server = try FaultyServer { _ in action }
        return "\(try #require(await failure(request(server, seconds: seconds))))"
      }
      let host = "127.0.0.1"
      let closed = try await words(.close)
      #expect(closed.contains(#/^127.0.0.1 broke the connection off: Empty reply from server, after [0-9.]+ s$/#))
      let reset = try await words(.breakOff(body: Array(repeating: 0, count: 9), after: 3))
      #expect(reset.contains(#/reset by peer, after [0-9.]+ s$/#))
      #expect(try await words(.silence, seconds: 1.25).hasPrefix("\(host) did not answer whole within 1.25 s"))
      var server: FaultyServer? = try FaultyServer { _ in .close }
      let gone = request(try #require(server))
      server = nil
      let refused = "\(try #require(await failure(gone)))"
      #expect(refused.hasPrefix("\(host) was not reached:") && refused.contains("refused"))
    }

    /// 600,000 zeros, as gzip of Python 3.11 (zlib 1.2.13) writes them.
    static let zipped = Data(
      base64Encoded: [
        "H4sIAAAAAAACA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAeDSz0/3QwCcJAA==",
      ].joined())
  }
#endif
