#if Run
  import Distillation
  import Foundation
  import StudentServer

  #if canImport(FoundationNetworking)
    import FoundationNetworking
  #endif

  /// Serves a finished run's student on this machine, and asks it about one photo with its caption as clients of decision
  /// models do.
  struct ServedDecision {
    /// The run's folder, with the world that it is about.
    let folder: URL

    /// The server did not answer the question.
    struct Refused: Error {
      let answer: String
    }

    /// What was asked, the photo's bytes left out, and what was answered.
    func ask() async throws -> String {
      let run = try DistillationRun.opening(folder)
      let learned = try run.learnedQuestion()
      var options = StudentServer.Options()
      options.trained = TrainedQuestion(
        name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
        decoder: learned.decoder, calibration: learned.calibration.map { $0.method.rawValue }
      ) { learned.calibration?.calibrated($0) ?? $0 }
      let server = StudentServer(try run.trainedStudent(in: nil), name: "demo", options: options)
      let item = try item()
      let photo = try Data(contentsOf: folder.appending(path: "world/\(item.image)"))
      func body(_ bytes: String) throws -> Data {
        try JSONSerialization.data(
          withJSONObject: [
            "model": "demo",
            "state": ["caption": item.caption, "image": "img-1"],
            "questions": [learned.name: ["type": "noul"]],
            "assets": ["img-1": ["type": "image", "format": "png", "data_base64": bytes]],
          ], options: [.sortedKeys, .withoutEscapingSlashes])
      }
      let sent = try body(photo.base64EncodedString())
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
        POST /v1/systemone \(String(decoding: try body("..."), as: UTF8.self))
        \(String(decoding: answer, as: UTF8.self))
        """
    }

    /// The first item of the test split.
    private func item() throws -> (caption: String, image: String) {
      struct Pair: Decodable {
        var caption, image, split: String
      }
      let lines = try String(contentsOf: folder.appending(path: "world/pairs.jsonl"), encoding: .utf8)
      for line in lines.split(separator: "\n") {
        let pair = try JSONDecoder().decode(Pair.self, from: Data(line.utf8))
        if pair.split == "test" { return (pair.caption, pair.image) }
      }
      throw CocoaError(.fileReadCorruptFile)
    }
  }
#endif
