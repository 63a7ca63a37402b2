#if Run
  import Foundation
  import LoopbackServer
  import Synchronization
  import TestSupport
  import Testing

  /// Clients that go before they have an answer, and servers that go before they have given it.
  @Suite struct LeavingTests {
    /// Waits for something that must come.
    func eventually(_ what: String, _ isSo: @Sendable () -> Bool) async throws {
      for _ in 0..<2000 {
        if isSo() { return }
        try await Task.sleep(for: .milliseconds(5))
      }
      Issue.record("never: \(what)")
    }

    /// Goes on until its task is cancelled.
    static func forever() async {
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
    }

    @Test(arguments: ["close", "half", "reset"])
    func `a handler is cancelled when its client goes`(way: String) async throws {
      let begun = Atomic(0), ended = Atomic(0)
      try await LoopbackServer { _ in
        begun.add(1, ordering: .relaxed)
        await Self.forever()
        ended.add(1, ordering: .relaxed)
        return LoopbackResponse("late")
      }.withPort { (port: Int) async throws in
        let client = try RawClient(port: port)
        client.ask("GET", "/")
        try await eventually("begun") { begun.load(ordering: .relaxed) == 1 }
        switch way {
        case "half": client.finish()
        case "reset": client.reset()
        default: client.leave()
        }
        try await eventually("ended") { ended.load(ordering: .relaxed) == 1 }
        // And one that had gone before all of its request was read.
        let other = try RawClient(port: port)
        other.ask("GET", "/")
        other.leave()
        try await eventually("the other ended") {
          begun.load(ordering: .relaxed) == ended.load(ordering: .relaxed)
        }
      }
    }

    @Test func `the source of a stream ends when its client goes`() async throws {
      let ended = Atomic(0)
      try await LoopbackServer { _ in
        let (pieces, writer) = AsyncStream.makeStream(of: Data.self)
        writer.onTermination = { _ in ended.add(1, ordering: .relaxed) }
        writer.yield(Data("first".utf8))
        return LoopbackResponse(body: .stream(pieces))
      }.withPort { (port: Int) async throws in
        let client = try RawClient(port: port)
        client.ask("GET", "/")
        #expect(client.read(until: "first").contains("first"))
        client.leave()
        try await eventually("ended") { ended.load(ordering: .relaxed) == 1 }
      }
    }

    @Test func `a stream waits for a client that reads slowly`() async throws {
      let made = Atomic(0)
      let piece = Data(repeating: 65, count: 10_000)
      try await LoopbackServer { _ in
        LoopbackResponse(
          body: .stream(
            AsyncStream {
              made.add(1, ordering: .relaxed).newValue > 10_000 ? nil : piece
            }))
      }.withPort { (port: Int) async throws in
        let client = try RawClient(port: port)
        client.ask("GET", "/")
        _ = client.read(until: "\r\n\r\n", limit: 1)
        var before = -1
        while made.load(ordering: .relaxed) != before {
          before = made.load(ordering: .relaxed)
          try await Task.sleep(for: .milliseconds(200))
        }
        // The buffers of both sockets take some megabytes of the hundred, as the system has it.
        #expect(before < 10_000)
        var count = 0
        while count < 100_000_000 {
          let text = client.read(limit: 1)
          guard !text.isEmpty else { break }
          count += text.utf8.count { $0 == 65 }
        }
        #expect(count > 99_900_000)
      }
    }

    @Test func `a server that ends answers what it has begun and turns others away`() async throws {
      let begun = Atomic(0), isOpen = Atomic(false), isDone = Atomic(false)
      let server = LoopbackServer { request in
        if request.path == "/free" { return LoopbackResponse("free") }
        begun.add(1, ordering: .relaxed)
        while !isOpen.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(5)) }
        return LoopbackResponse("whole")
      }
      let (ports, started) = AsyncStream.makeStream(of: Int.self)
      let serving = Task {
        try await server.run { started.yield($0) }
        isDone.store(true, ordering: .relaxed)
      }
      let port = try #require(await ports.first { _ in true })
      let (running, idle) = (try RawClient(port: port), try RawClient(port: port))
      running.ask("GET", "/")
      try await eventually("begun") { begun.load(ordering: .relaxed) == 1 }
      serving.cancel()
      try await eventually("ending") {
        guard let client = try? RawClient(port: port) else { return false }
        client.ask("GET", "/free")
        return client.read(until: "\r\n").contains(" 503 ")
      }
      for client in [try RawClient(port: port), idle] {
        client.ask("GET", "/")
        let answer = client.read(until: "\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.lowercased().contains("retry-after: "))
      }
      let isOver = isDone.load(ordering: .relaxed)
      #expect(!isOver)
      isOpen.store(true, ordering: .relaxed)
      #expect(running.read(until: "whole").hasSuffix("whole"))
      try await serving.value
      let count = begun.load(ordering: .relaxed)
      #expect(count == 1)
      #expect(throws: POSIXError.self) { try RawClient(port: port) }
    }

    @Test func `what is not done when the grace is over is cancelled and its connection closed`() async throws {
      let begun = Atomic(0), ended = Atomic(0)
      let server = LoopbackServer(grace: .milliseconds(50)) { request in
        begun.add(1, ordering: .relaxed)
        if request.path == "/stream" {
          let (pieces, writer) = AsyncStream.makeStream(of: Data.self)
          writer.onTermination = { _ in ended.add(1, ordering: .relaxed) }
          writer.yield(Data("first".utf8))
          return LoopbackResponse(body: .stream(pieces))
        }
        await Self.forever()
        ended.add(1, ordering: .relaxed)
        return LoopbackResponse("late")
      }
      let clients = try await server.withPort { (port: Int) async throws in
        let clients = [try RawClient(port: port), try RawClient(port: port), try RawClient(port: port)]
        clients[0].ask("GET", "/")
        clients[1].ask("GET", "/stream")
        // That it is waited for tells that the head was read.
        clients[2].ask("POST", "/", "Content-Length: 5", "Expect: 100-continue")
        _ = clients[1].read(until: "first")
        _ = clients[2].read(until: "\r\n\r\n")
        try await eventually("begun") { begun.load(ordering: .relaxed) == 2 }
        return clients
      }
      #expect(clients[0].read() == "")
      #expect(clients[1].isClosed() && clients[2].isClosed())
      try await eventually("both ended") { ended.load(ordering: .relaxed) == 2 }
    }

    @Test func `what a handler answers on being cancelled when the grace is over is not sent`() async throws {
      let begun = Atomic(0)
      let server = LoopbackServer(grace: .milliseconds(50)) { _ in
        let (cancelled, canceller) = AsyncStream.makeStream(of: Void.self)
        await withTaskCancellationHandler {
          begun.add(1, ordering: .relaxed)
          for await _ in cancelled {}
        } onCancel: {
          canceller.finish()
          // The handler has returned before the cancelling has.
          usleep(100_000)
        }
        return LoopbackResponse("late")
      }
      let client = try await server.withPort { (port: Int) async throws in
        let client = try RawClient(port: port)
        client.ask("GET", "/")
        try await eventually("begun") { begun.load(ordering: .relaxed) == 1 }
        return client
      }
      #expect(client.read() == "")
    }
  }
#endif
