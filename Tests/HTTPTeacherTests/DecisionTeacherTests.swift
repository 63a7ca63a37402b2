import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import TestSupport
import Testing

/// Services that answer typed questions with probabilities, in System One's form and in OpenAI's
/// (transformers 5.24.0, `cli/serving/systemone.py`; openai-python 3.57.0, `types/decision*.py`).
@Suite struct DecisionTeacherTests {
  static func answers(_ answers: String, usage: String = #"{"input_tokens": 40, "output_tokens": 0}"#)
    -> TransportResponse
  {
    TransportResponse(
      status: 200, body: Data(#"{"model": "some-model", "answers": \#(answers), "usage": \#(usage)}"#.utf8))
  }

  static let yes = answers(#"{"label": {"type": "noul", "noul": 0.75}}"#)
  static let predicate = answers(#"[{"type": "predicate", "name": "label", "probability": 0.75}]"#)

  static let topics: LabelSet = {
    do {
      return try LabelSet([
        .init(name: "sports", answer: "Sports"),
        .init(name: "trade", answer: "Trade", meaning: "companies and markets"),
        .init(name: "other"),
      ])
    } catch { preconditionFailure("\(error)") }
  }()

  private func teacher(
    _ server: ScriptedServer, key: APIKey? = nil, _ configure: (inout DecisionTeacher.Options) -> Void = { _ in }
  ) throws -> DecisionTeacher {
    var options = DecisionTeacher.Options(model: "some-model")
    configure(&options)
    let base = try #require(URL(string: "http://localhost:8000/v1"))
    return DecisionTeacher(
      "t", options: options, base: base, key: key, transport: server.transport, clock: server.clock.pace)
  }

  private func question(
    _ template: String = "Caption: {text}[[\nEntities: {entities}]]\nOut of context?", labels: LabelSet = .outOfContext,
    entities: String = ""
  ) throws -> TeacherRequest {
    try TeacherRequest(
      item: Item(id: "1", image: nil, fields: ["text": "a \"dog\"", "entities": entities]),
      template: PromptTemplate(template), labels: labels)
  }

  // MARK: Requests

  @Test func `a yes or no question is asked in System One's form`() async throws {
    let server = ScriptedServer(Self.yes)
    let reply = try await teacher(server, key: key()).reply(to: question(entities: "Rex"))
    #expect(
      server.bodies == [
        #"{"model": "some-model", "state": {"text": "a \"dog\"", "entities": "Rex"}, "questions": {"label": {"type": "noul", "#
          + #""instructions": "Caption: {text}\nEntities: {entities}\nOut of context?", "#
          + #""criteria": {"true": "the photo does not show what the caption says", "#
          + #""false": "the photo shows what the caption says"}}}}"#
      ])
    let sent = try #require(server.seen.withLock { $0.first })
    #expect(sent.url.absoluteString == "http://localhost:8000/v1/systemone")
    #expect(sent.headers["Authorization"] == "Bearer secret-key")
    #expect(reply.label == "falsified")
    #expect(reply.confidence == Confidence(0.75, source: .measured))
    #expect(reply.probabilities == ["falsified": 0.75, "pristine": 0.25])
    #expect(reply.raw == #"{"type": "noul", "noul": 0.75}"#)
    #expect((reply.rationale, reply.usage) == ("", .init(inputTokens: 40, outputTokens: 0)))
  }

  @Test func `a yes or no question is asked in OpenAI's form`() async throws {
    let server = ScriptedServer(Self.predicate)
    let reply = try await teacher(server) { $0.api = .decisions }.reply(to: question())
    #expect(
      server.bodies == [
        #"{"model": "some-model", "input": [{"role": "user", "content": [{"type": "input_json", "data": {"text": "a \"dog\""}}]}], "#
          + #""questions": [{"type": "predicate", "name": "label", "instructions": "Caption: {text}\nOut of context?\n\n"#
          + #"True: the photo does not show what the caption says\nFalse: the photo shows what the caption says"}]}"#
      ])
    #expect(server.seen.withLock { $0.first?.url.absoluteString } == "http://localhost:8000/v1/decisions")
    #expect(reply.probabilities == ["falsified": 0.75, "pristine": 0.25])
  }

  @Test func `other labels are a choice among their answers`() async throws {
    let systemOne = ScriptedServer(
      Self.answers(
        #"""
        {"topic": {"type": "choice", "choice": "Trade", "confidence": 0.25,
          "probabilities": {"Trade": 0.5, "Sports": 0.3, "other": 0.2}}}
        """#))
    let first = try await teacher(systemOne) { $0.question = "topic" }.reply(
      to: question("{text}", labels: Self.topics))
    #expect(
      systemOne.bodies == [
        #"{"model": "some-model", "state": {"text": "a \"dog\""}, "questions": {"topic": {"type": "choice", "instructions": "{text}", "#
          + #""criteria": {"Sports": null, "Trade": "companies and markets", "other": null}}}}"#
      ])
    let openAI = ScriptedServer(
      Self.answers(
        #"""
        [{"type": "choice", "name": "label", "choice": "Trade", "confidence": 0.25, "probabilities": [
          {"value": "Sports", "probability": 0.3}, {"value": "Trade", "probability": 0.5},
          {"value": "other", "probability": 0.2}]}]
        """#))
    let second = try await teacher(openAI) { $0.api = .decisions }.reply(to: question("{text}", labels: Self.topics))
    #expect(
      openAI.bodies == [
        #"{"model": "some-model", "input": [{"role": "user", "content": [{"type": "input_json", "data": {"text": "a \"dog\""}}]}], "#
          + #""questions": [{"type": "choice", "name": "label", "instructions": "{text}", "choices": [{"value": "Sports"}, "#
          + #"{"value": "Trade", "description": "companies and markets"}, {"value": "other"}]}]}"#
      ])
    for reply in [first, second] {
      #expect((reply.label, reply.confidence) == ("trade", Confidence(0.5, source: .measured)))
      #expect(reply.probabilities == ["sports": 0.3, "trade": 0.5, "other": 0.2])
    }
  }

  @Test func `the filled prompt may be the state`() async throws {
    let systemOne = ScriptedServer(Self.yes)
    _ = try await teacher(systemOne) { $0.state = .prompt }.reply(to: question("It's {text}. Is it?"))
    #expect(
      systemOne.bodies == [
        #"{"model": "some-model", "state": "It's a \"dog\". Is it?", "questions": {"label": {"type": "noul", "#
          + #""criteria": {"true": "the photo does not show what the caption says", "#
          + #""false": "the photo shows what the caption says"}}}}"#
      ])
    let openAI = ScriptedServer(Self.predicate)
    _ = try await teacher(openAI) { ($0.api, $0.state) = (.decisions, .prompt) }.reply(to: question("Is it {text}?"))
    let body = try openAI.body(0)
    #expect(body["input"] == #"Is it a "dog"?"#)
    // The form must have instructions.
    #expect(body["questions"]?[0]?["instructions"]?.string?.hasPrefix("Answer the question.\n\nTrue: ") == true)
  }

  @Test func `images are assets in the state or parts of the input`() async throws {
    try await withPlacedImages { request in
      let systemOne = ScriptedServer(Self.yes)
      _ = try await teacher(systemOne).reply(to: request)
      let body = try systemOne.body(0)
      #expect(body["state"] == ["photo": "<image-1>", "found": ["<image-2>", "<image-3>"]])
      #expect(
        body["assets"]?["<image-3>"] == ["type": "image", "format": "png", "data_base64": "iVBORwM="])
      #expect(body["assets"]?.members?.count == 3)
      #expect(
        body["questions"]?["label"]?["instructions"] == "Photo above, found: {found:1}\n{found:2}\nIs it so?")

      let openAI = ScriptedServer(Self.predicate)
      _ = try await teacher(openAI) { $0.api = .decisions }.reply(to: request)
      let parts = try openAI.body(0)["input"]?[0]?["content"]?.elements ?? []
      #expect(
        parts.map { ($0["text"] ?? $0["image_url"])?.string } == [
          "photo:", "data:image/png;base64,iVBORwE=", "found 1:", "data:image/png;base64,iVBORwI=", "found 2:",
          "data:image/png;base64,iVBORwM=",
        ])

      let filled = ScriptedServer(Self.yes)
      _ = try await teacher(filled) { $0.state = .prompt }.reply(to: request)
      #expect(try filled.body(0)["state"] == "<image-1>Photo above, found: <image-2>\n<image-3>\nIs it so?")
    }
  }

  @Test func `a text that spells an image's mark is no image`() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data([0x89, 0x50, 0x4E, 0x47, 1]).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let server = ScriptedServer(Self.yes)
    let reference = try ImageReference(contentsOf: file)
    _ = try await teacher(server).reply(
      to: TeacherRequest(
        item: Item(id: "1", image: "photo", fields: ["text": "See <image-1>."]), template: PromptTemplate("{text}"),
        labels: .outOfContext, file: { _ in reference }))
    let body = try server.body(0)
    #expect(body["state"] == ["text": "See <image-1>.", "image": "<asset-image-1>"])
    #expect(body["assets"]?.members?.map(\.name) == ["<asset-image-1>"])
  }

  @Test func `more images than the form takes are refused before anything is sent`() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data([0x89, 0x50, 0x4E, 0x47, 1]).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let reference = try ImageReference(contentsOf: file)
    let request = try TeacherRequest(
      item: Item(id: "1", imageSlots: [ImageSlot(name: "photo", paths: ["1", "2", "3", "4", "5"])], fields: [:]),
      template: PromptTemplate("Well?"), labels: .outOfContext, file: { _ in reference })
    let server = ScriptedServer(Self.yes)
    let error = await #expect(throws: HTTPTeacherError.self) { try await teacher(server).reply(to: request) }
    #expect(error?.description.contains("takes 4 images, this one has 5") == true)
    #expect(server.bodies.isEmpty)
  }

  // MARK: Answers

  @Test func `a refusal is a refusal`() async throws {
    let server = ScriptedServer(Self.answers(#"[{"type": "refusal", "name": "label"}]"#))
    let reply = try await teacher(server) { $0.api = .decisions }.reply(to: question())
    #expect((reply.outcome, reply.confidence, reply.probabilities) == (.refused, nil, [:]))
    #expect(server.bodies.count == 1)
  }

  @Test func `of equal probabilities the first label counts and rounded ones are made to sum to 1`() async throws {
    let server = ScriptedServer(
      Self.answers(
        #"{"label": {"type": "choice", "probabilities": {"other": 0.33, "Trade": 0.33, "Sports": 0.33}}}"#))
    let reply = try await teacher(server).reply(to: question(labels: Self.topics))
    #expect(reply.label == "sports")
    #expect(abs(reply.probabilities.values.reduce(0, +) - 1) < 1e-12)
  }

  @Test(arguments: [
    (#"{"label": {"type": "choice", "probabilities": {"Sports": 0.7, "Trade": 0.7, "other": 0.1}}}"#, "sum to 1"),
    (#"{"label": {"type": "choice", "probabilities": {"Sports": 0.7, "Trade": 0.3}}}"#, "none of 'other'"),
    (
      #"{"label": {"type": "choice", "probabilities": {"Sports": 0.7, "Trade": 0.2, "other": 0, "art": 0.1}}}"#,
      "one of 'art'"
    ),
    (#"{"label": {"type": "choice", "probabilities": {"Sports": 1.5, "Trade": -0.5, "other": 0}}}"#, "from 0 to 1"),
    (#"{"label": {"type": "choice", "probabilities": {"Sports": "0.7", "Trade": 0.3, "other": 0}}}"#, "from 0 to 1"),
    (
      #"{"label": {"type": "choice", "probabilities": [{"value": "Sports", "probability": 0.5}, "#
        + #"{"value": "Sports", "probability": 0.5}]}}"#, "two of 'Sports'"
    ),
    (#"{"label": {"type": "choice", "choice": "Sports"}}"#, "probabilities by option"),
    (#"{"label": {"type": "noul", "noul": 0.5}}"#, "of the type choice"),
    (#"{"other": {"type": "noul", "noul": 0.5}}"#, "answers.label"), ("7", "answers.label"),
  ])
  func `an answer that is none is asked for again and then a fault`(_ answer: String, _ words: String) async throws {
    let server = ScriptedServer(Self.answers(answer))
    let request = try question(labels: Self.topics)
    let error = await #expect(throws: HTTPTeacherError.self) { try await teacher(server).reply(to: request) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(server.bodies.count == 3)
  }

  @Test(arguments: ["1.01", "null", "\"0.5\"", "-0.1"])
  func `a yes or no answer without a probability is a fault`(_ number: String) async throws {
    let server = ScriptedServer(Self.answers(#"{"label": {"type": "noul", "noul": \#(number)}}"#))
    let error = await #expect(throws: HTTPTeacherError.self) { try await teacher(server).reply(to: question()) }
    #expect(error?.description.contains("from 0 to 1") == true)
  }

  // MARK: Faults

  @Test func `a service that is busy or broken is asked again`() async throws {
    let server = ScriptedServer([
      .success(ScriptedServer.failure(429, headers: ["retry-after": "2"])),
      .success(TransportResponse(status: 500, body: Data(#"{"detail": "worker died"}"#.utf8))),
      .success(TransportResponse(status: 200, body: Data("<html>".utf8))), .success(Self.yes),
    ])
    let reply = try await teacher(server).reply(to: question())
    #expect(reply.label == "falsified")
    #expect(server.clock.slept.first == 2)
    #expect(Set(server.bodies).count == 1)
  }

  @Test func `what a service finds wrong with a question is told place by place`() async throws {
    let detail = #"""
      {"detail": [{"loc": ["body", "questions", "label", "criteria", 0], "msg": "must be null", "type": "value_error"},
       {"loc": ["body", "state"], "msg": "too long", "type": "too_long"}]}
      """#
    let server = ScriptedServer(TransportResponse(status: 422, body: Data(detail.utf8)))
    await #expect(
      throws: HTTPTeacherError.refused(
        status: 422, message: "questions.label.criteria.0: must be null; state: too long")
    ) { try await teacher(server).reply(to: question()) }
    #expect(server.bodies.count == 1)
    let plain = ScriptedServer(TransportResponse(status: 400, body: Data(#"{"detail": "no single tokens"}"#.utf8)))
    await #expect(throws: HTTPTeacherError.refused(status: 400, message: "no single tokens")) {
      try await teacher(plain).reply(to: question())
    }
    let openAI = ScriptedServer(ScriptedServer.failure(400, message: "temperature: n and seed are not known here"))
    await #expect(throws: HTTPTeacherError.self) {
      try await teacher(openAI) { $0.api = .decisions }.reply(to: question())
    }
    // Nothing of the question is left out to please a service.
    #expect(openAI.bodies.count == 1)
  }

  @Test func `without a key that is taken there is no use in asking`() async throws {
    let server = ScriptedServer(TransportResponse(status: 401, body: Data(#"{"detail": "no key"}"#.utf8)))
    await #expect(throws: TeacherUnavailable.self) { try await teacher(server).reply(to: question()) }
    #expect(server.bodies.count == 1)
  }

  // MARK: What a reply is remembered by

  @Test func `another field or another meaning is another question`() throws {
    let server = ScriptedServer(Self.yes)
    let (fields, prompt) = (try teacher(server), try teacher(server) { $0.state = .prompt })
    let one = try question("Is it?", entities: "Rex")
    #expect(fields.particulars(of: one) == fields.particulars(of: try question("Is it?", entities: "Rex")))
    #expect(fields.particulars(of: one) != fields.particulars(of: try question("Is it?", entities: "Max")))
    // The prompt names no field.
    #expect(prompt.particulars(of: one) == prompt.particulars(of: try question("Is it?", entities: "Max")))
    let labels = try LabelSet([
      .init(name: "pristine", answer: "No"), .init(name: "falsified", answer: "Yes", meaning: "m"),
    ])
    #expect(prompt.particulars(of: one) != prompt.particulars(of: try question("Is it?", labels: labels)))
  }

  @Test(arguments: DecisionAPI.allCases)
  func `it keeps what every teacher must`(_ api: DecisionAPI) async throws {
    let server = ScriptedServer(api == .systemOne ? Self.yes : Self.predicate)
    let problems = await TeacherCheck(requests: [try question(), try question(entities: "Rex")])
      .problems(of: try teacher(server) { $0.api = api })
    #expect(problems == [])
  }
}
