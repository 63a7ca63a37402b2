import JSON
import Foundation
import HTTPTeacher
import TeacherProtocol
import Testing

/// A clock whose sleeping takes no time, and which remembers how long was slept.
final class VirtualClock: Sendable {
  private let state = Locked((now: 0.0, slept: [Double]()))

  var slept: [Double] { state.withLock { $0.slept } }
  var now: Double { state.withLock { $0.now } }

  func pass(_ seconds: Double) { state.withLock { $0.now += seconds } }

  var pace: PaceClock {
    PaceClock { [state] in
      state.withLock { $0.now }
    } sleep: { [state] seconds in
      try Task.checkCancellation()
      state.withLock {
        $0.now += seconds
        $0.slept.append(seconds)
      }
      await Task.yield()
    }
  }
}

/// A server by script: one response or error after the other, the last one for ever, and the requests it got.
final class ScriptedServer: Sendable {
  let seen = Locked<[TransportRequest]>([])
  let clock = VirtualClock()
  private let responses: [Result<TransportResponse, HTTPTeacherError>]

  init(_ responses: [Result<TransportResponse, HTTPTeacherError>]) { self.responses = responses }

  convenience init(_ responses: TransportResponse...) { self.init(responses.map { .success($0) }) }

  var transport: ScriptedTransport {
    ScriptedTransport { [self] request in
      let index = seen.withLock { seen in
        seen.append(request)
        return seen.count - 1
      }
      return try responses[min(index, responses.count - 1)].get()
    }
  }

  var bodies: [String] { seen.withLock { $0.map { String(decoding: $0.body, as: UTF8.self) } } }

  func body(_ index: Int) throws -> JSONValue { try JSONParser.value(of: bodies[index]) }

  func teacher(
    key: APIKey? = nil, images: ImageEncodings = ImageEncodings(),
    configure: (inout OpenAICompatibleTeacher.Options) -> Void = { _ in }
  ) throws -> OpenAICompatibleTeacher {
    var options = OpenAICompatibleTeacher.Options(model: "some-model")
    configure(&options)
    let base = try #require(URL(string: "http://localhost:8000/v1"))
    return OpenAICompatibleTeacher(
      "t", options: options, base: base, key: key, transport: transport, images: images, clock: clock.pace)
  }

  func anthropic(key: APIKey? = nil) throws -> AnthropicTeacher {
    let base = try #require(URL(string: "http://localhost:8000/v1"))
    return AnthropicTeacher(
      "t", options: .init(model: "some-model"), base: base, key: key, transport: transport, clock: clock.pace)
  }

  static func choice(_ content: String?, end: String = "stop", more: String = "", logs: String = "null") -> String {
    let text = content.map { JSONValue.string($0).text } ?? "null"
    return """
      {"index": 0, "finish_reason": "\(end)", "logprobs": \(logs),
        "message": {"role": "assistant", "content": \(text)\(more)}}
      """
  }

  static func answer(
    _ content: String?, end: String = "stop", more: String = "", logs: String = "null"
  ) -> TransportResponse {
    answers([choice(content, end: end, more: more, logs: logs)])
  }

  static func answers(_ choices: [String]) -> TransportResponse {
    TransportResponse(
      status: 200,
      body: Data(
        """
        {"id": "x", "choices": [\(choices.joined(separator: ", "))],
         "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}
        """.utf8))
  }

  static func failure(
    _ status: Int, code: String = "c", message: String = "no, not with secret-key", headers: [String: String] = [:]
  ) -> TransportResponse {
    let body = "{\"error\": {\"message\": \(JSONValue.string(message).text), \"code\": \"\(code)\"}}"
    return TransportResponse(status: status, headers: headers, body: Data(body.utf8))
  }
}

func request(
  image: ImageReference? = nil, parameters: TeacherParameters = .init(), item: String = "1"
) throws -> TeacherRequest {
  try TeacherRequest(
    item: Item(id: item, image: image.map { _ in "photo" }, fields: ["text": "a \"dog\"\n"]),
    template: try PromptTemplate("Caption: {text}"), labels: .outOfContext, parameters: parameters, file: { _ in image }
  )
}

/// A question with three images, one of them before the text and two within it with a line break between them.
func withPlacedImages(_ body: (TeacherRequest) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, byte) in [("p", 1), ("f", 2), ("g", 3)] as [(String, UInt8)] {
    try Data([0x89, 0x50, 0x4E, 0x47, byte]).write(to: folder.appendingPathComponent(name))
  }
  try await body(
    TeacherRequest(
      item: Item(
        id: "1", imageSlots: [ImageSlot(name: "photo", paths: ["p"]), ImageSlot(name: "found", paths: ["f", "g"])],
        fields: [:]),
      template: PromptTemplate("Photo above, found: {found:1}\n{found:2}\nIs it so?"), labels: .outOfContext
    ) { path throws(TeacherProtocolError) in try ImageReference(contentsOf: folder.appendingPathComponent(path)) })
}

func key() throws -> APIKey { try APIKey(environment: "K", in: ["K": " secret-key\n"]) }
