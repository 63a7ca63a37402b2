#if Run
  import Distillation
  import Foundation
  import GreenWorld
  import StudentServer
  import TeacherProtocol

  #if canImport(FoundationNetworking)
    import FoundationNetworking
  #endif

  /// Serves a finished run's student on this machine, and asks it about a record that nobody has labelled, as clients of decision
  /// models do.
  struct ServedDecision {
    /// The finished run.
    let run: DualCheckerRun
    /// What is asked about.
    let record: GreenRecord

    /// The server did not answer the question.
    struct Refused: Error {
      let answer: String
    }

    /// What was asked and what was answered.
    func ask() async throws -> String {
      let learned = try run.learnedQuestion()
      let server = try server(learned)
      let criteria = Dictionary(uniqueKeysWithValues: learned.labels.names.map { ($0, NSNull()) })
      let sent = try JSONSerialization.data(
        withJSONObject: [
          "model": "green", "state": ["summary": record.summary],
          "questions": [learned.name: ["type": "choice", "criteria": criteria]],
        ], options: [.sortedKeys, .withoutEscapingSlashes])
      let answer = try await server.withPort { port in
        var request = URLRequest(url: URL(string: "http://127.0.0.1:\(port)/v1/systemone")!)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.httpBody = sent
        let (answer, response) = try await URLSession.shared.data(for: request)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
          throw Refused(answer: String(decoding: answer, as: UTF8.self))
        }
        return answer
      }
      return """
        POST /v1/systemone \(String(decoding: sent, as: UTF8.self))
        \(String(decoding: answer, as: UTF8.self))
        """
    }

    private func server(_ learned: LearnedQuestion) throws -> StudentServer {
      var options = StudentServer.Options()
      var question = TrainedQuestion(
        name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
        decoder: learned.decoder, calibration: learned.calibration.map { $0.method.rawValue }
      ) { learned.calibration?.calibrated($0) ?? $0 }
      (question.fixed, question.wholeAnswers) = (learned.fixed, learned.wholeAnswers)
      switch try run.servedStudent() {
      case .model(let student):
        options.trained = question
        return StudentServer(student, name: "green", options: options)
      case .classifier(let classifier):
        question.classifier = classifier
        options.trained = question
        return StudentServer(classifierNamed: "green", options: options)
      }
    }
  }
#endif
