import JSON

#if Run
  import Foundation
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Testing

  /// Choices of which one begins with another, from students whose probabilities are written down.
  @Suite struct ChoiceTests {
    private func choice(
      _ form: String, asking more: String = #""temperature": 0"#,
      _ chances: @escaping @Sendable (String) -> [String: Double]
    ) async throws -> JSONValue {
      let student = SteeredStudent(student: try ServedStudent().student, chances: chances)
      let body = ServedStudent.body("Which?", "\(more), \(form)")
      let response = await StudentServer(student, name: "tiny").answer(
        LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      let value = try bytes.withUnsafeBytes { try JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
      return try #require(value["choices"]?[0], "\(value.text)")
    }

    private func content(_ choice: JSONValue) -> String { choice["message"]?["content"]?.string ?? "" }

    private static let digits = #""structured_outputs": {"choice": ["1", "2", "10"]}"#
    private static let object =
      #""response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": "#
      + #"{"type": "object", "properties": {"label": {"enum": ["1", "2", "10"]}, "more": {"type": "boolean"}}}}}"#
    private static let numbers =
      #""response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": "#
      + #"{"type": "object", "properties": {"label": {"enum": [1, 2, 10]}, "more": {"type": "boolean"}}}}}"#

    @Test func `a choice ends where the model does not go on to a longer one`() async throws {
      // What a student has learned that answers "1. Because": a full stop behind the label, and not the end of the turn,
      // which is less probable there than any digit.
      for (zero, expected) in [(1e-4, "1"), (0.6, "10")] {
        let chances: @Sendable (String) -> [String: Double] = {
          ["": ["1": 0.9, "2": 0.1], "1": [".": 1 - zero, "0": zero, "<end_of_utterance>": 1e-9]][$0] ?? [".": 1]
        }
        let given = try await choice(Self.digits, chances)
        #expect(content(given) == expected && given["finish_reason"]?.string == "stop")
      }
    }

    @Test func `in JSON the quote or the bracket ends it`() async throws {
      for (form, opening, label) in [
        (Self.object, #"{"label":"1"#, { #"{"label":"\#($0)","more":true}"# }),
        (Self.numbers, #"{"label":1"#, { #"{"label":\#($0),"more":true}"# }),
      ] as [(String, String, (String) -> String)] {
        for (zero, expected) in [(1e-4, "1"), (0.6, "10")] {
          let chances: @Sendable (String) -> [String: Double] = { said in
            if said == opening { return [".": 1 - zero, "0": zero, "\"": 1e-9, ",": 1e-9] }
            return ["1": 0.8, "2": 0.1, "t": 0.1]
          }
          #expect(content(try await choice(form, chances)) == label(expected))
        }
      }
    }

    @Test func `how often a choice is drawn is how probable it is`() async throws {
      let chances: @Sendable (String) -> [String: Double] = {
        ["": ["1": 0.98, "2": 0.02], "1": [".": 0.55, "0": 0.45]][$0] ?? [".": 1]
      }
      var counts: [String: Int] = [:]
      for seed in 0..<40 {
        let given = try await choice(Self.digits, asking: #""temperature": 1, "seed": \#(seed)"#, chances)
        counts[content(given), default: 0] += 1
      }
      // Of 40 draws 21.6 and 17.6, four standard deviations either way.
      #expect((9...34).contains(counts["1"] ?? 0) && (6...30).contains(counts["10"] ?? 0), "\(counts)")
    }

    @Test func `the end that settles a choice is listed with its probability`() async throws {
      let chances: @Sendable (String) -> [String: Double] = {
        ["": ["1": 0.98, "2": 0.02], "1": [".": 0.55, "0": 0.45]][$0] ?? [".": 1]
      }
      let more = #""temperature": 0, "logprobs": true, "top_logprobs": 2"#
      let given = try await choice(Self.digits, asking: more, chances)
      let tokens = try #require(given["logprobs"]?["content"]?.elements)
      #expect(tokens.map { $0["token"]?.string } == ["1", "<end_of_utterance>"])
      // P(1) = 0.98 · 0.55.
      let total = tokens.reduce(0) { $0 + ($1["logprob"]?.double ?? 0) }
      #expect(abs(exp(total) - 0.539) < 1e-3)
      // A choice that none goes on from ends without one.
      let two = try await choice(Self.digits, asking: more) { _ in ["2": 1] }
      #expect(try #require(two["logprobs"]?["content"]?.elements).map { $0["token"]?.string } == ["2"])
      let text = try await served(more + #", "stream": true, "#, chances)
      #expect(text.contains(#""token": "<end_of_utterance>""#))
    }

    private func served(
      _ more: String, _ chances: @escaping @Sendable (String) -> [String: Double]
    ) async throws -> String {
      let student = SteeredStudent(student: try ServedStudent().student, chances: chances)
      let response = await StudentServer(student, name: "tiny").answer(
        LoopbackRequest(
          "POST", "/v1/chat/completions", body: Data(ServedStudent.body("Which?", more + Self.digits).utf8)))
      guard case .stream(let pieces) = response.body else { throw CancellationError() }
      var text = ""
      for await piece in pieces { text += String(decoding: piece, as: UTF8.self) }
      return text
    }

    @Test func `what the template writes before answers comes before the form`() async throws {
      // The template's space belongs to the answer's first token, as in training; the text is without it.
      let student = try ServedStudent().student
      #expect(student.answerOpening == " ")
      let steered = SteeredStudent(student: student, opening: " ") { said in
        [
          "": [" ": 0.6, "N": 0.4], " ": ["Y": 0.6, "N": 0.4], " Y": ["e": 1], " Ye": ["s": 1],
          " Yes": ["<end_of_utterance>": 1],
        ][said] ?? ["o": 1]
      }
      let response = await StudentServer(steered, name: "tiny").answer(
        LoopbackRequest(
          "POST", "/v1/chat/completions",
          body: Data(
            ServedStudent.body("Which?", #""temperature": 0, "structured_outputs": {"choice": ["No", "Yes"]}"#).utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      #expect(String(decoding: bytes, as: UTF8.self).contains(#""content": "Yes""#))
    }
  }
#endif
