#if Run
  import Evaluation
  import Foundation
  import ImageDecoding
  import JSON
  import Layers
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Testing
  import TwoStage

  /// The question that a student was distilled on, asked by its name.
  @Suite struct TrainedQuestionTests {
    let served: ServedStudent
    let question: TrainedQuestion
    let prompt: PromptTemplate
    let labels: LabelSet
    let mapping = FieldMapping(image: "photo", text: "review", label: "gold", evidence: ["place": "where"])

    init() throws {
      served = try ServedStudent()
      prompt = try PromptTemplate("Caption: {text}\n{photo}\n[[Place: {place}\n]]Does it fit?")
      labels = try LabelSet(
        [
          .init(name: "fits", answer: "Yes, it fits", meaning: "as the caption says"),
          .init(name: "misfits", answer: "No, it does not"),
        ], positive: "misfits")
      question = TrainedQuestion(name: "gold", prompt: prompt, labels: labels, mapping: mapping)
    }

    func server(_ question: TrainedQuestion? = nil) -> StudentServer {
      var options = StudentServer.Options()
      options.trained = question ?? self.question
      return StudentServer(served.student, name: "tiny", options: options)
    }

    /// A question about a text alone.
    func onText(_ calibrated: @escaping @Sendable ([Double]) -> [Double] = { $0 }) throws -> TrainedQuestion {
      TrainedQuestion(
        name: "gold", prompt: try PromptTemplate("{text}\nWhich?"), labels: labels,
        mapping: FieldMapping(text: "review"), calibrated: calibrated)
    }

    func answer(
      _ path: String, _ body: String = "", of server: StudentServer? = nil, method: String = "POST"
    ) async throws -> (status: Int, value: JSONValue) {
      let response = await (server ?? self.server()).answer(LoopbackRequest(method, path, body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return (response.status, try JSONParser.value(of: String(decoding: bytes, as: UTF8.self)))
    }

    /// What `distill predict` gives for the row of a file, by way of files and not of a request.
    func predicted(_ row: String, photo: UInt64? = nil) throws -> [String: Double] {
      let folder = FileManager.default.temporaryDirectory.appending(path: "trained-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      if let photo { try Data(ServedStudent.photo(photo).image.pngData()).write(to: folder.appending(path: "a.png")) }
      let file = folder.appending(path: "rows.jsonl")
      try Data(row.utf8).write(to: file)
      var mapping = mapping
      (mapping.label, mapping.id) = (nil, [])
      let data = try Dataset(contentsOf: file, mapping: mapping)
      let student = served.student
      let images = StudentImages(of: data.items, in: data) { url in
        student.encoded(try student.image(ImageDecoder().decode(contentsOf: url.path)))
      }
      let targets = StageTargets(for: student, labels: labels, prompt: prompt, images: images)
      return try targets.predictions(for: data.items, by: student)[0].probabilities
    }

    func isClose(_ found: JSONValue?, _ expected: Double?, _ distance: Double = 1e-9) -> Bool {
      abs((found?.double ?? .nan) - (expected ?? .nan)) <= distance
    }

    let choice = #""gold": {"type": "choice", "criteria": {"misfits": null, "fits": "as the caption says"}}"#

    @Test func `an item's fields are answered with the probabilities that predict gives its row`() async throws {
      let expected = try predicted(#"{"review": "A harbour", "where": "Odessa", "photo": "a.png"}"#, photo: 3)
      #expect(abs(expected.values.reduce(0, +) - 1) < 1e-9)
      let data = try ServedStudent.photo(3).url.dropFirst("data:image/png;base64,".count)
      let (status, value) = try await answer(
        "/v1/systemone",
        #"""
        {"model": "tiny", "state": {"photo": "p-1", "review": "A harbour", "where": "Odessa", "id": 7}, "questions": {\#(choice)},
         "assets": {"p-1": {"type": "image", "format": "png", "data_base64": "\#(data)"}}}
        """#)
      #expect(status == 200, "\(value.text)")
      let found = value["answers"]?["gold"]
      #expect(found?["probabilities"]?.members?.map(\.name) == ["misfits", "fits"])
      for (name, probability) in expected { #expect(isClose(found?["probabilities"]?[name], probability)) }
    }

    @Test func `levels are answered with a score where the labels are ordered, and with none where they are not`()
      async throws
    {
      let levels = try LabelSet(
        [.init(name: "low", answer: "Low", meaning: "can wait"), .init(name: "high", answer: "High")], ordered: true)
      let ordered = TrainedQuestion(
        name: "gold", prompt: try PromptTemplate("{text}\nWhich?"), labels: levels,
        mapping: FieldMapping(text: "review"))
      let server = server(ordered)
      func body(_ question: String) -> String {
        #"{"model": "tiny", "state": "A harbour", "questions": {"gold": \#(question)}}"#
      }
      let (_, choice) = try await answer(
        "/v1/systemone", body(#"{"type": "choice", "criteria": {"low": null, "high": null}}"#), of: server)
      let high = try #require(choice["answers"]?["gold"]?["probabilities"]?["high"]?.double)
      for criteria in [#"["low", "high"]"#, #"["can wait", "high"]"#] {
        let (status, value) = try await answer(
          "/v1/systemone", body(#"{"type": "score", "criteria": \#(criteria)}"#), of: server)
        #expect(status == 200, "\(value.text)")
        // Of two levels the expected one is the probability of the higher.
        #expect(isClose(value["answers"]?["gold"]?["score"], high))
        #expect(isClose(value["answers"]?["gold"]?["probabilities"]?["1"], high))
      }
      let (_, other) = try await answer(
        "/v1/decisions",
        #"""
        {"model": "tiny", "input": "A harbour", "questions": [{"type": "score", "name": "gold", "instructions": "gold",
         "levels": [{"label": "low"}, {"label": "high"}]}]}
        """#, of: server)
      #expect(isClose(other["answers"]?[0]?["score"], high), "\(other.text)")
      for criteria in [#"["high", "low"]"#, #"["low"]"#, #"["low", "high", "higher"]"#] {
        let (status, value) = try await answer(
          "/v1/systemone", body(#"{"type": "score", "criteria": \#(criteria)}"#), of: server)
        #expect(status == 422 && value.text.contains("The levels of 'gold' are 'low', 'high', from the lowest."))
      }
      let (status, value) = try await answer(
        "/v1/systemone", body(#"{"type": "score", "criteria": ["fits", "misfits"]}"#), of: self.server(onText()))
      #expect(status == 422 && value.text.contains("'gold' has no levels"))
    }

    @Test func `both forms, types and spellings of an item have one answer`() async throws {
      let expected = try predicted(#"{"review": "A harbour", "where": null, "photo": "a.png"}"#, photo: 3)
      let url = try ServedStudent.photo(3).url
      let (_, one) = try await answer(
        "/v1/systemone",
        #"{"model": "tiny", "state": {"text": "A harbour", "place": null, "photo": ["\#(url)"]}, "questions": {"gold": {"type": "noul", "instructions": "gold"}}}"#
      )
      // Yes is what answers with yes, whichever label the run looks for.
      #expect(isClose(one["answers"]?["gold"]?["noul"], expected["fits"]), "\(one.text)")
      let (_, other) = try await answer(
        "/v1/decisions",
        #"""
        {"model": "tiny", "input": [{"role": "user", "content": [
          {"type": "input_json", "data": {"review": "A harbour", "where": null}}, {"type": "input_image", "image_url": "\#(url)"}]}],
         "questions": [{"type": "predicate", "name": "gold", "instructions": \#(JSONValue.string(prompt.text).text)}]}
        """#)
      #expect(isClose(other["answers"]?[0]?["probability"], expected["fits"]), "\(other.text)")
      #expect(other["usage"]?["input_tokens"] == one["usage"]?["input_tokens"])
    }

    @Test func `a text alone is the item where the prompt names one field`() async throws {
      let alone = try onText()
      let server = server(alone)
      let (_, text) = try await answer(
        "/v1/systemone", #"{"model": "tiny", "state": "A harbour", "questions": {\#(choice)}}"#, of: server)
      let (_, fields) = try await answer(
        "/v1/systemone", #"{"model": "tiny", "state": {"review": "A harbour"}, "questions": {\#(choice)}}"#, of: server)
      #expect(text["answers"] != nil && text == fields, "\(text.text)")
      let (status, list) = try await answer(
        "/v1/systemone", #"{"model": "tiny", "state": ["A harbour"], "questions": {\#(choice)}}"#, of: server)
      #expect(status == 422 && list["detail"]?[0]?["loc"] == ["body", "state"], "\(list.text)")
    }

    @Test func `a question about images alone is asked about an image, whatever stands under its name`() async throws {
      let photos = TrainedQuestion(
        name: "gold", prompt: try PromptTemplate("Does it fit?"), labels: labels, mapping: mapping)
      for state in ["{}", #"{"photo": null}"#, #"{"photo": []}"#] {
        let (status, value) = try await answer(
          "/v1/systemone", #"{"model": "tiny", "state": \#(state), "questions": {\#(choice)}}"#, of: server(photos))
        #expect(status == 422 && value["detail"]?[0]?["loc"] == ["body", "state", "photo"], "\(value.text)")
        #expect(value["detail"]?[0]?["msg"]?.string?.contains("a data URL (data:image/png;base64,...)") == true)
        #expect(!value.text.contains("send null"), "\(value.text)")
      }
      let url = try ServedStudent.photo(3).url
      let (status, _) = try await answer(
        "/v1/systemone", #"{"model": "tiny", "state": {"photo": "\#(url)"}, "questions": {\#(choice)}}"#,
        of: server(photos))
      #expect(status == 200)
    }

    @Test func `probabilities are those that the run's calibration makes of them`() async throws {
      let plain = try onText()
      let sharper = try onText { p in p.map { $0 * $0 / (p[0] * p[0] + p[1] * p[1]) } }
      let body = #"{"model": "tiny", "state": "A harbour", "questions": {\#(choice)}}"#
      let before = try await answer("/v1/systemone", body, of: server(plain)).value["answers"]?["gold"]
      let after = try await answer("/v1/systemone", body, of: server(sharper)).value["answers"]?["gold"]
      let p = try #require(before?["probabilities"]?["misfits"]?.double)
      #expect(isClose(after?["probabilities"]?["misfits"], p * p / (p * p + (1 - p) * (1 - p))))
    }

    @Test func `questions of other names are asked as any model is asked`() async throws {
      let body =
        #"{"model": "tiny", "state": "A harbour", "questions": {"other": {"type": "choice", "criteria": {"fits": null, "misfits": null}}}}"#
      #expect(
        try await answer("/v1/systemone", body).value == answer("/v1/systemone", body, of: served.server).value)
    }

    @Test func `trained and other questions of one request are each answered as alone`() async throws {
      let plain = try onText()
      let other = #""other": {"type": "choice", "criteria": {"wet": null, "dry": null}}"#
      func ask(_ questions: String) async throws -> JSONValue {
        try await answer(
          "/v1/systemone", #"{"model": "tiny", "state": "A harbour", "questions": {\#(questions)}}"#, of: server(plain)
        ).value["answers"] ?? .null
      }
      let (both, one, two) = (try await ask("\(other), \(choice)"), try await ask(other), try await ask(choice))
      #expect(
        isClose(both["other"]?["probabilities"]?["wet"], one["other"]?["probabilities"]?["wet"]?.double, 1e-6))
      #expect(
        isClose(both["gold"]?["probabilities"]?["fits"], two["gold"]?["probabilities"]?["fits"]?.double, 1e-6))
    }

    @Test func `what could mean another question is refused under the trained one's name, all at once`() async throws {
      let (status, value) = try await answer(
        "/v1/systemone",
        #"""
        {"model": "tiny", "state": {"reviews": "A harbour", "where": null}, "questions": {
          "gold": {"type": "choice", "instructions": "Is it gold?", "criteria": {"fits": null, "others": null}}}}
        """#)
      #expect(status == 422)
      let places = try #require(value["detail"]?.elements).map { fault in
        (fault["loc"]?.elements ?? []).compactMap(\.string).joined(separator: ".")
      }
      #expect(
        places == [
          "body.questions.gold.instructions", "body.questions.gold.criteria", "body.state.review", "body.state.photo",
        ], "\(value.text)")
      for question in [
        #"{"type": "score", "criteria": ["fits", "misfits"]}"#,
        #"{"type": "noul", "criteria": {"true": "it fits"}}"#,
        #"{"type": "choice", "criteria": {"fits": null}}"#,
      ] {
        let state = #"{"review": "x", "where": "", "photo": []}"#
        let body = #"{"model": "tiny", "state": \#(state), "questions": {"gold": \#(question)}}"#
        #expect(try await answer("/v1/systemone", body).status == 422, "\(question)")
      }
      let (openAI, fault) = try await answer(
        "/v1/decisions",
        #"""
        {"model": "tiny", "input": "A harbour", "questions": [{"type": "choice", "name": "gold", "instructions": "gold", "choices": [
          {"value": "fits"}, {"value": true}]}]}
        """#)
      #expect(openAI == 400)
      let message = try #require(fault["error"]?["message"]?.string)
      #expect(message.contains("questions[0].criteria: ") && message.contains("input: "), "\(message)")
    }

    @Test func `the list of models says what can be asked, and of what`() async throws {
      let (status, value) = try await answer("/v1/models", method: "GET")
      #expect(status == 200 && value["object"] == "list" && value["data"]?[0]?["id"] == "tiny")
      #expect(
        value["data"]?[0]?["questions"] == [
          [
            "name": "gold", "types": ["choice", "noul"], "instructions": .string(prompt.text),
            "options": [
              ["value": "fits", "description": "as the caption says"], ["value": "misfits", "description": .null],
            ], "positive": "misfits", "yes": "fits", "state": ["review", "where"], "images": ["photo"],
            "calibration": .null,
          ]
        ])
      #expect(try await answer("/v1/models", of: served.server, method: "GET").value["data"]?[0]?["questions"] == [])
    }
  }
#endif
