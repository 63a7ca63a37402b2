import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

@Suite struct OpenAICompatibleTeacherTests {
  @Test func `a question is asked as the protocol says`() async throws {
    let server = ScriptedServer(ScriptedServer.answer("Yes. A dog."))
    let teacher = try server.teacher(key: key()) {
      $0.responseFormat = .jsonObject
      $0.wantsLogProbabilities = true
      $0.lengthParameter = .maxCompletionTokens
      $0.seconds = 7
    }
    let parameters = TeacherParameters(temperature: 0.5, maximumTokens: 9, seed: 3, answersInJSON: true)
    let reply = try await teacher.reply(to: try request(parameters: parameters))
    #expect(reply.outcome == .answered("falsified"))
    #expect(reply.rationale == "A dog.")
    #expect(reply.raw == "Yes. A dog.")
    #expect(reply.usage == .init(inputTokens: 12, outputTokens: 3))
    #expect(reply.seconds >= 0)
    let sent = try #require(server.seen.withLock { $0.first })
    #expect(sent.url.absoluteString == "http://localhost:8000/v1/chat/completions")
    #expect(sent.headers["Authorization"] == "Bearer secret-key")
    #expect(sent.seconds == 7)
    let instruction = AnswerForm(labels: .outOfContext, isJSON: true).instruction
    let text = JSONValue.string("Caption: a \"dog\"\n\n\n" + instruction).text
    #expect(
      String(decoding: sent.body, as: UTF8.self)
        == #"{"model": "some-model", "messages": [{"role": "user", "content": "# + text
        + #"}], "max_completion_tokens": 9, "temperature": 0.5, "seed": 3, "#
        + #""response_format": {"type": "json_object"}, "logprobs": true, "top_logprobs": 20}"#)
    #expect(sent.headers["Idempotency-Key"]?.isEmpty == false)
    #expect(teacher.model == "some-model")
    #expect(await TeacherCheck(requests: [try request()]).problems(of: teacher) == [])
  }

