import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

@Suite struct AnswersFromServicesTests {
  @Test func `what a server does not know is left out from then on`() async throws {
    let server = ScriptedServer(
      ScriptedServer.failure(400, message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
      ScriptedServer.failure(400, message: "'response_format' of type 'json_schema' is not supported"),
      ScriptedServer.failure(422, message: "response_format: extra field 'schema'"),
      ScriptedServer.failure(422, message: "response_format: unknown field"),
      ScriptedServer.failure(400, message: "logprobs are not available for this model"),
      ScriptedServer.failure(400, message: "temperature does not support 0.0"),
      ScriptedServer.answer("{\"label\": \"No\"}"))
    let teacher = try server.teacher { $0.wantsLogProbabilities = true }
    let question = try request(parameters: .init(answersInJSON: true))
    #expect(try await teacher.reply(to: question).label == "pristine")
    #expect(server.clock.slept.isEmpty)
    let first = try server.body(0)
    let format = first["response_format"]
    #expect(format?["type"]?.string == "json_schema")
    #expect(format?["json_schema"]?["strict"] == .bool(true))
    #expect(format?["json_schema"]?["schema"]?["required"]?.elements == ["label", "rationale"])
    #expect(try server.body(1)["max_completion_tokens"]?.integer == 256)
    // llama-cpp-python takes the schema there.
    let beside = try server.body(2)["response_format"]
    #expect(beside?["type"]?.string == "json_object")
    #expect(beside?["schema"] == format?["json_schema"]?["schema"])
    #expect(try server.body(3)["response_format"]?["type"]?.string == "json_object")
    #expect(try server.body(3)["response_format"]?["schema"] == nil)
    #expect(try server.body(4)["response_format"] == nil)
    let last = try server.body(6)
    for name in ["max_tokens", "response_format", "logprobs", "temperature"] { #expect(last[name] == nil) }
    _ = try await teacher.reply(to: question)
    #expect(server.bodies.count == 8)
    #expect(server.bodies[7] == server.bodies[6])
  }

  @Test func `a server that calls what it does not know a fault of its own is understood too`() async throws {
    // As llama-cpp-python 0.3 says it, with status 500.
    let message = """
      1 validation error:
        {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': "Input should be 'text' or \
      'json_object'", 'input': 'json_schema', 'ctx': {'expected': "'text' or 'json_object'"}}
      """
    let server = ScriptedServer(
      ScriptedServer.failure(500, message: message), ScriptedServer.answer("{\"label\": \"No\"}"))
    let reply = try await server.teacher().reply(to: try request(parameters: .init(answersInJSON: true)))
    #expect(reply.label == "pristine")
    #expect(server.clock.slept.isEmpty)
    #expect(try server.body(1)["response_format"]?["schema"]?["required"]?.elements == ["label", "rationale"])
  }

  @Test func `what is configured is not discovered`() async throws {
    let server = ScriptedServer(ScriptedServer.failure(400, message: "structured_outputs: bad grammar"))
    let teacher = try server.teacher { $0.responseFormat = .structuredOutputs }
    await #expect(throws: HTTPTeacherError.self) {
      try await teacher.reply(to: try request(parameters: .init(answersInJSON: true)))
    }
    #expect(
      try server.body(0)["structured_outputs"]?["json"]?["properties"]?["label"]?["enum"]?.elements == ["No", "Yes"])
    #expect(server.bodies.count == 1)
  }

  @Test func `a question that a filter refuses is a refusal`() async throws {
    let server = ScriptedServer(ScriptedServer.failure(400, code: "content_filter", message: "flagged"))
    let reply = try await server.teacher().reply(to: try request())
    #expect((reply.outcome, reply.raw) == (.refused, "flagged"))
  }

  /// Tokens of an answer with what might have stood in their place.
  static func logs(_ tokens: [(String, Double, [(String, Double)])]) -> String {
    func token(_ text: String, _ log: Double) -> String {
      "\"token\": \(JSONValue.string(text).text), \"logprob\": \(log), \"bytes\": \(Array(text.utf8))"
    }
    let content = tokens.map { text, log, others in
      let top = others.map { "{\(token($0, $1))}" }.joined(separator: ", ")
      return "{\(token(text, log)), \"top_logprobs\": [\(top)]}"
    }
    return "{\"content\": [\(content.joined(separator: ", "))]}"
  }

