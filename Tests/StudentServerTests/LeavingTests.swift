#if Run
  import Foundation
  import LoopbackServer
  import StudentServer
  import Synchronization
  import TestSupport
  import Testing

  /// Clients that go before they have an answer, and a server that goes before it has given it. What is counted is tokens.
  @Suite struct LeavingTests {
    /// A student that says "a" for ever, a token a millisecond, lets nobody pass a closed gate, and says no more tokens than its
    /// limit but the first of an answer.
    final class Counted: Sendable {
      let tokens = Atomic(0), beginnings = Atomic(0)
      let isOpen = Atomic(true)
      let limit = Atomic(Int.max)

      func server(waiting: Int = 256) throws -> StudentServer {
        let student = SteeredStudent(student: try ServedStudent().student) { said in
          self.tokens.add(1, ordering: .relaxed)
          if said.isEmpty { self.beginnings.add(1, ordering: .relaxed) }
          usleep(1000)
          while !self.isOpen.load(ordering: .relaxed)
            || !said.isEmpty && self.tokens.load(ordering: .relaxed) > self.limit.load(ordering: .relaxed)
          {
            usleep(1000)
          }
          return ["a": 1]
        }
        var options = StudentServer.Options()
        options.waiting = waiting
        return StudentServer(student, name: "tiny", options: options)
      }

      var count: Int { tokens.load(ordering: .relaxed) }
    }

    static func ask(_ port: Int, _ more: String) throws -> RawClient {
      let client = try RawClient(port: port)
      let body = ServedStudent.body("Why?", more)
      client.ask("POST", "/v1/chat/completions", "Content-Length: \(body.utf8.count)")
      client.send(body)
      return client
    }

    func eventually(_ what: String, _ isSo: () throws -> Bool) async throws {
      for _ in 0..<2000 {
        if try isSo() { return }
        try await Task.sleep(for: .milliseconds(5))
      }
      Issue.record("never: \(what)")
    }

    @Test(arguments: [#""n": 8, "max_tokens": 400"#, #""n": 8, "max_tokens": 400, "stream": true"#])
    func `an answer that nobody waits for is not written on`(parameters: String) async throws {
      let counted = Counted()
      counted.limit.store(8, ordering: .relaxed)
      defer { counted.limit.store(.max, ordering: .relaxed) }
      try await counted.server().withPort { (port: Int) async throws in
        let client = try Self.ask(port, parameters)
        try await eventually("begun") { counted.count > 8 }
        client.leave()
        // Another's one token is not said while the first answers wait at the limit, which lets them go on token by token: it
        // comes once they are given up. How many tokens that takes is the machine's matter; the whole would be 3,200.
        let isAnswered = Atomic(false)
        let other = Task.detached {
          let answer = try Self.ask(port, #""max_tokens": 1"#).read(until: "}}")
          isAnswered.store(true, ordering: .relaxed)
          return answer
        }
        try await eventually("given up") {
          counted.limit.add(1, ordering: .relaxed)
          return isAnswered.load(ordering: .relaxed)
        }
        #expect(try await other.value.contains("\"usage\""))
        counted.limit.store(.max, ordering: .relaxed)
        let before = counted.count
        #expect(try Self.ask(port, #""max_tokens": 1"#).read(until: "}}").contains("\"usage\""))
        #expect(counted.count - before == 1)
      }
    }

    @Test func `a hundred clients that leave hold nobody up`() async throws {
      let counted = Counted()
      try await counted.server().withPort { (port: Int) async throws in
        var generator = FixedGenerator(seed: 7)
        await withTaskGroup { group in
          for number in 0..<100 {
            let wait = Int.random(in: 0...300, using: &generator)
            let way = number % 3
            group.addTask {
              guard
                let client = try? Self.ask(
                  port, #""n": \#(1 + way), "max_tokens": 400\#(way == 1 ? #", "stream": true"# : "")"#)
              else {
                Issue.record("no connection")
                return
              }
              try? await Task.sleep(for: .milliseconds(wait))
              way == 2 ? client.finish() : client.leave()
            }
          }
        }
        // Once all are given up nothing is said but to who asks then.
        try await eventually("all given up") {
          let before = counted.count
          let answer = try Self.ask(port, #""max_tokens": 1"#).read(until: "}}")
          return answer.contains("\"usage\"") && counted.count - before == 1
        }
        // The hundred asked for 80,000.
        #expect(counted.count < 80_000)
      }
    }

    @Test(.timeLimit(.minutes(3))) func `requests that are given up together while they wait all have an end`()
      async throws
    {
      let counted = Counted()
      counted.isOpen.store(false, ordering: .relaxed)
      let server = try counted.server()
      let body = Data(ServedStudent.body("Why?", #""max_tokens": 1"#).utf8)
      func asking() -> Task<Int, Never> {
        Task { await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: body)).status }
      }
      let first = asking()
      try await eventually("begun") { counted.count == 1 }
      for _ in 0..<20 {
        let waiting = (0..<100).map { _ in asking() }
        try await eventually("all wait") { server.waiting == 100 }
        // Each cancelling takes out what is not wanted, while others become so.
        DispatchQueue.concurrentPerform(iterations: 100) { waiting[$0].cancel() }
        for one in waiting { #expect(await one.value == 499) }
      }
      counted.isOpen.store(true, ordering: .relaxed)
      #expect(await first.value == 200)
    }

    @Test func `a request that waits while its client goes never begins`() async throws {
      let counted = Counted()
      counted.isOpen.store(false, ordering: .relaxed)
      let server = try counted.server(waiting: 3)
      try await server.withPort { (port: Int) async throws in
        let first = try Self.ask(port, #""max_tokens": 1"#)
        try await eventually("begun") { counted.count == 1 }
        // Three wait, and a fourth is turned away while they do.
        let waiting = try (0..<3).map { _ in try Self.ask(port, #""max_tokens": 1"#) }
        try await eventually("full") { server.waiting == 3 }
        #expect(try Self.ask(port, #""max_tokens": 1, "stream": true"#).read(until: "\r\n").contains(" 429 "))
        for client in waiting { client.leave() }
        try await eventually("room again") { server.waiting == 0 }
        let next = try Self.ask(port, #""max_tokens": 1"#)
        try await eventually("another waits") { server.waiting == 1 }
        counted.isOpen.store(true, ordering: .relaxed)
        #expect(first.read(until: "}}").contains("\"usage\""))
        #expect(next.read(until: "}}").contains("\"usage\""))
        let beginnings = counted.beginnings.load(ordering: .relaxed)
        #expect(beginnings == 2)
      }
    }

    @Test func `a server that ends finishes one answer and turns the queue away`() async throws {
      let counted = Counted()
      counted.isOpen.store(false, ordering: .relaxed)
      let server = try counted.server()
      let (ports, started) = AsyncStream.makeStream(of: Int.self)
      let serving = Task { try await server.run(port: 0) { started.yield($0) } }
      let port = try #require(await ports.first { _ in true })
      let running = try Self.ask(port, #""max_tokens": 3"#)
      try await eventually("begun") { counted.count == 1 }
      let waiting = try Self.ask(port, #""max_tokens": 3"#)
      try await eventually("another waits") { server.waiting == 1 }
      serving.cancel()
      let refused = waiting.read(until: "}}")
      #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.lowercased().contains("retry-after: "))
      let late = try Self.ask(port, #""max_tokens": 3"#).read(until: "}}")
      #expect(late.hasPrefix("HTTP/1.1 503 ") && late.contains("\"error\""))
      counted.isOpen.store(true, ordering: .relaxed)
      #expect(running.read(until: "}}").contains("\"completion_tokens\": 3"))
      try await serving.value
      #expect(counted.count == 3)
    }

    @Test(.timeLimit(.minutes(1))) func `after the word to end all is turned away, and taken when it is served again`()
      async throws
    {
      let counted = Counted()
      counted.isOpen.store(false, ordering: .relaxed)
      let server = try counted.server()
      let (ports, started) = AsyncStream.makeStream(of: Int.self)
      let serving = Task { try await server.run(port: 0) { started.yield($0) } }
      let port = try #require(await ports.first { _ in true })
      let running = try Self.ask(port, #""max_tokens": 1"#)
      try await eventually("begun") { counted.count == 1 }
      let request = LoopbackRequest(
        "POST", "/v1/chat/completions", body: Data(ServedStudent.body("Why?", #""max_tokens": 1"#).utf8))
      serving.cancel()
      // Past the port, which may not know yet.
      #expect(await server.answer(request).status == 503)
      counted.isOpen.store(true, ordering: .relaxed)
      #expect(running.read(until: "}}").contains("\"completion_tokens\": 1"))
      try await serving.value
      #expect(await server.answer(request).status == 200)
    }

    @Test func `a server with a token wants it in each request`() async throws {
      var options = StudentServer.Options()
      options.token = "s3cret"
      try await StudentServer(try ServedStudent().student, name: "tiny", options: options).withPort {
        (port: Int) async throws in
        let client = try RawClient(port: port)
        client.ask("GET", "/v1/models")
        let answer = client.read(until: "}}")
        #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("\"error\""))
        let known = try RawClient(port: port)
        known.ask("GET", "/v1/models", "Authorization: Bearer s3cret")
        #expect(known.read(until: "\r\n").contains(" 200 "))
      }
    }
  }
#endif