  @Test func `several images stand in the text where their slots are`() async throws {
    let server = ScriptedServer(ScriptedServer.answer("No"))
    try await withPlacedImages { request in
      _ = try await server.teacher().reply(to: request)
      #expect(server.bodies.count == 1)
      let parts = try JSONParser.value(of: server.bodies[0])["messages"]?.elements?.first?["content"]?.elements ?? []
      // The order of https://platform.openai.com/docs/guides/images-vision: parts as they are to be read.
      let url = "data:image/png;base64,"
      #expect(
        parts.map { ($0["image_url"]?["url"] ?? $0["text"])?.string } == [
          url + "iVBORwE=", "Photo above, found: ", url + "iVBORwI=", url + "iVBORwM=", "\nIs it so?",
        ])
    }
  }

  @Test func `an image goes along as a data URL`() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = ScriptedServer(ScriptedServer.answer("No"))
    for (start, type) in [
      ([0x89, 0x50, 0x4E, 0x47], "png"), ([0xFF, 0xD8, 0xFF, 0xE0], "jpeg"), ([0x47, 0x49, 0x46, 0x38], "gif"),
      (Array("RIFF....WEBP".utf8), "webp"),
    ] as [([UInt8], String)] {
      let file = folder.appendingPathComponent(type)
      try Data(start + [1, 2]).write(to: file)
      _ = try await server.teacher().reply(to: try request(image: try ImageReference(contentsOf: file)))
      let body = try JSONParser.value(
        of: String(decoding: try #require(server.seen.withLock { $0.last }).body, as: UTF8.self))
      let parts = body["messages"]?.elements?.first?["content"]?.elements ?? []
      #expect(
        parts.first?["image_url"]?["url"]?.string
          == "data:image/\(type);base64,\(Data(start + [1, 2]).base64EncodedString())")
      #expect(parts.last?["text"]?.string == "Caption: a \"dog\"\n")
    }
    let text = folder.appendingPathComponent("text")
    try Data("text".utf8).write(to: text)
    let bad = try ImageReference(contentsOf: text)
    await #expect(throws: HTTPTeacherError.self) { try await server.teacher().reply(to: try request(image: bad)) }
    let gone = ImageReference(url: folder.appendingPathComponent("gone"), digest: "")
    await #expect(
      throws: HTTPTeacherError.badImage(
        file: gone.url.relativePath, reason: "it can't be read: No such file or directory")
    ) {
      try await server.teacher().reply(to: try request(image: gone))
    }
  }

  @Test func `refused, cut-off, empty and unreadable answers are results of their own`() async throws {
    func outcome(_ response: TransportResponse) async throws -> TeacherReply {
      try await ScriptedServer(response).teacher().reply(to: try request())
    }
    #expect(try await outcome(ScriptedServer.answer("It may well be", end: "length")).outcome == .cutOff)
    #expect(try await outcome(ScriptedServer.answer("It may well be", end: "length")).raw == "It may well be")
    #expect(try await outcome(ScriptedServer.answer(nil, more: ", \"refusal\": \"I can't\"")).outcome == .refused)
    #expect(try await outcome(ScriptedServer.answer(nil, more: ", \"refusal\": \"I can't\"")).raw == "I can't")
    #expect(try await outcome(ScriptedServer.answer("", end: "content_filter")).outcome == .refused)
    #expect(try await outcome(ScriptedServer.answer(nil)).outcome == .empty)
    #expect(try await outcome(ScriptedServer.answer("I don't know")).outcome == .abstained)
    let json = try await outcome(
      ScriptedServer.answer("```json\n{\"label\": \"Yes\", \"reason\": \"r\", \"confidence\": \"85 %\"}\n```"))
    #expect(json.outcome == .answered("falsified"))
    #expect(json.confidence == Confidence(0.85, source: .verbalised))
  }

  @Test func `the first token's probabilities are a measured confidence`() async throws {
    func confidence(_ content: String, _ logs: String) async throws -> Confidence? {
      try await ScriptedServer(ScriptedServer.answer(content, logs: logs)).teacher().reply(to: try request()).confidence
    }
    let top =
      #"[{"token": "Yes", "logprob": -0.5}, {"token": " yes", "logprob": -2}, {"token": "No", "logprob": -1}, "#
      + #"{"token": "Maybe", "logprob": -1}, {"token": "", "logprob": -3}]"#
    let measured = try #require(
      try await confidence("Yes.", #"{"content": [{"token": "Yes", "logprob": -0.5, "top_logprobs": \#(top)}]}"#))
    let (yes, no) = (exp(-0.5) + exp(-2.0), exp(-1.0))
    #expect(abs(measured.value - yes / (yes + no)) < 1e-12)
    #expect(measured.source == .labelTokenProbability)
    #expect(try await confidence("Yes.", "null") == nil)
    #expect(try await confidence("Yes.", #"{"content": []}"#) == nil)
    #expect(try await confidence("Yes.", #"{"content": [{"token": "\"", "logprob": -0.1}]}"#) == nil)
    #expect(try await confidence("Yes.", #"{"content": [{"token": "No", "logprob": -0.1}]}"#) == nil)
  }

  @Test func `what may go away is tried again, and the server's wish is kept`() async throws {
    let server = ScriptedServer([
      .success(ScriptedServer.failure(408, headers: ["Retry-After": "7"])),
      .success(ScriptedServer.failure(503, headers: ["retry-after-ms": "250", "Retry-After": "9"])),
      .success(ScriptedServer.failure(409, headers: ["Retry-After": "1e10s"])),
      .failure(.notReached(host: "localhost", reason: "reset")),
      .success(TransportResponse(status: 200, body: Data("{\"cho".utf8))),
      .success(ScriptedServer.answer("No. Fine.")),
    ])
    let reply = try await server.teacher { $0.retry.attempts = 6 }.reply(to: try request())
    #expect(reply.label == "pristine")
    let slept = server.clock.slept
    #expect(Array(slept.prefix(2)) == [7, 0.25])
    // What is no time is as none; from the third on the waits double from half a second: 2, 4 and 8, less up to a quarter.
    for (wait, whole) in zip(slept.dropFirst(2), [2.0, 4, 8]) { #expect((0.75 * whole...whole).contains(wait)) }
    #expect(slept.count == 5)
    #expect(Set(server.bodies).count == 1)
    #expect(server.seen.withLock { Set($0.map { $0.headers["Idempotency-Key"] }).count } == 1)
  }

  @Test func `x-should-retry has the last word`() async throws {
    let again = ScriptedServer(
      ScriptedServer.failure(400, headers: ["X-Should-Retry": "true"]), ScriptedServer.answer("No"))
    #expect(try await again.teacher().reply(to: try request()).label == "pristine")
    let never = ScriptedServer(ScriptedServer.failure(503, headers: ["x-should-retry": "false"]))
    await #expect(throws: HTTPTeacherError.self) { try await never.teacher().reply(to: try request()) }
    #expect(never.bodies.count == 1)
  }

  @Test func `a date to retry after is read in every form`() async throws {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    for pattern in ["EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy"] {
      format.dateFormat = pattern
      let server = ScriptedServer(
        ScriptedServer.failure(429, headers: ["Retry-After": format.string(from: Date().addingTimeInterval(110))]),
        ScriptedServer.answer("No"))
      _ = try await server.teacher().reply(to: try request())
      // As much less as the machine took to come here.
      #expect((1...111).contains(try #require(server.clock.slept.first)), "\(pattern)")
    }
    for text in ["Thu, 01 Jan 1970 00:00:00 GMT", "soon", "nan", "-5", "0", "2678401"] {
      let server = ScriptedServer(
        ScriptedServer.failure(429, headers: ["Retry-After": text]), ScriptedServer.answer("No"))
      _ = try await server.teacher().reply(to: try request())
      #expect((0.375...0.5).contains(try #require(server.clock.slept.first)), "\(text)")
    }
  }

  @Test func `after the last attempt it gives up and says why`() async throws {
    let server = ScriptedServer(ScriptedServer.failure(503))
    let teacher = try server.teacher(key: key()) { $0.retry.attempts = 3 }
    await #expect(
      throws: HTTPTeacherError.gaveUp(
        attempts: 3, last: "the server refused the question with status 503: no, not with (key)")
    ) { try await teacher.reply(to: try request()) }
    #expect(server.seen.withLock { $0.count } == 3)
    #expect(server.clock.slept.count == 2)
  }

  @Test(arguments: [(204, "the server refused the question with status 204"), (404, "or the model")])
  func `a response without a body is said to have none`(status: Int, words: String) async throws {
    let server = ScriptedServer(TransportResponse(status: status, headers: [:], body: Data()))
    let error = await #expect(throws: (any Error).self) { try await server.teacher().reply(to: try request()) }
    #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
    #expect("\(try #require(error))".contains(": its body is empty"), "\(String(describing: error))")
  }

  @Test func `any error of a transport is tried again and cancellation is not`() async throws {
    struct Broken: Error, CustomStringConvertible { let description = "broken, with secret-key" }
    let calls = Locked(0)
    let transport = ScriptedTransport { _ in
      let call = calls.withLock { value in
        value += 1
        return value
      }
      if call < 3 { throw Broken() }
      return ScriptedServer.answer("Yes")
    }
    let base = try #require(URL(string: "http://localhost/v1"))
    func teacher(attempts: Int) throws -> OpenAICompatibleTeacher {
      var options = OpenAICompatibleTeacher.Options(model: "m")
      options.retry.attempts = attempts
      return OpenAICompatibleTeacher(
        "t", options: options, base: base, key: try key(), transport: transport, clock: VirtualClock().pace)
    }
    await #expect(
      throws: HTTPTeacherError.gaveUp(attempts: 1, last: "localhost broke the connection off: broken, with (key)")
    ) { try await teacher(attempts: 1).reply(to: try request()) }
    #expect(try await teacher(attempts: 3).reply(to: try request()).label == "falsified")

    let slow = ScriptedTransport { _ in
      try await Task.sleep(for: .seconds(60))
      return ScriptedServer.answer("Yes")
    }
    let waiting = OpenAICompatibleTeacher("t", options: .init(model: "m"), base: base, transport: slow)
    let question = try request()
    let task = Task { try await waiting.reply(to: question) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test(arguments: [
    (401, "c"), (403, "c"), (404, "c"), (402, "c"), (429, "insufficient_quota"), (400, "billing_error"), (307, "c"),
  ])
  func `a teacher that cannot answer is unavailable at once`(_ status: Int, code: String) async throws {
    let server = ScriptedServer(ScriptedServer.failure(status, code: code))
    do {
      _ = try await server.teacher(key: key()).reply(to: try request())
      Issue.record("no error")
    } catch {
      let unavailable = try #require(error as? TeacherUnavailable)
      #expect(unavailable.teacher == "t")
      #expect(!unavailable.reason.contains("secret-key"))
    }
    #expect(server.seen.withLock { $0.count } == 1)
  }

  @Test(arguments: [
    (
      "http://me:secret@localhost:8000/v1",
      "the address http://localhost:8000/v1/chat/completions or the model 'm' is not there"
    ),
    (
      "http://localhost:8000",
      "the address http://localhost:8000/chat/completions (does its base_url lack a /v1 at the end?) or the model 'm' "
        + "is not there"
    ),
  ])
  func `an address where nothing is shows what was asked`(_ base: String, _ reason: String) async throws {
    let server = ScriptedServer(ScriptedServer.failure(404))
    let teacher = OpenAICompatibleTeacher(
      "t", options: .init(model: "m"), base: try #require(URL(string: base)), transport: server.transport)
    do {
      _ = try await teacher.reply(to: try request())
      Issue.record("no error")
    } catch let error as TeacherUnavailable {
      #expect(error.reason.hasPrefix(reason + ":"), "\(error.reason)")
    }
  }

  @Test func `a question that is refused fails alone and is not asked again`() async throws {
    let server = ScriptedServer(ScriptedServer.failure(400))
    await #expect(throws: HTTPTeacherError.refused(status: 400, message: "no, not with (key)")) {
      try await server.teacher(key: key()).reply(to: try request())
    }
    #expect(server.seen.withLock { $0.count } == 1)
  }

  @Test(arguments: ["", "[]", "{}", #"{"choices": []}"#, #"{"choices": [{"message": null}]}"#, "<html>"])
  func `a body that is no answer is an error in the end`(_ body: String) async throws {
    let server = ScriptedServer(TransportResponse(status: 200, body: Data(body.utf8)))
    let teacher = try server.teacher { $0.retry.attempts = 2 }
    do {
      let reply = try await teacher.reply(to: try request())
      Issue.record("\(body) was read as \(reply)")
    } catch {
      guard case .gaveUp(attempts: 2, _)? = error as? HTTPTeacherError else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `a key comes from the environment and shows itself nowhere`() throws {
    let key = try key()
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped, "\([key])", "\(Optional(key) as Any)"] {
      #expect(!text.contains("secret"))
    }
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("key")
      try Data("secret\n".utf8).write(to: file)
      #expect(!"\(try APIKey(contentsOf: file))".contains("secret"))
      for bad in ["", "two\nlines", String(repeating: "x", count: 5000)] {
        try Data(bad.utf8).write(to: file)
        #expect(throws: HTTPTeacherError.self) { try APIKey(contentsOf: file) }
      }
      #expect(throws: HTTPTeacherError.self) { try APIKey(contentsOf: folder.appendingPathComponent("none")) }
    }
    for environment in [[:], ["K": " "]] {
      #expect(throws: HTTPTeacherError.noKey(variable: "K")) { try APIKey(environment: "K", in: environment) }
    }
  }

  @Test func `every error says what happened`() {
    for (error, part) in [
      (HTTPTeacherError.notReached(host: "h", reason: "r"), "h was not reached"),
      (.brokenOff(host: "h", reason: "r"), "h broke"),
      (.refused(status: 400, message: "m"), "400"),
      (.errorInAnswer(message: "m", code: nil), "with status 200: m"),
      (.errorInAnswer(message: "m", code: "c"), "with status 200 and the code c: m"),
      (.badResponse(expected: "e", found: "f"), "expected e"), (.gaveUp(attempts: 2, last: "l"), "2 attempts"),
      (.noKey(variable: "V"), "set it"), (.badImage(file: "f", reason: "r"), "f"),
      (.timedOut(host: "h", seconds: 3), "3 s"), (.tooLarge(host: "h", limit: 9), "9 bytes"),
      (.noKeyFile(file: "f", reason: "r"), "no key: r"),
      (.badBatchLine(line: 3, expected: "e", found: "f"), "line 3"),
    ] { #expect("\(error)".contains(part)) }
  }
}