  @Test func `the label's token is found within a JSON answer`() async throws {
    let logs = Self.logs([
      ("{\"", -0.1, [("{\"", -0.1), ("No", -3)]), ("label", -0.1, []), ("\": \"", -0.1, []),
      ("Yes", log(0.6), [("Yes", log(0.6)), ("No", log(0.2)), ("Maybe", log(0.2))]), ("\", ", -0.1, []),
    ])
    let server = ScriptedServer(ScriptedServer.answer("{\"label\": \"Yes\", \"confidence\": 1}", logs: logs))
    let reply = try await server.teacher().reply(to: try request(parameters: .init(answersInJSON: true)))
    #expect(reply.confidence?.source == .labelTokenProbability)
    #expect(abs(try #require(reply.confidence).value - 0.75) < 1e-9)
  }

  @Test func `a label that was whole when the limit came is a vote with its measured confidence`() async throws {
    let logs = Self.logs([
      ("{\"label\": \"", 0, []), ("Yes", log(0.6), [("Yes", log(0.6)), ("No", log(0.2))]), ("\", ", -0.1, []),
      ("\"rationale\": \"A head co", -0.1, []),
    ])
    let text = "{\"label\": \"Yes\", \"rationale\": \"A head co"
    let server = ScriptedServer(ScriptedServer.answer(text, end: "length", logs: logs))
    let reply = try await server.teacher().reply(to: try request(parameters: .init(answersInJSON: true)))
    #expect((reply.label, reply.rationale, reply.isRationaleCut) == ("falsified", "A head co", true))
    #expect(reply.confidence?.source == .labelTokenProbability)
    // 0.6 against 0.2.
    #expect(abs(try #require(reply.confidence).value - 0.75) < 1e-9)
    // Of several samples one with whole reasons is shown.
    let choices = [("Yes. It is cu", "length"), ("Yes. It is whole.", "stop")].map {
      ScriptedServer.choice($0, end: $1)
    }
    let both = try await ScriptedServer(ScriptedServer.answers(choices)).teacher().reply(
      to: try request(parameters: .init(temperature: 1, samples: 2)))
    #expect((both.rationale, both.isRationaleCut) == ("It is whole.", false))
  }

  @Test func `tokens that two labels share settle nothing`() async throws {
    let labels = try LabelSet([
      .init(name: "date", answer: "Out of date"), .init(name: "scope", answer: "Out of scope"), .init(name: "fine"),
    ])
    let logs = Self.logs([
      ("Out", log(0.8), [("Out", log(0.8)), ("fine", log(0.2))]), (" of", 0, [(" of", 0)]),
      (" date", log(0.5), [(" date", log(0.5)), (" scope", log(0.25)), (" luck", log(0.25))]), (".", -1, []),
    ])
    var question = try request()
    question.labels = labels
    let reply = try await ScriptedServer(ScriptedServer.answer("Out of date.", logs: logs)).teacher().reply(
      to: question)
    // 0.8 against "fine", then two thirds against "scope"; "luck" is no label.
    #expect(abs(try #require(reply.confidence).value - 0.8 * 2 / 3) < 1e-9)
  }

  @Test func `several samples agree or do not`() async throws {
    let choices = ["Yes. a", "No. b", "Yes. c", "Hm", "Yes. d"].map { ScriptedServer.choice($0) }
    let server = ScriptedServer(ScriptedServer.answers(choices))
    let question = try request(parameters: .init(temperature: 1, samples: 5, seed: 7))
    let reply = try await server.teacher().reply(to: question)
    #expect((reply.label, reply.rationale) == ("falsified", "a"))
    #expect(reply.confidence == Confidence(0.6, source: .agreement))
    #expect(try JSONParser.value(of: reply.raw).elements?.count == 5)
    #expect(reply.usage == .init(inputTokens: 12, outputTokens: 3))
    #expect(try server.body(0)["n"]?.integer == 5)
    // A server that gives one answer at a time is asked with another seed each time.
    let single = ScriptedServer(["Yes", "No", "No"].map { .success(ScriptedServer.answer($0)) })
    let again = try await single.teacher().reply(to: try request(parameters: .init(samples: 3, seed: 7)))
    #expect(again.label == "pristine")
    #expect(again.usage == .init(inputTokens: 36, outputTokens: 9))
    #expect(try (0..<3).map { try single.body($0)["seed"]?.integer } == [7, 8, 9])
  }

