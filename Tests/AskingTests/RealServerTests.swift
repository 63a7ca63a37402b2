import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// Servers that nobody here wrote, on this machine. Skipped unless the environment names one:
///
/// ```sh
/// # transformers serve, on a model folder; pip install torch transformers fastapi uvicorn openai
/// transformers serve --device cpu --host 127.0.0.1 --port 8001 /tmp/models/smolvlm &
/// REAL_SERVER=http://127.0.0.1:8001/v1 REAL_MODEL=/tmp/models/smolvlm REAL_IMAGE=photo.png \
///   make test ARGS="--filter RealServerTests"
///
/// # llama.cpp's server, on a small GGUF of random weights; pip install "llama-cpp-python[server]" gguf
/// python Tests/RealServers/make_gguf.py /tmp/models/tiny.gguf
/// python -m llama_cpp.server --model /tmp/models/tiny.gguf --host 127.0.0.1 --port 8002 --logits_all true &
/// REAL_SERVER=http://127.0.0.1:8002/v1 REAL_MODEL=tiny REAL_IGNORES_MODEL=1 REAL_KEEPS_SCHEMA=1 REAL_LOGPROBS=1 \
///   make test ARGS="--filter RealServerTests"
/// ```
///
/// Random weights know no answer: what is tested is that every reply comes back as a result of some kind, with its text.
/// `REAL_KEEPS_SCHEMA` and `REAL_LOGPROBS` say what the server can do, so that it is then demanded.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["REAL_SERVER"] != nil, "set REAL_SERVER, see the source"))
struct RealServerTests {
  let environment = ProcessInfo.processInfo.environment

  func teacher(
    model: String? = nil, _ configure: (inout OpenAICompatibleTeacher.Options) -> Void = { _ in }
  ) throws -> OpenAICompatibleTeacher {
    let base = try #require(URL(string: environment["REAL_SERVER"] ?? ""))
    try #require(["127.0.0.1", "localhost", "::1"].contains(base.host), "only servers on this machine")
    var options = OpenAICompatibleTeacher.Options(model: model ?? environment["REAL_MODEL"] ?? "model")
    options.retry.attempts = 2
    configure(&options)
    return OpenAICompatibleTeacher("real", options: options, base: base)
  }

  func request(image: ImageReference? = nil, _ parameters: TeacherParameters = .init(maximumTokens: 12)) throws
    -> TeacherRequest
  {
    try TeacherRequest(
      item: Item(id: "1", image: image.map { _ in "photo" }, fields: ["text": "A dog."]),
      template: try PromptTemplate("{text} Yes or No?"), labels: .outOfContext, parameters: parameters,
      file: { _ in image })
  }

  @Test func `a text question is answered`() async throws {
    let reply = try await teacher().reply(to: try request())
    print("text: \(reply.outcome), '\(reply.raw)', \(String(describing: reply.usage))")
    #expect(!reply.raw.isEmpty || reply.outcome == .empty || reply.outcome == .cutOff)
    #expect(try await teacher().reply(to: try request()).raw == reply.raw, "greedy answers are equal")
  }

  @Test func `an image question is answered`() async throws {
    guard let path = environment["REAL_IMAGE"] else { return }
    let image = try ImageReference(contentsOf: URL(fileURLWithPath: path))
    let with = try await teacher().reply(to: try request(image: image))
    let without = try await teacher().reply(to: try request())
    print("image: \(with.outcome), '\(with.raw)', \(String(describing: with.usage))")
    if let seen = with.usage?.inputTokens, let plain = without.usage?.inputTokens { #expect(seen > plain) }
  }

  @Test func `a schema is asked for in whatever way the server takes`() async throws {
    let reply = try await teacher().reply(to: try request(.init(maximumTokens: 60, answersInJSON: true)))
    print("schema: \(reply.outcome), '\(reply.raw)'")
    guard environment["REAL_KEEPS_SCHEMA"] != nil else { return }
    // A server that holds the model to the schema can't give another label, only be cut off.
    #expect(reply.raw.prefixMatch(of: /\s*\{\s*"label"\s*:\s*"(Yes|No)"/) != nil)
    #expect(reply.label != nil || reply.outcome == .cutOff)
  }

  @Test func `token probabilities are read where the server gives them`() async throws {
    let teacher = try teacher { $0.wantsLogProbabilities = true }
    var reply = try await teacher.reply(to: try request(.init(maximumTokens: 60, answersInJSON: true)))
    // Noise that is held to a schema ends its object at some time.
    for seed in 1...20 where environment["REAL_LOGPROBS"] != nil && reply.label == nil {
      let parameters = TeacherParameters(temperature: 1, maximumTokens: 400, seed: seed, answersInJSON: true)
      reply = try await teacher.reply(to: try request(parameters))
    }
    print("log-probabilities: \(reply.outcome), \(String(describing: reply.confidence))")
    if let confidence = reply.confidence { #expect((0...1).contains(confidence.value)) }
    if environment["REAL_LOGPROBS"] != nil { #expect(reply.confidence?.source == .labelTokenProbability) }
  }

  @Test func `a question that is too long fails alone, with the server's words`() async throws {
    var long = try request()
    long = TeacherRequest(
      item: long.item, prompt: String(repeating: "A dog. ", count: 20_000), promptVersion: "1", labels: long.labels,
      parameters: long.parameters)
    do {
      let reply = try await teacher { $0.seconds = 20 }.reply(to: long)
      print("too long: answered all the same, \(reply.outcome)")
    } catch {
      print("too long: \("\(error)".prefix(300))")
      #expect(error is HTTPTeacherError)
    }
  }

  @Test func `a model that is not there ends the asking`() async throws {
    guard environment["REAL_IGNORES_MODEL"] == nil else { return }
    do {
      let reply = try await teacher(model: "no/such-model").reply(to: try request())
      Issue.record("answered by a model that is not there: \(reply.raw)")
    } catch {
      print("no such model: \(error)")
    }
  }
}
