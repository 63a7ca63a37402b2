import JSON

#if Run
  import Foundation
  import LanguageModel
  import Layers
  import LoopbackServer
  import StudentModels
  import StudentServer
  import Tensor
  import Testing
  import Tokenization

  /// Folders that say themselves how questions are asked. What is expected is put together by hand from the rules of
  /// `prepare_inputs` in transformers 5.24.0.
  @Suite struct DecisionTemplateTests {
    let served: ServedStudent

    init() throws { served = try ServedStudent() }

    /// The settings of a folder with these files.
    func settings(_ template: String, _ json: String = "{}") throws -> DecisionSettings {
      let folder = FileManager.default.temporaryDirectory.appending(path: "template-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(json.utf8).write(to: folder.appending(path: "decision.json"))
      if !template.isEmpty { try Data(template.utf8).write(to: folder.appending(path: "decision_template.jinja")) }
      return try DecisionSettings(contentsOf: folder)
    }

    /// Labels that are single tokens of the student.
    static let letters = #"{"labels": {"noul": ["Y", "N"]}}"#

    func ask(_ body: String, _ template: String, _ json: String = letters) async throws -> (Int, JSONValue) {
      var options = StudentServer.Options()
      options.decisions = try settings(template, json)
      let server = StudentServer(served.student, name: "tiny", options: options)
      let response = await server.answer(LoopbackRequest("POST", "/v1/systemone", body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return (response.status, try JSONParser.value(of: String(decoding: bytes, as: UTF8.self)))
    }

    /// The probabilities of labels behind tokens.
    func probabilities(_ labels: [String], _ ids: [Int], _ images: [PromptImage] = []) -> [Double] {
      let student = served.student
      let last = student.logits(of: ids, images: images).scalars.suffix(student.decoder.vocabularySize)
      let logits = Array(last)
      let weights = labels.map { exp(Double(logits[student.tokenizer.encode($0, addingSpecialTokens: false)[0]])) }
      return weights.map { $0 / weights.reduce(0, +) }
    }

    func isClose(_ found: [JSONValue?], _ expected: [Double]) -> Bool {
      found.count == expected.count && zip(found, expected).allSatisfy { abs(($0?.double ?? .nan) - $1) < 1e-4 }
    }

    @Test func `a template of one question writes the whole prompt, and its end is read`() async throws {
      let (status, answer) = try await ask(
        #"{"model": "tiny", "state": {"a": 1}, "questions": {"q": {"type": "choice", "criteria": {"wet": null, "dry": "no rain"}}}}"#,
        "{{ question.name }}|{{ question.type }}|{{ state.a }}|{{ question.options|join(',') }}|{{ question.labels|join }}|"
          + "{{ question.descriptions[1] }}|{{ messages[0].role }}{{ messages[0].content }}|{{ add_generation_prompt }}"
      )
      #expect(status == 200, "\(answer.text)")
      let ids = try served.student.ids(of: "q|choice|1|wet,dry|AB|no rain|user|True", images: [])
      let found = answer["answers"]?["q"]?["probabilities"]
      #expect(isClose([found?["wet"], found?["dry"]], probabilities(["A", "B"], ids)))
      #expect(answer["usage"]?["input_tokens"]?.integer == ids.count)
    }

    let together =
      "{{ state }}{% for q in questions %} {{ q.instructions }}<|split|>? {{ q.labels|join(' or ') }}:<|mark|>{% endfor %}"

    @Test func `a template of all questions is read at each mark, and marks are no tokens`() async throws {
      let (status, answer) = try await ask(
        #"""
        {"model": "tiny", "state": "It rains.", "questions": {"a": {"type": "noul", "instructions": "Wet"},
         "b": {"type": "score", "instructions": "Cold", "criteria": ["no", "yes"]}}}
        """#, together)
      #expect(status == 200, "\(answer.text)")
      let student = served.student
      func ids(_ text: String) -> [Int] { student.tokenizer.encode(text, addingSpecialTokens: false) }
      // What stands between two marks is tokenised apart.
      let first = try student.ids(of: "It rains. Wet", images: []) + ids("? Y or N:")
      let second = first + ids(" Cold") + ids("? A or B:")
      #expect(isClose([answer["answers"]?["a"]?["noul"]], [probabilities(["Y", "N"], first)[0]]))
      let levels = answer["answers"]?["b"]?["probabilities"]
      #expect(isClose([levels?["0"], levels?["1"]], probabilities(["A", "B"], second)))
    }

    @Test func `a mark that a request spells is text`() async throws {
      let (status, answer) = try await ask(
        #"{"model": "tiny", "state": "<|mark|><|im_end|>", "questions": {"a": {"type": "noul", "instructions": "Wet"}}}"#,
        together)
      #expect(status == 200 && answer["answers"]?["a"]?["noul"]?.double != nil, "\(answer.text)")
      // A member's name is not looked at by transformers: it would be read as the token.
      let (refused, fault) = try await ask(
        #"{"model": "tiny", "state": {"<|im_end|>": 1}, "questions": {"a": {"type": "noul"}}}"#, together)
      #expect(refused == 400 && fault["detail"]?.string?.contains("<|im_end|>") == true, "\(fault.text)")
    }

    @Test func `an image comes to the template as a part, in the order of the request`() async throws {
      let photo = try ServedStudent.photo(5)
      let data = photo.url.dropFirst("data:image/png;base64,".count)
      let token = try #require(served.student.imageToken.flatMap(served.student.tokenizer.token))
      let (status, answer) = try await ask(
        #"""
        {"model": "tiny", "state": {"text": "See", "photo": "p"}, "questions": {"q": {"type": "noul"}},
         "assets": {"p": {"type": "image", "format": "png", "data_base64": "\#(data)"}}}
        """#,
        "{{ state.text }}{% for part in state.photo %}{{ '\(token)' if part.type == 'image' }}{% endfor %}{{ question.labels|join }}"
      )
      #expect(status == 200, "\(answer.text)")
      let student = served.student
      let image = student.encoded(try student.image(photo.image))
      let ids = try student.ids(of: "See\(token)YN", images: [image])
      #expect(isClose([answer["answers"]?["q"]?["noul"]], [probabilities(["Y", "N"], ids, [image])[0]]))
    }

    @Test func `a template for a head, more options than labels, and what it raises itself are refused`() async throws {
      let choice = #"{"type": "choice", "criteria": {"a": null, "b": null}}"#
      let question = #"{"model": "tiny", "state": "s", "questions": {"q": \#(choice)}}"#
      let head = "{% for option in question.options %}{{ option }}<|mark|>{% endfor %}"
      let (_, marks) = try await ask(question, head)
      #expect(marks["detail"]?.string?.contains("marks 2 places for 1 question") == true, "\(marks.text)")
      let (status, options) = try await ask(question, "{{ state }}", #"{"labels": {"choice": ["x"]}}"#)
      #expect(status == 400 && options["detail"]?.string?.contains("2 options") == true, "\(options.text)")
      let (_, raised) = try await ask(question, "{{ raise_exception('not this one') }}{{ state }}")
      #expect(raised["detail"]?.string?.contains("not this one") == true, "\(raised.text)")
      #expect(throws: TokenizerError.self) { try settings("{% set state = 1 %}{{ state }}") }
      #expect(throws: TokenizerError.self) { try settings("{{ state ") }
    }

    @Test func `a folder that would read tokens in requests answers those that spell none`() async throws {
      let json = #"{"sanitize_control_tokens": false, "labels": {"noul": ["Y", "N"]}}"#
      func body(_ state: String) -> String {
        #"{"model": "tiny", "state": "\#(state)", "questions": {"a": {"type": "noul", "instructions": "Wet"}}}"#
      }
      for template in [together, ""] {
        let (status, answer) = try await ask(body("It rains."), template, json)
        let (_, other) = try await ask(body("It rains."), template)
        #expect(status == 200 && answer["answers"] == other["answers"], "\(answer.text)")
        let (refused, fault) = try await ask(body("<|im_end|>"), template, json)
        #expect(refused == 400 && fault["detail"]?.string?.contains("<|im_end|>") == true, "\(fault.text)")
      }
    }

    @Test func `an adapter is a folder within the model's`() throws {
      #expect(try settings("", #"{"adapter": "adapter"}"#).adapter?.lastPathComponent == "adapter")
      #expect(try settings("", #"{"adapter": null}"#).adapter == nil)
      for other in ["/etc", "../x", ""] {
        #expect(throws: TokenizerError.self) { try settings("", #"{"adapter": "\#(other)"}"#) }
      }
    }
  }
#endif
