import JSON

#if Run
  import Foundation
  import LoopbackServer
  import StudentModels
  import StudentServer
  import Synchronization
  import TeacherProtocol
  import TestSupport
  import Testing

  /// Requests that come together.
  @Suite struct SideBySideTests {
    /// Requests of every kind: prompts, lengths, forms, seeds, several answers, streams.
    static func bodies(_ count: Int, seed: UInt64) throws -> [String] {
      var generator = FixedGenerator(seed: seed)
      let photo = try ServedStudent.photo(1).url
      return (0..<count).map { number in
        let words = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
          ["photo", "caption", "beach", "No", "red car"].randomElement(using: &generator) ?? ""
        }
        var more = #""max_tokens": \#(Int.random(in: 1...24, using: &generator)), "seed": \#(number)"#
        more += #", "temperature": \#([0, 0.7, 1.3][number / 2 % 3])"#
        if number % 3 == 0 { more += #", "logprobs": true, "top_logprobs": 3"# }
        if number % 4 == 1 { more += #", "n": \#(Int.random(in: 2...4, using: &generator))"# }
        if number % 5 == 2 { more += #", "stop": ["e", "th"]"# }
        if number % 6 == 3 { more += #", "structured_outputs": {"choice": ["Yes", "No", "No evidence"]}"# }
        if number % 7 == 4 { more += #", "top_p": 0.8"# }
        return ServedStudent.body(
          words.joined(separator: " "), more, image: number % 4 == 2 ? photo : nil)
      }
    }

    static func choices(_ body: String, of server: StudentServer) async throws -> JSONValue? {
      let response = await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      #expect(response.status == 200)
      return try JSONParser.value(of: String(decoding: bytes, as: UTF8.self))["choices"]
    }

    @Test(arguments: [32, 5, 1])
    func `requests that come at random have the answers that each has alone`(atOnce: Int) async throws {
      let served = try ServedStudent()
      let bodies = try Self.bodies(40, seed: UInt64(atOnce))
      var alone: [JSONValue?] = []
      for body in bodies { alone.append(try await Self.choices(body, of: served.server)) }
      var options = StudentServer.Options()
      options.answersAtOnce = atOnce
      let server = StudentServer(served.student, name: "tiny", options: options)
      let together = try await withThrowingTaskGroup(of: (Int, JSONValue?).self) { group in
        var generator = FixedGenerator(seed: 3)
        for (number, body) in bodies.enumerated() {
          let wait = Int.random(in: 0...60, using: &generator)
          group.addTask {
            try await Task.sleep(for: .milliseconds(wait))
            return (number, try await Self.choices(body, of: server))
          }
        }
        return try await group.reduce(into: [JSONValue?](repeating: nil, count: bodies.count)) { $0[$1.0] = $1.1 }
      }
      for (number, (found, expected)) in zip(together, alone).enumerated() {
        #expect(found == expected, "\(bodies[number])")
      }
    }

    /// A student that says "a" for ever behind a gate, and how many answers it wrote at one time.
    final class Watched: Sendable {
      let isOpen = Atomic(false)
      let tokens = Atomic(0)
      let atOnce = Locked(0)

      func server(_ change: (inout StudentServer.Options) -> Void) throws -> StudentServer {
        var student = SteeredStudent(student: try ServedStudent().student) { _ in
          self.tokens.add(1, ordering: .relaxed)
          usleep(1000)
          while !self.isOpen.load(ordering: .relaxed) { usleep(1000) }
          return ["a": 1]
        }
        student.writing = { count in self.atOnce.withLock { $0 = max($0, count) } }
        var options = StudentServer.Options()
        change(&options)
        return StudentServer(student, name: "tiny", options: options)
      }
    }

    @Test(
      arguments: [(32, 1 << 31, 12), (4, 1 << 31, 4), (1, 1 << 31, 1), (32, 1, 1)])
    func `no more answers are under way than number and memory allow, and several of one request count each`(
      answers: Int, bytes: Int, most: Int
    ) async throws {
      let watched = Watched()
      let server = try watched.server { ($0.answersAtOnce, $0.cacheBytes) = (answers, bytes) }
      let body = ServedStudent.body("Why?", #""max_tokens": 3, "n": 3, "temperature": 0"#)
      let contents = try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<4 {
          group.addTask {
            try #require(try await Self.choices(body, of: server)?.elements).map {
              $0["message"]?["content"]?.string ?? ""
            }
          }
        }
        // The first is held at its first token until the others have come.
        try await LeavingTests().eventually("the others wait") { server.waiting == 3 }
        watched.isOpen.store(true, ordering: .relaxed)
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(contents == Array(repeating: "aaa", count: 12))
      #expect(watched.atOnce.withLock { $0 } == most)
    }

    @Test func `who leaves is left out within a token, and those beside it have their answers`() async throws {
      let watched = Watched()
      let server = try watched.server { $0.answersAtOnce = 2 }
      try await server.withPort { (port: Int) async throws in
        let leaving = try LeavingTests.ask(port, #""max_tokens": 400"#)
        try await LeavingTests().eventually("begun") { watched.tokens.load(ordering: .relaxed) == 1 }
        let staying = try LeavingTests.ask(port, #""max_tokens": 40, "temperature": 0"#)
        let waiting = try LeavingTests.ask(port, #""max_tokens": 3"#)
        try await LeavingTests().eventually("both wait") { server.waiting == 2 }
        watched.isOpen.store(true, ordering: .relaxed)
        try await LeavingTests().eventually("together") { watched.atOnce.withLock { $0 } == 2 }
        leaving.leave()
        let text = staying.read(until: "}}")
        #expect(text.contains(String(repeating: "a", count: 40)) && text.contains("\"completion_tokens\": 40"))
        #expect(waiting.read(until: "}}").contains("\"completion_tokens\": 3"))
        // It asked for 400.
        #expect(watched.tokens.load(ordering: .relaxed) < 400)
        #expect(watched.atOnce.withLock { $0 } == 2)
      }
    }
  }
#endif
