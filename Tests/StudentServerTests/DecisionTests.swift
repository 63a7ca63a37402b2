import JSON

#if Run
  import Foundation
  import Layers
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TestSupport
  import Tensor
  import Testing
  import Tokenization

  /// Typed questions in System One's form and in OpenAI's.
  @Suite struct DecisionTests {
    let served: ServedStudent

    init() throws { served = try ServedStudent() }

    /// A server that reads these settings in its model's folder.
    func server(_ settings: String) throws -> StudentServer {
      let folder = FileManager.default.temporaryDirectory.appending(path: "decision-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(settings.utf8).write(to: folder.appending(path: "decision.json"))
      var options = StudentServer.Options()
      options.decisions = try DecisionSettings(contentsOf: folder)
      return StudentServer(served.student, name: "tiny", options: options)
    }

    /// What is answered at a path, and under which status.
    func post(_ body: String, to path: String, of server: StudentServer? = nil) async throws -> (Int, JSONValue) {
      let response = await (server ?? served.server).answer(LoopbackRequest("POST", path, body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return (response.status, try JSONParser.value(of: String(decoding: bytes, as: UTF8.self)))
    }

    /// The probabilities of single tokens behind a prompt, computed without any sharing.
    func probabilities(of labels: [String], behind prompt: String, temperature: Double = 1) throws -> [Double] {
      let student = served.student
      let text = try student.rendered([.user([.text(prompt)])], addingGenerationPrompt: true)
      let logits = student.logits(of: try student.ids(of: text, images: []), images: [])
      let last = Array(logits.scalars.suffix(logits.shape[1]))
      let weights = labels.map {
        exp(Double(last[student.tokenizer.encode($0, addingSpecialTokens: false)[0]]) / temperature)
      }
      return weights.map { $0 / weights.reduce(0, +) }
    }

    func isClose(_ found: [Double?], _ expected: [Double]) -> Bool {
      found.count == expected.count && zip(found, expected).allSatisfy { abs(($0 ?? .nan) - $1) < 1e-4 }
    }

    // The prompt is the one that transformers 5.24.0 prints for the request (DECISION_PROMPT).
    static let choice = """
      It rains.

      What is it?
      A. wet: {"a": [1, 2.0, null]}
      B. dry
      Answer with the letter of the option that fits best (A to B) only.
      """

    @Test func `a choice's probabilities are those of its letters behind the prompt`() async throws {
      let (status, answer) = try await post(
        #"""
        {"model": "tiny", "state": "It rains.", "questions": {"q": {"type": "choice", "instructions": "What is it?",
         "criteria": {"wet": {"a": [1, 2.0, null]}, "dry": null}}}}
        """#, to: "/v1/systemone")
      #expect(status == 200)
      let expected = try probabilities(of: ["A", "B"], behind: Self.choice)
      let found = answer["answers"]?["q"]
      #expect(isClose(["wet", "dry"].map { found?["probabilities"]?[$0]?.double }, expected))
      #expect(found?["choice"]?.string == (expected[0] >= expected[1] ? "wet" : "dry"))
      let best = try #require(expected.max())
      #expect(isClose([found?["confidence"]?.double], [(best - 0.5) / 0.5]))
      let text = try served.student.rendered([.user([.text(Self.choice)])], addingGenerationPrompt: true)
      let count = try served.student.ids(of: text, images: []).count
      #expect(answer["usage"] == ["input_tokens": .number(count), "output_tokens": 0])
    }

    @Test func `OpenAI's form asks the same, and tells a text from a boolean`() async throws {
      let (status, answer) = try await post(
        #"""
        {"model": "tiny", "input": [{"role": "user", "content": "It rains."}], "safety_identifier": "x", "questions": [
          {"type": "choice", "name": "q", "instructions": "What is it?", "choices": [
            {"value": "wet", "description": "{\"a\": [1, 2.0, null]}"}, {"value": "dry"}]},
          {"type": "choice", "instructions": "Is it?", "choices": [{"value": true}, {"value": "true"}]},
          {"type": "score", "name": null, "instructions": [{"type": "input_text", "text": "How wet?"}], "levels": [
            {"label": "not"}, {"label": "little", "description": "some drops"}, {"label": "much"}]}]}
        """#, to: "/v1/decisions")
      #expect(status == 200)
      let answers = try #require(answer["answers"]?.elements)
      #expect(answers.map { $0["type"]?.string } == ["choice", "choice", "score"])
      #expect(answers.map { $0["name"] } == ["q", .null, .null])
      let first = try #require(answers[0]["probabilities"]?.elements)
      #expect(first.map { $0["value"]?.string } == ["wet", "dry"])
      #expect(isClose(first.map { $0["probability"]?.double }, try probabilities(of: ["A", "B"], behind: Self.choice)))
      #expect(answers[1]["probabilities"]?.elements?.map { $0["value"] } == [true, "true"])
      let levels = try #require(answers[2]["probabilities"]?.elements)
      let prompt = """
        It rains.

        How wet?
        A. not
        B. little: some drops
        C. much
        Answer with the letter of the level that fits best (A to C) only.
        """
      let expected = try probabilities(of: ["A", "B", "C"], behind: prompt)
      #expect(isClose(levels.map { $0["probability"]?.double }, expected))
      #expect(levels.map { $0["label"]?.string } == ["not", "little", "much"])
      #expect(levels.map { $0["value"]?.integer } == [0, 1, 2])
      #expect(isClose([answers[2]["score"]?.double], [expected[1] + 2 * expected[2]]))
      // The expected distance from the best level against that of even levels from the middle, which is 2/3.
      let best = try #require(expected.indices.max { expected[$0] < expected[$1] })
      let distance = expected.indices.reduce(0) { $0 + expected[$1] * Double(abs($1 - best)) }
      #expect(isClose([answers[2]["confidence"]?.double], [max(0, 1 - distance * 1.5)]))
      let usage = try #require(answer["usage"])
      #expect(usage["total_tokens"] == usage["input_tokens"] && usage["output_tokens"] == 0)
      #expect(usage["output_tokens_details"] == ["reasoning_tokens": 0])
    }

    @Test func `labels, temperatures and the order of a yes/no question are the folder's`() async throws {
      let server = try server(
        #"{"labels": {"noul": ["N", "Y"], "choice": ["x", "y"]}, "temperature": {"noul": 2.5}, "noul_options": ["false", "true"], "sort_choices": 1}"#
      )
      let (status, answer) = try await post(
        #"""
        {"model": "tiny", "state": {"b": 1}, "questions": {"rain": {"type": "noul", "criteria": {"true": "it rains"}}, "q": {
          "type": "choice", "criteria": {"wet": null, "dry": null}}}}
        """#, to: "/v1/systemone", of: server)
      #expect(status == 200)
      let prompt = "{\"b\": 1}\n\nN: false\nY: it rains\nAnswer N or Y only."
      let expected = try probabilities(of: ["N", "Y"], behind: prompt, temperature: 2.5)
      #expect(isClose([answer["answers"]?["rain"]?["noul"]?.double], [expected[1]]))
      let other = "{\"b\": 1}\n\nx. wet\ny. dry\nAnswer with the label of the option that fits best (x to y) only."
      let pair = try probabilities(of: ["x", "y"], behind: other)
      #expect(isClose(["wet", "dry"].map { answer["answers"]?["q"]?["probabilities"]?[$0]?.double }, pair))
    }

    @Test(arguments: [
      #"{"temperature": {"noul": 0}}"#, #"{"labels": {"choice": "A"}}"#, #"{"noul_options": ["true"]}"#, "[]",
    ])
    func `settings that can't be meant are refused with their field`(settings: String) {
      #expect(throws: TokenizerError.self) { try server(settings) }
    }

    @Test func `more options than letters are told apart by numbers`() async throws {
      let criteria = (0..<40).map { "\"option \($0)\": null" }.joined(separator: ", ")
      let (status, answer) = try await post(
        #"{"model": "tiny", "state": "s", "questions": {"q": {"type": "choice", "criteria": {\#(criteria)}}}}"#,
        to: "/v1/systemone")
      #expect(status == 200)
      let found = try #require(answer["answers"]?["q"]?["probabilities"]?.members)
      #expect(found.count == 40)
      #expect(abs(found.reduce(0) { $0 + ($1.value.double ?? .nan) } - 1) < 1e-9)
    }

    @Test func `an image stands where its name does, in both forms alike`() async throws {
      let photo = try ServedStudent.photo(5)
      let data = photo.url.dropFirst("data:image/png;base64,".count)
      let question = #""instructions": "Is photo-1 red?""#
      let (status, one) = try await post(
        #"""
        {"model": "tiny", "state": "See", "questions": {"q": {"type": "score", \#(question), "criteria": ["no", "yes"]}},
         "assets": {"photo-1": {"type": "image", "format": "png", "data_base64": "\#(data)"}, "photo": {"type": "image",
         "format": "png", "data_base64": "\#(data)"}}}
        """#, to: "/v1/systemone")
      #expect(status == 200)
      let student = served.student
      let image = student.encoded(try student.image(photo.image))
      let rest = " red?\nA. no\nB. yes\nAnswer with the letter of the level that fits best (A to B) only."
      let text = try student.rendered(
        [.user([.text("See\n\nIs "), .image, .text(rest)])], addingGenerationPrompt: true)
      let logits = student.logits(of: try student.ids(of: text, images: [image]), images: [image])
      let last = Array(logits.scalars.suffix(logits.shape[1]))
      let weights = ["A", "B"].map { exp(Double(last[student.tokenizer.encode($0, addingSpecialTokens: false)[0]])) }
      let expected = weights.map { $0 / (weights[0] + weights[1]) }
      #expect(isClose(["0", "1"].map { one["answers"]?["q"]?["probabilities"]?[$0]?.double }, expected))
      let (_, other) = try await post(
        #"""
        {"model": "tiny", "input": "See", "questions": [{"type": "score", "levels": [{"label": "no"}, {"label": "yes"}],
         "instructions": [{"type": "input_text", "text": "Is"}, {"type": "input_image", "image_url": "\#(photo.url)"}]}]}
        """#, to: "/v1/decisions")
      #expect(other["answers"]?[0]?["probabilities"]?.elements?.count == 2)
    }

    @Test func `tokens that a state spells are read as text`() async throws {
      let student = served.student
      let spelled = "say <image> and <|im_end|> now"
      let ids = try (student as any QuestionReader).literalIDs(of: [.user([.text(spelled)])], images: [])
      #expect(student.tokenizer.decode(ids).contains(spelled))
      let plain = try (student as any QuestionReader).literalIDs(of: [.user([.text("say")])], images: [])
      #expect(ids.filter(student.tokenizer.isSpecial) == plain.filter(student.tokenizer.isSpecial))
      let (status, _) = try await post(
        #"{"model": "tiny", "state": "\#(spelled)", "questions": {"q": {"type": "choice", "criteria": {"a": null}}}}"#,
        to: "/v1/systemone")
      #expect(status == 200)
    }

    @Test func `what several questions begin with is read once, and each has the answer that it has alone`()
      async throws
    {
      let state = String(repeating: "The caption names a place. ", count: 6)
      func question(_ number: Int) -> String {
        #"{"type": "choice", "name": "\#(number)", "instructions": "Number \#(number)?", "choices": [{"value": "a"}, {"value": "b"}]}"#
      }
      func ask(_ questions: [String]) async throws -> JSONValue {
        let body = #"{"model": "tiny", "input": "\#(state)", "questions": [\#(questions.joined(separator: ", "))]}"#
        let (status, answer) = try await post(body, to: "/v1/decisions")
        #expect(status == 200)
        return answer
      }
      let together = try await ask((0..<16).map(question))
      for number in 0..<16 {
        let alone = try await ask([question(number)])
        #expect(alone["usage"]?["input_tokens_details"]?["cached_tokens"] == 0)
        let pairs = [together["answers"]?[number], alone["answers"]?[0]].map { answer in
          (answer?["probabilities"]?.elements ?? []).map { $0["probability"]?.double ?? .nan }
        }
        #expect(isClose(pairs[0], pairs[1]))
      }
      let cached = try #require(together["usage"]?["input_tokens_details"]?["cached_tokens"]?.integer)
      #expect(cached > 15 * 64)
    }

    @Test func `all faults of a System One request are told at once, with their places`() async throws {
      let (status, answer) = try await post(
        #"""
        {"state": 3, "more": 1, "questions": {"a": {"type": "yes"}, "b": {"type": "choice", "criteria": {}}, "c": {"type": "noul",
         "criteria": {"maybe": null}}, "d": {"type": "score", "criteria": [null]}, "e": 4}, "assets": {"x": {"type": "image"}}}
        """#, to: "/v1/systemone")
      #expect(status == 422)
      let places = try #require(answer["detail"]?.elements).map { fault in
        (fault["loc"]?.elements ?? []).map { $0.string ?? $0.text }.joined(separator: ".")
      }
      #expect(
        Set(places) == [
          "body.model", "body.state", "body.more", "body.questions.a.type", "body.questions.b.criteria",
          "body.questions.c.criteria.maybe", "body.questions.d.criteria.0", "body.questions.e", "body.assets.x",
        ])
    }

    @Test func `all faults of a decision request are told at once, in OpenAI's words`() async throws {
      let (status, answer) = try await post(
        #"""
        {"model": "tiny", "input": [{"type": "function_call", "name": "f", "arguments": "{}", "call_id": "1"}, {"role": "user",
         "content": [{"type": "input_image", "image_url": "https://example.org/a.png"}]}], "stream": true, "questions": [
          {"type": "predicate"}, {"type": "choice", "instructions": "x", "choices": [{"value": "a"}, {"value": "a"}]},
          {"type": "score", "instructions": "x", "levels": [{"label": "a"}]}]}
        """#, to: "/v1/decisions")
      #expect(status == 400)
      let message = try #require(answer["error"]?["message"]?.string)
      for field in [
        "stream: ", "input[0].type: ", "input[1].content[0].image_url: ", "questions[0].instructions: ",
        "questions[1].choices[1].value: ", "questions[2].levels: ",
      ] { #expect(message.contains(field), "\(field) in \(message)") }
    }

    @Test(arguments: ["/v1/systemone", "/v1/decisions"])
    func `a model that is not here, and a body that is none, have the form's own faults`(path: String) async throws {
      let isOpenAI = path == "/v1/decisions"
      let body =
        isOpenAI
        ? #"{"model": "other", "input": "x", "questions": [{"type": "predicate", "instructions": "x"}]}"#
        : #"{"model": "other", "state": "x", "questions": {"q": {"type": "noul"}}}"#
      let (status, answer) = try await post(body, to: path)
      #expect(status == 404)
      #expect((isOpenAI ? answer["error"]?["message"] : answer["detail"])?.string?.contains("'other'") == true)
      #expect(try await post("{", to: path).0 == (isOpenAI ? 400 : 422))
    }
  }
#endif
