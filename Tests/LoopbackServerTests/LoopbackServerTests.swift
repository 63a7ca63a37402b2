#if Run
  import Foundation
  import LoopbackServer
  import Testing

  #if canImport(FoundationNetworking)
    import FoundationNetworking
  #endif

  @Suite struct LoopbackServerTests {
    /// A server that tells what it was asked.
    func serving(_ body: @Sendable (URL) async throws -> Void) async throws {
      let server = LoopbackServer(maximumBodyBytes: 1000) { request in
        if request.path == "/pieces" {
          let (pieces, writer) = AsyncStream.makeStream(of: Data.self)
          for piece in ["one ", "two ", "three"] { writer.yield(Data(piece.utf8)) }
          writer.finish()
          return LoopbackResponse(headers: ["content-type": "text/event-stream"], body: .stream(pieces))
        }
        let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        return LoopbackResponse(
          "\(request.method) \(request.path) [\(query)] \(String(decoding: request.body, as: UTF8.self))")
      }
      try await server.withPort { port in
        try await body(try #require(URL(string: "http://127.0.0.1:\(port)")))
      }
    }

    func send(
      _ method: String, _ url: URL, headers: [String: String] = [:], body: Data? = nil
    ) async throws -> (status: Int, text: String) {
      var request = URLRequest(url: url)
      request.httpMethod = method
      request.httpBody = body
      for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
      let (data, response) = try await URLSession.shared.data(for: request)
      return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    @Test func `a request comes with method, path, query and body`() async throws {
      try await serving { (base: URL) async throws in
        let url = try #require(URL(string: "/a%20b?x=1&y=%C3%A9&x=2", relativeTo: base))
        let answer = try await send("POST", url, body: Data("hello".utf8))
        #expect(answer == (200, "POST /a b [x=2 y=é] hello"))
        #expect(try await send("GET", base.appending(path: "pieces")).text == "one two three")
      }
    }

    @Test func `a body beyond the limit is refused`() async throws {
      try await serving { (base: URL) async throws in
        #expect(try await send("POST", base, body: Data(count: 1001)).status == 413)
        #expect(try await send("POST", base, body: Data(repeating: 65, count: 1000)).status == 200)
      }
    }

    @Test func `pages of other origins and other names for this machine are refused`() async throws {
      try await serving { (base: URL) async throws in
        let own = try #require(base.port)
        #expect(try await send("POST", base, headers: ["Origin": "http://127.0.0.1:\(own)"]).status == 200)
        for origin in ["https://example.org", "http://127.0.0.1:\(own + 1)", "null", "http://localhost:\(own)"] {
          #expect(try await send("POST", base, headers: ["Origin": origin]).status == 403, "origin \(origin)")
        }
        for host in ["example.org", "127.0.0.1.example.org", "localhost:", "localhostile"] {
          #expect(try await send("GET", base, headers: ["Host": host]).status == 403, "host \(host)")
        }
        #expect(try await send("GET", base, headers: ["Host": "localhost:9"]).status == 200)
      }
    }

    @Test func `answers bear the time`() async throws {
      try await serving { (base: URL) async throws in
        let (_, response) = try await URLSession.shared.data(from: base)
        #expect((response as? HTTPURLResponse)?.value(forHTTPHeaderField: "Date")?.hasSuffix(" GMT") == true)
      }
    }

    @Test func `a port that is taken is a typed error`() async throws {
      try await LoopbackServer { _ in LoopbackResponse("first") }.withPort { port in
        do {
          try await LoopbackServer(port: port) { _ in LoopbackResponse("second") }.run()
          Issue.record("two servers on one port")
        } catch let error as LoopbackServerError {
          guard case .cannotListen(port, _) = error else { throw error }
          #expect("\(error)".contains("--port"))
        }
      }
    }
  }
#endif
