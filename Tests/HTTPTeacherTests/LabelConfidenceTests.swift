import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// Measured confidence of labels of which one begins another, and of labels in other spellings.
@Suite struct LabelConfidenceTests {
  typealias Token = (String, Double, [(String, Double)])

  private func confidence(
    _ text: String, _ tokens: [Token], answers: [String], json: Bool = false
  ) async throws -> (label: String?, value: Double?) {
    var question = try request(parameters: .init(answersInJSON: json))
    question.labels = try LabelSet(answers.map { .init(name: $0.lowercased(), answer: $0) })
    let logs = AnswersFromServicesTests.logs(
      tokens.map { token in (token.0, log(token.1), ([(token.0, token.1)] + token.2).map { ($0.0, log($0.1)) }) })
    let reply = try await ScriptedServer(ScriptedServer.answer(text, logs: logs)).teacher().reply(to: question)
    return (reply.label, reply.confidence?.source == .labelTokenProbability ? reply.confidence?.value : nil)
  }

  private let answers = ["No", "Yes", "No evidence"]

  @Test func `the token behind a label settles whether it is the longer one`() async throws {
    // 0.98 for "No", of which 0.55 goes on with a full stop and 0.45 becomes "No evidence": 0.98 * 0.55 = 0.539.
    let short = try await confidence(
      "No. It fits.", [("No", 0.98, [("Yes", 0.02)]), (".", 0.55, [(" evidence", 0.45)])], answers: answers)
    #expect(short.label == "no")
    #expect(abs(try #require(short.value) - 0.539) < 1e-9)
    let long = try await confidence(
      "No evidence.", [("No", 0.98, [("Yes", 0.02)]), (" evidence", 0.45, [(".", 0.55)])], answers: answers)
    #expect(long.label == "no evidence")
    #expect(abs(try #require(long.value) - 0.441) < 1e-9)
    // A tokenizer that splits the word: " ev" is no longer "No".
    let split = try await confidence(
      "No. x", [("No", 1, []), (".", 0.6, [(" ev", 0.4)])], answers: answers)
    #expect(abs(try #require(split.value) - 0.6) < 1e-9)
  }

  @Test func `the closing quote settles a label in JSON`() async throws {
    let found = try await confidence(
      #"{"label": "No"}"#,
      [("{\"label\": \"", 1, []), ("No", 0.9, [("Yes", 0.1)]), ("\"", 0.7, [(" evidence", 0.3)]), ("}", 1, [])],
      answers: answers, json: true)
    #expect(abs(try #require(found.value) - 0.63) < 1e-9)
  }

  @Test func `digits of a longer number are another label`() async throws {
    let found = try await confidence(
      "1.", [("1", 0.8, [("2", 0.2)]), (".", 0.75, [("0", 0.25)])], answers: ["1", "2", "10"])
    #expect(abs(try #require(found.value) - 0.6) < 1e-9)
  }

  @Test func `a label that its tokens leave open is not measured`() async throws {
    #expect(try await confidence("No", [("No", 0.98, [("Yes", 0.02)])], answers: answers).value == nil)
    let settled = try await confidence("No", [("No", 0.98, [("Yes", 0.02)])], answers: ["No", "Yes"])
    #expect(abs(try #require(settled.value) - 0.98) < 1e-9)
  }

  @Test func `thoughts that a service took out stand before the label's tokens`() async throws {
    // vLLM counts the tokens of the thoughts with those of the answer.
    let found = try await confidence(
      "Yes. A dog.",
      [
        ("<think>", 1, []), ("No", 0.5, [("Yes", 0.5)]), ("</think>", 1, []), ("Yes", 0.9, [("No", 0.1)]), (".", 1, []),
        (" A dog.", 1, []),
      ],
      answers: ["No", "Yes"])
    #expect(abs(try #require(found.value) - 0.9) < 1e-9)
    let kept = try await confidence(
      "<think>No</think>Yes.",
      [
        ("<think>", 1, []), ("No", 0.5, [("Yes", 0.5)]), ("</think>", 1, []), ("Yes", 0.9, [("No", 0.1)]), (".", 1, []),
      ],
      answers: ["No", "Yes"])
    #expect(abs(try #require(kept.value) - 0.9) < 1e-9)
  }

  @Test func `spellings of one label are one label in tokens too`() async throws {
    let found = try await confidence(
      "d'accord.", [("d'", 0.8, [("D’", 0.1), ("pas", 0.1)]), ("accord", 1, []), (".", 1, [])],
      answers: ["D’accord", "Pas d’accord"])
    #expect(found.label == "d’accord")
    #expect(abs(try #require(found.value) - 0.9) < 1e-9)
  }
}
