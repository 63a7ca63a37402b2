import JSON

#if Run
  import Foundation
  import HTTPTeacher
  import LanguageModel
  import Layers
  import LoopbackServer
  import StudentServer
  import StudentModels
  import TeacherProtocol
  import Tensor
  import TestSupport
  import Testing

  @Suite struct StudentServerTests {
    let served: ServedStudent

    init() throws { served = try ServedStudent() }

    @Test func `an answer over the network is the student's own`() async throws {
      let photo = try ServedStudent.photo(1)
      let body = ServedStudent.body("Does it fit?", #""temperature": 0, "max_tokens": 8"#, image: photo.url)
      let (status, text) = try await served.post(body)
      #expect(status == 200)
      let value = try JSONParser.value(of: text)
      let tree = try served.student.tree(
        question: "Does it fit?", images: [try served.student.image(photo.image)], answers: [])
      var generator = Tensor.Generator(seed: 1)
      let own = served.student.generate([tree], maximumTokens: 8, sampling: Sampling(), using: &generator)[0]
      let choice = value["choices"]?[0]
      #expect(choice?["message"]?["content"]?.string == own.text)
      #expect(choice?["finish_reason"]?.string == (own.isComplete ? "stop" : "length"))
      #expect(value["object"]?.string == "chat.completion")
      #expect(value["usage"]?["prompt_tokens"]?.integer == tree.prompt.count)
      #expect(value["usage"]?["completion_tokens"]?.integer == own.tokens.count)
      let other = ServedStudent.body(
        "Does it fit?", #""temperature": 0, "max_tokens": 8, "logprobs": true"#, image: try ServedStudent.photo(2).url)
      #expect(
        try await firstLogProbability(other) != firstLogProbability(body.dropLast() + #", "logprobs": true}"#),
        "another photo is another question")
    }

    func firstLogProbability(_ body: String) async throws -> Double? {
      let tokens = try await served.answer(body)["choices"]?[0]?["logprobs"]?["content"]
      return tokens?[0]?["logprob"]?.double
    }

    @Test func `probabilities are those of the model whatever the temperature`() async throws {
      let body = ServedStudent.body(
        "Yes?", #""temperature": 1.5, "seed": 3, "max_tokens": 3, "logprobs": true, "top_logprobs": 20"#)
      let tokens = try #require(try await served.answer(body)["choices"]?[0]?["logprobs"]?["content"]?.elements)
      #expect((1...3).contains(tokens.count))
      let tree = try served.student.tree(question: "Yes?", images: [], answers: [])
      let logits = served.student.logits(of: tree.prompt, images: []).scalars.suffix(320).map(Double.init)
      let total = log(logits.map(exp).reduce(0, +))
      let best = logits.sorted(by: >).prefix(20).map { $0 - total }
      let listed = try #require(tokens[0]["top_logprobs"]?.elements).map { $0["logprob"]?.double ?? 0 }
      #expect(listed.count == 20)
      #expect(zip(listed, best).allSatisfy { abs($0 - $1) < 1e-4 })
      let bytes = try #require(tokens[0]["bytes"]?.elements).compactMap(\.integer).map { UInt8($0) }
      #expect(String(decoding: bytes, as: UTF8.self) == tokens[0]["token"]?.string)
    }

    @Test func `one seed gives the same answers, and another one its own`() async throws {
      func texts(_ seed: Int) async throws -> [String] {
        try await served.texts(
          ServedStudent.body("Why?", #""n": 3, "max_tokens": 6, "temperature": 1.2, "seed": \#(seed)"#))
      }
      let first = try await texts(7)
      #expect(first.count == 3 && Set(first).count == 3)
      #expect(try await texts(7) == first)
      #expect(try await texts(8) != first)
    }

    @Test func `an answer ends before a stop`() async throws {
      let free = try await served.texts(ServedStudent.body("Go", #""temperature": 0, "max_tokens": 20"#))[0]
      let stop = String(free.dropFirst(free.count / 2).prefix(2))
      let value = try await served.answer(
        ServedStudent.body(
          "Go", #""temperature": 0, "max_tokens": 20, "stop": ["never", \#(JSONValue.string(stop).text)]"#))
      let text = try #require(value["choices"]?[0]?["message"]?["content"]?.string)
      #expect(free.hasPrefix(text) && !text.contains(stop) && free.dropFirst(text.count).hasPrefix(stop))
      #expect(value["choices"]?[0]?["finish_reason"]?.string == "stop")
    }

    @Test func `a stream has the pieces of the whole`() async throws {
      let parameters =
        #""n": 2, "temperature": 1, "seed": 5, "max_tokens": 12, "stop": ["e"], "logprobs": true, "top_logprobs": 1"#
      let whole = try await served.answer(ServedStudent.body("Tell", parameters))
      let (status, text) = try await served.post(
        ServedStudent.body("Tell", parameters + #", "stream": true, "stream_options": {"include_usage": true}"#))
      #expect(status == 200)
      let events = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
      #expect(events.last == "data: [DONE]")
      let chunks = try events.dropLast().map { try JSONParser.value(of: String($0.dropFirst(6))) }
      for index in 0..<2 {
        let own = chunks.compactMap { $0["choices"]?[0] }.filter { $0["index"]?.integer == index }
        let message = whole["choices"]?[index]
        #expect(own.compactMap { $0["delta"]?["content"]?.string }.joined() == message?["message"]?["content"]?.string)
        #expect(
          own.compactMap { $0["logprobs"]?["content"]?[0] } == (message?["logprobs"]?["content"]?.elements ?? []))
        #expect(own.last?["finish_reason"] == message?["finish_reason"])
      }
      #expect(chunks.last?["usage"] == whole["usage"])
    }

    @Test func `the model is listed under its name`() async throws {
      let list = await served.server.answer(LoopbackRequest("GET", "/v1/models"))
      guard case .data(let bytes) = list.body else { throw CancellationError() }
      let value = try bytes.withUnsafeBytes { try JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
      #expect(value["data"]?[0]?["id"]?.string == "tiny")
      #expect(await served.server.answer(LoopbackRequest("GET", "/v1/models/tiny")).status == 200)
      #expect(await served.server.answer(LoopbackRequest("GET", "/v1/models")).status == 200)
      #expect(await served.server.answer(LoopbackRequest("GET", "/nothing")).status == 404)
      #expect(await served.server.answer(LoopbackRequest("GET", "/v1/chat/completions")).status == 405)
    }

    @Test func `a teacher asks a served student like any other service`() async throws {
      let tree = try served.student.tree(question: "Out of context?", images: [], answers: [])
      var generator = Tensor.Generator(seed: 1)
      let own = served.student.generate([tree], maximumTokens: 10, sampling: Sampling(), using: &generator)[0]
      try await served.server.withPort { port in
        var options = OpenAICompatibleTeacher.Options(model: "tiny")
        options.wantsLogProbabilities = true
        let teacher = OpenAICompatibleTeacher(
          "student", options: options, base: try #require(URL(string: "http://127.0.0.1:\(port)/v1")))
        let reply = try await teacher.reply(
          to: TeacherRequest(
            item: Item(id: "1", fields: [:]), prompt: "Out of context?", promptVersion: "1", labels: .outOfContext,
            parameters: TeacherParameters(maximumTokens: 10)))
        #expect(reply.raw == own.text)
        #expect(reply.usage?.inputTokens == tree.prompt.count)
        // Held to the schema that the teacher asks for, even a student that knows nothing gives a label.
        let labelled = try await teacher.reply(
          to: TeacherRequest(
            item: Item(id: "1", fields: [:]), prompt: "Out of context?", promptVersion: "1", labels: .outOfContext,
            parameters: TeacherParameters(temperature: 1, maximumTokens: 40, samples: 1, seed: 2, answersInJSON: true)))
        #expect(labelled.raw.hasPrefix(#"{"label":""#))
      }
    }

    @Test func `many at a time have one answer`() async throws {
      let body = ServedStudent.body("Many", #""temperature": 0, "max_tokens": 4"#)
      let expected = try await served.texts(body)
      let server = served
      let texts = try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<20 { group.addTask { try await server.texts(body) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(texts == Array(repeating: expected, count: 20))
    }

    @Test func `what needs no model is answered while others wait`() async throws {
      let body = ServedStudent.body("Long", #""max_tokens": 300, "n": 4, "stream": true"#)
      let server = served.server
      // A stream begins and goes on although nobody reads it; seven more wait behind it.
      let first = await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
      #expect(first.status == 200)
      let done = Locked(0)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<7 {
          group.addTask {
            _ = await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
            done.withLock { $0 += 1 }
          }
        }
        #expect(await server.answer(LoopbackRequest("GET", "/health")).status == 200)
        #expect(await server.answer(LoopbackRequest("GET", "/v1/models")).status == 200)
        #expect(done.withLock { $0 } < 7)
        try await group.waitForAll()
      }
    }

    @Test func `options are equal where every one of them is`() {
      let changes: [(inout StudentServer.Options) -> Void] = [
        { $0.maximumTokens = 1 }, { $0.waiting = 1 }, { $0.answersAtOnce = 1 }, { $0.cacheBytes = 1 },
        { $0.keptBytes = 1 }, { $0.token = "t" },
      ]
      #expect(StudentServer.Options() == StudentServer.Options())
      for (number, change) in changes.enumerated() {
        var options = StudentServer.Options()
        change(&options)
        #expect(options != StudentServer.Options(), "\(number)")
      }
    }

    @Test func `who comes when too many wait is told to come again`() async throws {
      var options = StudentServer.Options()
      options.waiting = 2
      let server = StudentServer(served.student, name: "tiny", options: options)
      let body = Data(ServedStudent.body("Many", #""max_tokens": 100"#).utf8)
      let responses = await withTaskGroup(of: LoopbackResponse.self) { group in
        for _ in 0..<30 {
          group.addTask { await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: body)) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let statuses = Set(responses.map(\.status))
      #expect(statuses == [200, 429])
      #expect(responses.filter { $0.status == 429 }.allSatisfy { $0.headers["retry-after"] == "1" })
    }
  }
#endif
