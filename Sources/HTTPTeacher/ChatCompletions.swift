import Foundation
import TeacherProtocol

/// The wire format of OpenAI-compatible chat completions: a question as a body, a body as a reply.
enum ChatCompletions {
  /// The body of a question.
  static func body(_ request: TeacherRequest, options: OpenAICompatibleTeacher.Options) throws -> Data {
    var content: [JSONValue] = []
    if let image = request.image {
      content.append(
        .object([
          .init("type", "image_url"), .init("image_url", .object([.init("url", .string(try dataURL(image)))])),
        ]))
    }
    content.append(.object([.init("type", "text"), .init("text", .string(request.prompt))]))
    let parameters = request.parameters
    var members: [JSONValue.Member] = [
      .init("model", .string(options.model)),
      .init(
        "messages",
        .array([
          .object([
            .init("role", "user"),
            // Servers without images may know plain texts only.
            .init("content", request.image == nil ? .string(request.prompt) : .array(content)),
          ])
        ])), .init("temperature", .number(parameters.temperature)),
      .init(options.lengthParameter.rawValue, .number(parameters.maximumTokens)),
    ]
    if let seed = parameters.seed { members.append(.init("seed", .number(seed))) }
    if options.wantsJSON { members.append(.init("response_format", .object([.init("type", "json_object")]))) }
    if options.wantsLogProbabilities {
      members += [.init("logprobs", .bool(true)), .init("top_logprobs", .number(20))]
    }
    return Data(JSONValue.object(members).text.utf8)
  }

  /// An image file as a data URL.
  private static func dataURL(_ image: ImageReference) throws -> String {
    let file = image.url.relativePath
    guard let data = try? Data(contentsOf: image.url) else {
      throw HTTPTeacherError.badImage(file: file, reason: "it can't be read")
    }
    let types: [(start: [UInt8], type: String)] = [
      ([0x89, 0x50, 0x4E, 0x47], "png"), ([0xFF, 0xD8, 0xFF], "jpeg"), ([0x47, 0x49, 0x46, 0x38], "gif"),
      ([0x52, 0x49, 0x46, 0x46], "webp"),
    ]
    guard let type = types.first(where: { data.starts(with: $0.start) })?.type else {
      throw HTTPTeacherError.badImage(file: file, reason: "it is none of PNG, JPEG, GIF, WebP")
    }
    return "data:image/\(type);base64," + data.base64EncodedString()
  }

  /// The reply in the body of a response with status 200.
  static func reply(_ body: Data, to request: TeacherRequest, seconds: Double) throws(HTTPTeacherError) -> TeacherReply
  {
    guard let value = json(body) else {
      throw .badResponse(expected: "JSON", found: "'\(String(decoding: body.prefix(40), as: UTF8.self))'")
    }
    guard let choice = value["choices"]?.elements?.first, let message = choice["message"] else {
      throw .badResponse(expected: "choices[0].message", found: value.kind)
    }
    let usage = value["usage"]?["prompt_tokens"]?.integer.map {
      TeacherReply.Usage(inputTokens: $0, outputTokens: value["usage"]?["completion_tokens"]?.integer ?? 0)
    }
    let text = message["content"]?.string ?? ""
    let end = choice["finish_reason"]?.string
    let refusal = message["refusal"]?.string ?? ""
    if !refusal.isEmpty || end == "content_filter" {
      return TeacherReply(outcome: .refused, raw: refusal.isEmpty ? text : refusal, usage: usage, seconds: seconds)
    }
    if end == "length" { return TeacherReply(outcome: .cutOff, raw: text, usage: usage, seconds: seconds) }
    var reply = TeacherReply(
      reading: text, with: AnswerReader(labels: request.labels), usage: usage, seconds: seconds)
    if let label = reply.label, let measured = confidence(in: label, choice: choice, labels: request.labels) {
      reply.confidence = measured
    }
    return reply
  }

  /// What a response that is not 200 says of its cause.
  static func error(_ body: Data) -> (code: String?, message: String) {
    let value = json(body)?["error"]
    let message = value?["message"]?.string ?? value?.string ?? String(decoding: body.prefix(200), as: UTF8.self)
    return (value?["code"]?.string ?? value?["type"]?.string, message)
  }

  /// Probability of the label's first token among those tokens that begin the answer of exactly one label.
  ///
  /// Known only where the answer's first token is such a token: with "Yes" and "Yellow" the token "Ye" tells nothing, and
  /// in a JSON reply the first token is a brace.
  private static func confidence(in label: String, choice: JSONValue, labels: LabelSet) -> Confidence? {
    guard let first = choice["logprobs"]?["content"]?.elements?.first, let spoken = first["token"]?.string,
      owner(of: spoken, labels) == label
    else { return nil }
    var mass: [String: Double] = [:]
    for candidate in first["top_logprobs"]?.elements ?? [first] {
      guard let token = candidate["token"]?.string, let log = candidate["logprob"]?.double, log <= 0,
        let name = owner(of: token, labels)
      else { continue }
      mass[name, default: 0] += exp(log)
    }
    let whole = labels.names.compactMap { mass[$0] }.reduce(0, +)
    guard whole > 0, let own = mass[label] else { return nil }
    return Confidence(min(own / whole, 1), source: .labelTokenProbability)
  }

  private static func owner(of token: String, _ labels: LabelSet) -> String? {
    let start = token.trimmingCharacters(in: .whitespaces).lowercased()
    guard !start.isEmpty else { return nil }
    let owners = labels.labels.filter { $0.answer.lowercased().hasPrefix(start) }
    return owners.count == 1 ? owners[0].name : nil
  }

  private static func json(_ body: Data) -> JSONValue? {
    body.withUnsafeBytes { try? JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
  }
}
