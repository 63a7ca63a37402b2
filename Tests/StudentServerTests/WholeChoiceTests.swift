import JSON

#if Run
  import Foundation
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Testing

  /// Answers that are one of some texts: as probable as the texts are as a whole.
  @Suite struct WholeChoiceTests {
    /// "Routine matter" has the likelier beginning, 0.6, and goes on as it should with 0.1: 0.06. "Urgent" has 0.4.
    private static let chances: @Sendable (String) -> [String: Double] = { said in
      if said.isEmpty { return ["R": 0.6, "U": 0.4] }
      if said == "R" { return ["o": 0.1, "e": 0.9] }
      let text = ["Urgent", "Routine matter"].first { $0.hasPrefix(said) && $0 != said }
      return text.map { [String($0.dropFirst(said.count).prefix(1)): 1] } ?? [".": 1]
    }

    private func response(_ more: String) async throws -> LoopbackResponse {
      let student = SteeredStudent(student: try ServedStudent().student, chances: Self.chances)
      let form = #""structured_outputs": {"choice": ["Urgent", "Routine matter"]}"#
      return await StudentServer(student, name: "tiny").answer(
        LoopbackRequest(
          "POST", "/v1/chat/completions", body: Data(ServedStudent.body("Which?", "\(more), \(form)").utf8)))
    }

    private func choices(_ more: String) async throws -> [JSONValue] {
      guard case .data(let bytes) = try await response(more).body else { throw CancellationError() }
      let value = try JSONParser.value(of: String(decoding: bytes, as: UTF8.self))
      return try #require(value["choices"]?.elements, "\(value.text)")
    }

    private func texts(_ more: String) async throws -> [String] {
      try await choices(more).map { $0["message"]?["content"]?.string ?? "" }
    }

    @Test func `the most probable text is chosen, and not the one whose first token is`() async throws {
      #expect(try await texts(#""temperature": 0"#) == ["Urgent"])
      // 0.4 / 0.46 is 0.87: what reaches a half is one text, and so is the first.
      #expect(try await Set(texts(#""top_p": 0.5, "n": 32, "seed": 1"#)) == ["Urgent"])
      #expect(try await Set(texts(#""top_k": 1, "n": 32, "seed": 1"#)) == ["Urgent"])
    }

    /// Each of 320 draws is "Urgent" with p = 0.4 / 0.46 at temperature 1, and with 0.16 / (0.16 + 0.0036) at one half.
    @Test(arguments: [(1.0, 0.4 / 0.46), (0.5, 0.16 / 0.1636)])
    func `texts are drawn as probable as they are`(temperature: Double, expected: Double) async throws {
      var urgent = 0
      for seed in 0..<10 {
        let more = #""temperature": \#(temperature), "n": 32, "seed": \#(seed)"#
        let drawn = try await texts(more)
        #expect(try await texts(more) == drawn)
        urgent += drawn.count { $0 == "Urgent" }
      }
      let deviation = (320 * expected * (1 - expected)).squareRoot()
      #expect(abs(Double(urgent) - 320 * expected) < 4 * deviation, "\(urgent)")
    }

    @Test func `the listed tokens are those of the text, with the model's own probabilities`() async throws {
      let given = try #require(try await choices(#""temperature": 0, "logprobs": true, "top_logprobs": 2"#).first)
      let tokens = try #require(given["logprobs"]?["content"]?.elements)
      #expect(tokens.compactMap { $0["token"]?.string }.joined() == "Urgent")
      #expect(tokens[0]["top_logprobs"]?.elements?.count == 2)
      // The same with and without them, several answers of one request too.
      let more = #""n": 8, "seed": 3, "temperature": 2"#
      #expect(try await texts(more + #", "logprobs": true"#) == texts(more))
    }

    @Test func `stops, lengths and streams hold as for any answer`() async throws {
      #expect(try await texts(#""temperature": 0, "stop": "ge""#) == ["Ur"])
      let cut = try #require(try await choices(#""temperature": 0, "max_tokens": 1"#).first)
      let text = try #require(cut["message"]?["content"]?.string)
      #expect("Urgent".hasPrefix(text) && text != "Urgent" && cut["finish_reason"]?.string == "length")
      guard case .stream(let pieces) = try await response(#""temperature": 0, "n": 2, "stream": true"#).body else {
        throw CancellationError()
      }
      var written = ["", ""]
      var ends = 0
      for await piece in pieces {
        for line in String(decoding: piece, as: UTF8.self).split(separator: "\n") where line.hasPrefix("data: {") {
          let choice = try JSONParser.value(of: String(line.dropFirst(6)))["choices"]?[0]
          written[choice?["index"]?.integer ?? 0] += choice?["delta"]?["content"]?.string ?? ""
          if choice?["finish_reason"]?.string == "stop" { ends += 1 }
        }
      }
      #expect(written == ["Urgent", "Urgent"] && ends == 2)
    }

    /// Both by the run's prompt, answers and calibration: System One's probabilities are those of `distill predict`.
    @Test func `a run's question has the same answer as a chat and as a typed question`() async throws {
      let served = try ServedStudent()
      let labels = try LabelSet(
        [.init(name: "urgent", answer: "Urgent"), .init(name: "routine", answer: "Routine matter")], positive: "urgent")
      let prompt = try PromptTemplate("{text}\nIs it urgent?")
      for isTurned in [false, true] {
        var options = StudentServer.Options()
        options.trained = TrainedQuestion(
          name: "label", prompt: prompt, labels: labels, mapping: FieldMapping(text: "text")
        ) { isTurned ? $0.reversed() : $0 }
        options.task = ServedTask(prompt: prompt, labels: labels, imageSlots: [])
        let server = StudentServer(served.student, name: "tiny", options: options)
        for text in ["mail down", "a question about a cable", "printer", "No, it belongs to the caption."] {
          let typed =
            #"{"model": "tiny", "state": {"text": "\#(text)"}, "questions": {"label": {"type": "choice", "#
            + #""criteria": {"urgent": null, "routine": null}}}}"#
          let asked = try await answer("/v1/systemone", typed, of: server)
          let label = try #require(asked["answers"]?["label"]?["choice"]?.string, "\(asked.text)")
          let body = ServedStudent.body(#"{"text": "\#(text)"}"#, #""temperature": 0"#)
          let chat = try await answer("/v1/chat/completions", body, of: server)
          let content = try #require(chat["choices"]?[0]?["message"]?["content"]?.string, "\(chat.text)")
          #expect(content == labels.labels.first { $0.name == label }?.answer)
        }
      }
    }

    private func answer(_ path: String, _ body: String, of server: StudentServer) async throws -> JSONValue {
      let response = await server.answer(LoopbackRequest("POST", path, body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return try JSONParser.value(of: String(decoding: bytes, as: UTF8.self))
    }
  }
#endif
