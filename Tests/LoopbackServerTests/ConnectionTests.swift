#if Run
  import Foundation
  import LoopbackServer
  import Synchronization
  import TestSupport
  import Testing

  /// What happens on the connection itself, byte for byte.
  @Suite struct ConnectionTests {
    /// A server that tells what it was asked.
    func serving(token: String? = nil, _ body: @Sendable (Int) async throws -> Void) async throws {
      try await LoopbackServer(maximumBodyBytes: 1000, token: token) {
        LoopbackResponse("<\($0.method) \($0.path) \(String(decoding: $0.body, as: UTF8.self))>")
      }.withPort(body)
    }

    /// The first line of the answer to a head.
    func status(_ port: Int, _ head: String) throws -> String {
      let client = try RawClient(port: port)
      client.send(head + "\r\n\r\n")
      return String(client.read(until: "\r\n").prefix { $0 != "\r\n" })
    }

    @Test func `every host of a request must be this machine's`() async throws {
      try await serving { (port: Int) async throws in
        let refused = [
          "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example",
          "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1", "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.0",
          "GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1",
          "GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example",
          "GET http://127.0.0.1@evil.example/ HTTP/1.1\r\nHost: 127.0.0.1",
        ]
        for head in refused { #expect(try status(port, head).contains(" 403 "), "\(head)") }
        for head in ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1", "GET / HTTP/1.1"] {
          #expect(try status(port, head).contains(" 400 "), "\(head)")
        }
        let client = try RawClient(port: port)
        client.send("GET http://localhost:80/a?x=1 HTTP/1.1\r\nhost: LocalHost:80\r\n\r\n")
        #expect(client.read(until: ">").hasSuffix("<GET /a >"))
      }
    }

    @Test func `a head with bytes that none may have is refused`() async throws {
      try await serving { (port: Int) async throws in
        let host = "Host: 127.0.0.1"
        let refused = [
          "GET / HTTP/1.1\r\nHost: 127.0.0.1\0.evil.example", "GET / HTTP/1.1\r\n\(host)\r\nX: a\0b",
          "GET / HTTP/1.1\r\nX: a\0b\r\n\(host)", "GET / HTTP/1.1\r\n\(host)\r\nX\0: b",
          "GET /\0/secret HTTP/1.1\r\n\(host)",
          "G\0ET / HTTP/1.1\r\n\(host)", "GET / HTTP/1.1\0\r\n\(host)", "GET /%00 HTTP/1.1\r\n\(host)",
          "GET /%0d%0a HTTP/1.1\r\n\(host)", "GET /%zz HTTP/1.1\r\n\(host)", "GET /\u{1} HTTP/1.1\r\n\(host)",
          "GET / HTTP/1.1\r\n\(host)\r\nX: a\u{7F}", "GET / HTTP/1.1\r\n\(host)\r\nX : a",
          "GET / HTTP/1.1\r\n\(host)\r\nX: a\r\n folded", "GET path HTTP/1.1\r\n\(host)",
          "GET https://127.0.0.1/ HTTP/1.1\r\n\(host)",
        ]
        for head in refused {
          let line = try status(port, head)
          #expect(line.contains(" 400 ") || line.isEmpty, "\(head.debugDescription): \(line)")
        }
        #expect(try status(port, "GET /a%20b?x HTTP/1.1\r\nX:\r\n\(host)  \r\nY:\tz").contains(" 200 "))
        let long = String(repeating: "a", count: 100_000)
        #expect(try status(port, "GET /\(long) HTTP/1.1\r\n\(host)").contains(" 414 "))
        #expect(try status(port, "GET / HTTP/1.1\r\n\(host)\r\nX: \(long)").contains(" 431 "))
      }
    }

    @Test func `where a body ends is said once`() async throws {
      try await serving { (port: Int) async throws in
        let start = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for lines in [
          "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 5",
          "Content-Length: +5",
          "Content-Length: -1", "Content-Length: 5, 5", "Content-Length:",
        ] { #expect(try status(port, start + lines).contains(" 400 "), "\(lines)") }
        #expect(try status(port, start + "Transfer-Encoding: gzip, chunked").contains(" 501 "))
        #expect(try status(port, start + "Content-Length: 99999999999999999999").contains(" 413 "))
      }
    }

    @Test func `a body beyond the limit is answered and the connection closed`() async throws {
      try await serving { (port: Int) async throws in
        let announced = try RawClient(port: port)
        announced.ask("POST", "/", "Content-Length: 10000000000")
        // The rest of what these clients send must find no reader.
        #expect(!announced.floods(with: Data(count: 1 << 20)))
        #expect(announced.read(until: "bytes").contains("HTTP/1.1 413 "))
        #expect(announced.isClosed())
        let chunked = try RawClient(port: port)
        chunked.ask("POST", "/", "Transfer-Encoding: chunked")
        let chunk = Data("1000\r\n".utf8) + Data(count: 4096) + Data("\r\n".utf8)
        #expect(!chunked.floods(with: chunk))
        let answer = chunked.read(until: "bytes")
        #expect(answer.contains("HTTP/1.1 413 ") && answer.contains("cross-origin-resource-policy: same-origin"))
        #expect(chunked.isClosed())
        let polite = try RawClient(port: port)
        polite.ask("POST", "/", "Content-Length: 1001", "Expect: 100-continue")
        #expect(polite.read(until: "\r\n").contains("HTTP/1.1 413 "))
      }
    }

    @Test func `one connection serves many requests, as they come`() async throws {
      try await serving { (port: Int) async throws in
        let client = try RawClient(port: port)
        let head = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        client.send("GET /1 \(head)\r\nPOST /2 \(head)Content-Length: 3\r\n\r\nabcGET /3 \(head)\r\n")
        let three = client.read(until: "/3 >")
        #expect(three.components(separatedBy: "HTTP/1.1 200").count == 4)
        #expect(three.contains("<POST /2 abc>"))
        client.ask("POST", "/", "Transfer-Encoding: chunked")
        client.send("3;x=y\r\nabc\r\n")
        client.send("2\r\nde\r\n0\r\n\r\n")
        #expect(client.read(until: ">").contains("<POST / abcde>"))
        client.ask("POST", "/", "Content-Length: 2", "Expect: 100-continue")
        #expect(client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
        client.send("ok")
        #expect(client.read(until: ">").contains("<POST / ok>"))
        client.ask("HEAD", "/h")
        let head2 = client.read(until: "\r\n\r\n").lowercased()
        #expect(head2.contains("content-length: 9\r\n") && head2.hasSuffix("\r\n\r\n"))
        client.ask("GET", "/last", "Connection: close")
        #expect(client.read().hasSuffix("<GET /last >"))
      }
    }

    @Test func `every answer keeps other origins out`() async throws {
      try await serving { (port: Int) async throws in
        for head in ["GET / HTTP/1.1\r\nHost: 127.0.0.1", "GET / HTTP/1.1\r\nHost: evil.example"] {
          let client = try RawClient(port: port)
          client.send(head + "\r\n\r\n")
          let answer = client.read(until: "\r\n\r\n").lowercased()
          for line in [
            "cross-origin-resource-policy: same-origin", "x-content-type-options: nosniff", "cache-control: no-store",
            "referrer-policy: no-referrer", "content-security-policy: default-src 'none'; frame-ancestors 'none'",
          ] { #expect(answer.contains(line + "\r\n"), "\(head): \(line)") }
        }
      }
    }

    @Test func `without the token nobody is served`() async throws {
      try await serving(token: "s3cret") { (port: Int) async throws in
        for line in [
          "X: y", "Authorization: Bearer s3cre", "Authorization: Bearer s3cret0", "Authorization: Basic s3cret",
          "Authorization: Bearer s3cret\r\nAuthorization: Bearer s3cret", "Authorization: s3cret",
        ] {
          let client = try RawClient(port: port)
          // A body is not asked for.
          client.ask("POST", "/", line, "Content-Length: 10", "Expect: 100-continue")
          let answer = client.read(until: "\r\n\r\n")
          #expect(
            answer.hasPrefix("HTTP/1.1 401 ") && answer.lowercased().contains("www-authenticate: bearer"), "\(line)")
        }
        let client = try RawClient(port: port)
        client.ask("GET", "/", "Authorization: Bearer s3cret")
        #expect(client.read(until: ">").hasSuffix("<GET / >"))
      }
    }

    @Test(
      .timeLimit(.minutes(3)),
      arguments: ["GET / HT", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\n"])
    func `a request that comes byte by byte has its time`(beginning: String) async throws {
      try await LoopbackServer(patience: .milliseconds(500)) { _ in LoopbackResponse("late") }.withPort {
        (port: Int) async throws in
        let client = try RawClient(port: port)
        client.send(beginning)
        // As long as it is open it goes on; all of it would take two and a half minutes.
        var sent = 0
        while sent < 800, client.send("a") == 1 {
          sent += 1
          try await Task.sleep(for: .milliseconds(200))
        }
        #expect(sent < 800)
      }
    }

    @Test func `connections that dawdle leave room for others`() async throws {
      // Both ends of 600 connections are this process's; many systems let one have 1,024 open files unless it asks for more.
      var files = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
      files.rlim_cur = max(files.rlim_cur, min(files.rlim_max, 4096))
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
      try await serving { (port: Int) async throws in
        var slow: [RawClient] = []
        for number in 0..<600 {
          let client = try RawClient(port: port)
          client.send(
            number % 2 == 0 ? "GET / HT" : "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nab")
          slow.append(client)
        }
        let client = try RawClient(port: port)
        client.ask("GET", "/now")
        #expect(client.read(until: ">").hasSuffix("<GET /now >"))
        #expect(slow[0].isClosed())
      }
    }
  }
#endif
