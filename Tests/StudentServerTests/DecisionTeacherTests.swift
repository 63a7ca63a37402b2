import JSON

#if Run
  import Foundation
  import HTTPTeacher
  import ImageDecoding
  import LoopbackServer
  import StudentServer
  import TeacherProtocol
  import TestSupport
  import Testing

  /// A decision teacher that asks a student of our own, over a connection.
  @Suite struct DecisionTeacherTests {
    let server: StudentServer

    /// The student's tokenizer has no single tokens for Yes and No, so that its folder names others.
    init() throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "decision-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(#"{"labels": {"noul": ["Y", "N"]}}"#.utf8).write(to: folder.appending(path: "decision.json"))
      var options = StudentServer.Options()
      options.decisions = try DecisionSettings(contentsOf: folder)
      server = StudentServer(try ServedStudent().student, name: "tiny", options: options)
    }

    private func teacher(_ port: some CustomStringConvertible, _ api: DecisionAPI) throws -> DecisionTeacher {
      var options = DecisionTeacher.Options(model: "tiny")
      options.api = api
      return DecisionTeacher(
        "student", options: options, base: try #require(URL(string: "http://127.0.0.1:\(port)/v1")))
    }

    @Test(arguments: DecisionAPI.allCases)
    func `a yes or no question has the served student's probability`(_ api: DecisionAPI) async throws {
      let request = try TeacherRequest(
        item: Item(id: "1", fields: ["text": "A dog."]), template: PromptTemplate("Is {text} out of context?"),
        labels: LabelSet([.init(name: "fits", answer: "No"), .init(name: "other", answer: "Yes")]))
      // Neither label has a meaning, so that both forms ask the same.
      let asked =
        #"{"model": "tiny", "state": {"text": "A dog."}, "questions": {"q": {"type": "noul", "#
        + #""instructions": "Is {text} out of context?"}}}"#
      let response = await server.answer(LoopbackRequest("POST", "/v1/systemone", body: Data(asked.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      let text = String(decoding: bytes, as: UTF8.self)
      let expected = try #require(try JSONParser.value(of: text)["answers"]?["q"]?["noul"]?.double)
      try await server.withPort { port in
        let reply = try await teacher(port, api).reply(to: request)
        #expect(abs((reply.probabilities["other"] ?? .nan) - expected) < 1e-6)
        #expect(reply.label == (expected > 0.5 ? "other" : "fits"))
        #expect(reply.confidence?.source == .measured)
        #expect((reply.usage?.inputTokens ?? 0) > 0)
        let problems = await TeacherCheck(requests: [request]).problems(of: try teacher(port, api))
        #expect(problems == [])
      }
    }

    @Test(arguments: DecisionAPI.allCases)
    func `a choice about an image has the probability of every label`(_ api: DecisionAPI) async throws {
      let photo = try ServedStudent.photo(3)
      let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).png")
      try Data(try photo.image.pngData()).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      let reference = try ImageReference(contentsOf: file)
      let request = try TeacherRequest(
        item: Item(id: "1", image: "photo.png", fields: ["text": "A dog."]), template: PromptTemplate("What is it?"),
        labels: LabelSet([.init(name: "a"), .init(name: "b", meaning: "the second"), .init(name: "c")]),
        file: { _ in reference })
      try await server.withPort { port in
        let reply = try await teacher(port, api).reply(to: request)
        #expect(Set(reply.probabilities.keys) == ["a", "b", "c"])
        #expect(abs(reply.probabilities.values.reduce(0, +) - 1) < 1e-9)
        #expect(reply.label == reply.probabilities.max { $0.value < $1.value }?.key)
      }
    }

    @Test(arguments: DecisionAPI.allCases)
    func `what the server refuses is told as it says`(_ api: DecisionAPI) async throws {
      let request = try TeacherRequest(
        item: Item(id: "1", fields: ["text": String(repeating: "A dog. ", count: 400)]),
        template: PromptTemplate("{text}"), labels: .outOfContext)
      try await server.withPort { port in
        let error = await #expect(throws: HTTPTeacherError.self) { try await teacher(port, api).reply(to: request) }
        guard case .refused(let status, let message)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(status == 400)
        #expect(message.contains("and this model takes"))
      }
    }
  }
#endif