  @Test func `an unreadable answer is repaired by one question where that is wanted`() async throws {
    let server = ScriptedServer(ScriptedServer.answer("It is hard to say"), ScriptedServer.answer("Yes. A dog."))
    let reply = try await server.teacher().reply(to: try request(parameters: .init(isRepaired: true)))
    #expect((reply.label, reply.rationale) == ("falsified", "A dog."))
    #expect(reply.raw.hasPrefix("It is hard to say\n\n") && reply.raw.hasSuffix("\n\nYes. A dog."))
    #expect(reply.usage == .init(inputTokens: 24, outputTokens: 6))
    let turns = try server.body(1)["messages"]?.elements ?? []
    #expect(turns.map { $0["role"]?.string } == ["user", "assistant", "user"])
    #expect(turns[1]["content"]?.string == "It is hard to say")

    let never = ScriptedServer(ScriptedServer.answer("Hm"))
    #expect(try await never.teacher().reply(to: try request()).label == nil)
    #expect(never.bodies.count == 1)
    let twice = try await never.teacher().reply(to: try request(parameters: .init(isRepaired: true)))
    guard case .unreadable = twice.outcome else {
      Issue.record("\(twice)")
      return
    }
    #expect(never.bodies.count == 3)
    let failing = ScriptedServer(ScriptedServer.answer("Hm"), ScriptedServer.failure(400))
    #expect(try await failing.teacher().reply(to: try request(parameters: .init(isRepaired: true))).raw == "Hm")
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe in place of an image or of results is refused and not waited for`()
    async throws
  {
    let pipe = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    #expect(mkfifo(pipe.path, 0o600) == 0)
    defer { try? FileManager.default.removeItem(at: pipe) }
    await #expect(
      throws: HTTPTeacherError.badImage(
        file: pipe.relativePath, reason: "it can't be read: It is not a regular file.")
    ) { try await ImageEncodings().encoded(ImageReference(url: pipe, digest: "0f"), longestEdge: nil) }
    #expect(throws: HTTPTeacherError.self) { try BatchService(.openAI(.init(model: "m"))).results(in: pipe) }
  }

  @Test func `images are made smaller and encoded once for each size`() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("photo")
    try Data([0xFF, 0xD8, 0xFF, 1, 2, 3]).write(to: file)
    let image = try ImageReference(contentsOf: file)
    let resized = Locked<[Int?]>([])
    func encodings() -> ImageEncodings {
      ImageEncodings(folder: folder.appendingPathComponent("kept")) { data, edge in
        resized.withLock { $0.append(edge) }
        guard let edge else { return Data([0xFF, 0xD8, 0xFF, 9]) }
        return edge < 1000 ? Data([0xFF, 0xD8, 0xFF, UInt8(edge % 256)]) : nil
      }
    }
    let images = encodings()
    try await withThrowingTaskGroup(of: EncodedImage.self) { group in
      for task in 0..<20 { group.addTask { try await images.encoded(image, longestEdge: [64, 128][task % 2]) } }
      for try await encoded in group { #expect(encoded.mediaType == "image/jpeg") }
    }
    #expect(resized.withLock { $0.compactMap(\.self).sorted() } == [64, 128])
    // Another process finds them in the folder.
    let smaller = try await encodings().encoded(image, longestEdge: 64)
    #expect(smaller.base64 == Data([0xFF, 0xD8, 0xFF, 64]).base64EncodedString())
    #expect(resized.withLock { $0.count } == 2)
    // Small enough already: sent as it is.
    let whole = try await images.encoded(image, longestEdge: 2000)
    #expect(whole.base64 == Data([0xFF, 0xD8, 0xFF, 1, 2, 3]).base64EncodedString())
    // Without a longest edge it is prepared as well: a photo that lies must be turned whatever its size.
    let prepared = try await images.encoded(image, longestEdge: nil)
    #expect(prepared.base64 == Data([0xFF, 0xD8, 0xFF, 9]).base64EncodedString())
    let server = ScriptedServer(ScriptedServer.answer("No"))
    _ = try await server.teacher(images: images) { $0.imageEdge = 128 }.reply(to: try request(image: image))
    #expect(server.bodies[0].contains("data:image/jpeg;base64,\(Data([0xFF, 0xD8, 0xFF, 128]).base64EncodedString())"))
    await #expect(throws: HTTPTeacherError.badImage(file: file.relativePath, reason: "Broken()")) {
      struct Broken: Error {}
      let broken = ImageEncodings { _, _ in throw Broken() }
      _ = try await broken.encoded(image, longestEdge: 9)
    }
  }
}
