#if Run
  import Foundation
  import JSON
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Testing

  /// The files by which others ask the question that a student was distilled on.
  @Suite struct DecisionExportTests {
    let served: ServedStudent
    let mapping = FieldMapping(image: "photo", text: "review", evidence: ["place": "where"])
    let prompt = "Caption: {text}\n{photo}\n[[Place: {place}\n]]{{labels}} {labels}\nDoes it fit?"

    init() throws { served = try ServedStudent() }

    func question(_ answers: [String], _ prompt: String? = nil, _ mapping: FieldMapping? = nil) throws
      -> TrainedQuestion
    {
      let labels = try LabelSet(
        [.init(name: "fits", answer: answers[0], meaning: "as it says"), .init(name: "misfits", answer: answers[1])],
        positive: "misfits")
      return TrainedQuestion(
        name: "gold", prompt: try PromptTemplate(prompt ?? self.prompt), labels: labels,
        mapping: mapping ?? self.mapping)
    }

    /// The settings of a folder with the exported files, and decision.json.
    func exported(
      _ question: TrainedQuestion, temperature: Double = 1
    ) throws -> (settings: DecisionSettings, file: JSONValue) {
      let folder = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try DecisionExport(question, of: served.student, temperature: temperature).write(to: folder, adapter: nil)
      let text = try String(contentsOf: folder.appending(path: "decision.json"), encoding: .utf8)
      return (try DecisionSettings(contentsOf: folder), try JSONParser.value(of: text))
    }

    func ask(_ body: String, _ change: (inout StudentServer.Options) -> Void) async throws -> JSONValue {
      var options = StudentServer.Options()
      change(&options)
      let server = StudentServer(served.student, name: "tiny", options: options)
      let response = await server.answer(LoopbackRequest("POST", "/v1/systemone", body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return try JSONParser.value(of: String(decoding: bytes, as: UTF8.self))
    }

    func body(_ state: String, _ questions: String) throws -> String {
      let data = try ServedStudent.photo(3).url.dropFirst("data:image/png;base64,".count)
      let asset = #"{"type": "image", "format": "png", "data_base64": "\#(data)"}"#
      return #"{"model": "tiny", "state": \#(state), "questions": {\#(questions)}, "assets": {"img-1": \#(asset)}}"#
    }

    let choice = #""gold": {"type": "choice", "criteria": {"fits": null, "misfits": null}}"#

    @Test(arguments: [
      #"{"review": "A harbour", "where": "Odessa", "photo": "img-1"}"#,
      #"{"photo": ["img-1"], "where": null, "text": " Two\nlines, \"é\" {x} ", "id": 4}"#,
      #"{"review": 1950, "place": true, "photo": "img-1"}"#,
    ])
    func `an exported folder answers an item as the run does`(state: String) async throws {
      let question = try question(["A", "B"])
      let (settings, file) = try exported(question)
      #expect(file["noul_options"] == ["true", "false"] && file["adapter"] == .null && file["temperature"] == [:])
      for asked in [choice, #""gold": {"type": "noul", "instructions": "gold"}"#] {
        let run = try await ask(body(state, asked)) { $0.trained = question }
        let folder = try await ask(body(state, asked)) { $0.decisions = settings }
        let (own, other) = (run["answers"]?["gold"], folder["answers"]?["gold"])
        let pairs = [("noul", nil), ("probabilities", "fits"), ("probabilities", "misfits")].compactMap { one, two in
          (two.map { own?[one]?[$0] } ?? own?[one])?.double.map {
            ($0, (two.map { other?[one]?[$0] } ?? other?[one])?.double)
          }
        }
        #expect(!pairs.isEmpty && pairs.allSatisfy { abs($0 - ($1 ?? .nan)) < 1e-6 }, "\(run.text) \(folder.text)")
      }
    }

    @Test func `a temperature divides the logits of every kind`() async throws {
      let question = try question(["A", "B"])
      let plain = try exported(question).settings
      let (settings, file) = try exported(question, temperature: 2)
      #expect(file["temperature"]?["choice"]?.double == 2 && file["temperature"]?["noul"]?.double == 2)
      let request = try body(#"{"review": "x", "where": null, "photo": "img-1"}"#, choice)
      let one = try await ask(request) { $0.decisions = plain }["answers"]?["gold"]?["probabilities"]?["fits"]?.double
      let two = try await ask(request) { $0.decisions = settings }["answers"]?["gold"]?["probabilities"]?["fits"]?
        .double
      let (p, q) = (try #require(one), try #require(two))
      #expect(abs(log(p / (1 - p)) / 2 - log(q / (1 - q))) < 1e-6)
    }

    @Test func `what the exported template does not answer is raised with the reason`() async throws {
      let settings = try exported(question(["A", "B"])).settings
      let item = #"{"review": "A harbour", "where": null, "photo": "img-1"}"#
      for (state, asked, reason) in [
        (item, #""other": {"type": "noul"}"#, "'gold' alone"),
        (item, #""gold": {"type": "choice", "criteria": {"misfits": null, "fits": null}}"#, "in this order"),
        (item, #""gold": {"type": "noul", "instructions": "Is it gold?"}"#, "a prompt of its own"),
        (item, #""gold": {"type": "noul", "criteria": {"true": "it fits"}}"#, "described otherwise"),
        (item, #""gold": {"type": "score", "criteria": ["a", "b"]}"#, "no levels"),
        (#""A harbour img-1""#, choice, "the item's own values"),
        (#"{"review": "A harbour", "photo": "img-1"}"#, choice, "'where' is missing"),
        (#"{"review": " ", "where": null, "photo": "img-1"}"#, choice, "'review' is empty"),
        (#"{"review": 1.5, "where": null, "photo": "img-1"}"#, choice, "must be a text"),
        (#"{"review": "see img-1", "where": null, "photo": null}"#, choice, "must be a text"),
        (#"{"review": "x", "where": null, "photo": "see img-1"}"#, choice, "the name of an asset"),
        (#"{"review": "x", "where": null, "photo": "img-2"}"#, choice, "the name of an asset"),
        (#"{"review": "<image>", "where": null, "photo": "img-1"}"#, choice, "<image>"),
      ] {
        let answer = try await ask(body(state, asked)) { $0.decisions = settings }
        #expect(answer["detail"]?.string?.contains(reason) == true, "\(state) \(asked): \(answer.text)")
      }
    }

    @Test func `what the files can't say is refused before anything is written`() throws {
      for (question, reason) in [
        (try question(["Yes, it fits", "No"]), "short answers"),
        (try question(["A", "B"], "{text} {photo:2}"), "single images"),
        (try question(["A", "B"], "{photo} {text} {photo}"), "one twice"),
      ] {
        let error = #expect(throws: DecisionExportProblem.self) {
          try DecisionExport(question, of: served.student, temperature: 1)
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
      }
    }

    @Test func `what all answers begin with becomes a part of the prompt`() async throws {
      let question = try question(["It is A", "It is B"])
      let settings = try exported(question).settings
      let request = try body(#"{"review": "x", "where": null, "photo": "img-1"}"#, choice)
      let run = try await ask(request) { $0.trained = question }["answers"]?["gold"]?["probabilities"]?["fits"]?.double
      let folder = try await ask(request) { $0.decisions = settings }["answers"]?["gold"]?["probabilities"]?["fits"]?
        .double
      #expect(abs((run ?? .nan) - (folder ?? .nan)) < 1e-6)
    }
  }
#endif
