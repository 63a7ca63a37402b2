internal import JSON
import Foundation
import TeacherProtocol

/// One question as it is to be sent, whatever the service.
struct Question: Sendable {
  /// What is asked, with its labels and parameters.
  var request: TeacherRequest
  /// The prompt with the instruction for the answer's form.
  var text: String
  /// The images, made ready; empty for a question about text alone.
  var images: [EncodedImage] = []
  /// An answer that could not be read, and the question that follows it.
  var repair: (answer: String, question: String)?
  /// Answers wanted, where the service can give several at once.
  var samples = 1
  /// Distinguishes samples that are asked for one by one.
  var seed: Int?

  /// The question of a request, without its images.
  init(asking request: TeacherRequest) {
    self.request = request
    let instruction = AnswerForm(of: request).instruction
    text = instruction.isEmpty ? request.prompt : request.prompt + "\n\n" + instruction
    seed = request.parameters.seed
  }

  /// The question of a request with its images, each made ready as the service takes it.
  init(asking request: TeacherRequest, images: ImageEncodings, longestEdge: Int?) async throws {
    self.init(asking: request)
    for image in request.images { self.images.append(try await images.encoded(image.file, longestEdge: longestEdge)) }
  }

  /// Text and images in their order. White space alone is left out: Anthropic's service refuses such a text.
  func parts(text: (String) -> JSONValue, image: (EncodedImage) -> JSONValue) -> [JSONValue] {
    PromptPart.parts(of: self.text, imagesAt: request.images.map(\.place)).compactMap { part in
      switch part {
      case .text(let words): words.allSatisfy(\.isWhitespace) ? nil : text(words)
      case .image(let number): image(images[number])
      }
    }
  }
}

/// One token of an answer, with what might have stood in its place.
struct SpokenToken: Sendable, Equatable {
  /// Its bytes: a token may end within a character.
  var bytes: [UInt8]
  /// Natural logarithm of its probability.
  var logProbability: Double
  /// The likeliest tokens at this place, itself among them where it is likely.
  var alternatives: [(bytes: [UInt8], logProbability: Double)]

  static func == (a: SpokenToken, b: SpokenToken) -> Bool {
    a.bytes == b.bytes && a.logProbability == b.logProbability
      && a.alternatives.map(\.bytes) == b.alternatives.map(\.bytes)
  }
}

/// What a service said, before it is read.
struct Spoken: Sendable {
  enum End: Sendable { case complete, cutOff, refused }

  /// One answer.
  struct Sample: Sendable {
    var text: String
    var end: End
    var tokens: [SpokenToken] = []
    /// The probability of each label by its name, of services that answer so; empty for answers in words.
    var probabilities: [String: Double] = [:]
    /// What the model thought, which the service took out of its words; empty where it gives none.
    var thoughts = ""
    /// The calls of tools that came beside the words or in their place, in JSON; empty for none.
    var calls = ""
  }

  var samples: [Sample]
  var usage: TeacherReply.Usage?

  /// What people should know where token probabilities were asked for and words came without; nil where they came.
  var lackOfTokens: String? {
    let spoken = samples.filter { $0.end != .refused && $0.text.contains { !$0.isWhitespace } }
    guard !spoken.isEmpty, spoken.allSatisfy({ $0.tokens.allSatisfy { $0.alternatives.count < 2 } }) else { return nil }
    let sent = spoken.contains { !$0.tokens.isEmpty } ? "those of its own tokens alone" : "none"
    return "it is asked for token probabilities (logprobs) and sends \(sent). \(Self.withoutTokens)"
  }

  /// What it means that there are none.
  static let withoutTokens =
    "No confidence of it is measured: ask for confidence or samples in place of logprobs, or of a server that gives them"
}

extension TeacherReply.Usage {
  /// What a body's member `usage` says.
  ///
  /// Nil where it doesn't tell the tokens of the question, or where a count is none from 0 to 2^40: a usage that can't be is
  /// as one that is not reported, for which the budget books its estimate.
  init?(in body: JSONValue, input: String, cached: [String] = [], output: String) {
    guard let usage = body["usage"], usage[input] != nil else { return nil }
    func count(_ name: String) -> Int? {
      guard let value = usage[name], !value.isNull || name == input else { return 0 }
      return value.integer.flatMap { (0...Self.most).contains($0) ? $0 : nil }
    }
    let inputs = ([input] + cached).compactMap(count)
    guard inputs.count == 1 + cached.count, let answer = count(output) else { return nil }
    self.init(inputTokens: inputs.reduce(0, +), outputTokens: answer)
  }
}

/// How one kind of service is spoken to.
protocol WireFormat: Sendable {
  /// Added to the base address.
  var path: String { get }

  /// Headers that carry the key and the version.
  func headers(key: APIKey?) -> [String: String]
  func body(_ question: Question, model: String, habits: ServerHabits) -> JSONValue
  /// The answer to a question in the body of a response with status 200 that reports no fault.
  func spoken(_ body: JSONValue, to question: Question) throws(HTTPTeacherError) -> Spoken
}

/// A service that answers in words, which are read whatever was asked.
protocol ChatFormat: WireFormat {
  /// The answer in the body of a response with status 200 that reports no fault.
  func spoken(_ body: JSONValue) throws(HTTPTeacherError) -> Spoken
}

extension ChatFormat {
  func spoken(_ body: JSONValue, to question: Question) throws(HTTPTeacherError) -> Spoken { try spoken(body) }
}

extension WireFormat {
  /// What a response that is not 200 says of its cause: `{"error": {"message", "type", "code"}}` with every service.
  func error(_ body: Data) -> ServiceError {
    guard let whole = try? parsed(body) else {
      let words = String(decoding: body.prefix(200), as: UTF8.self)
      return ServiceError(message: words.isEmpty ? "its body is empty" : words, codes: [])
    }
    return ServiceError(whole["error"], in: whole)
  }

  func parsed(_ body: Data) throws(HTTPTeacherError) -> JSONValue {
    var bytes = [UInt8](body)
    // RFC 8259 lets a reader pass over a byte-order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    do { return try JSONParser.value(of: bytes) } catch {
      func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range.clamped(to: bytes.indices)], as: UTF8.self)
      }
      guard error.offset > 0 else { throw .badResponse(expected: "JSON", found: "'\(text(0..<40))'") }
      throw .badResponse(
        expected: "JSON (\(error.expected) at byte \(error.offset + 1))",
        found: "\(error.found) behind '\(text(max(0, error.offset - 40)..<error.offset))'")
    }
  }
}

/// Why a service did not answer.
struct ServiceError: Sendable {
  var message: String
  var codes: [String]
  var parameter: String?

  init(message: String, codes: [String]) {
    self.message = message
    self.codes = codes
  }

  /// What a member `error` says, and what stands beside it.
  init(_ error: JSONValue?, in body: JSONValue) {
    // Servers on FastAPI say it under "detail".
    let detail = body["detail"].flatMap { $0.elements == nil ? $0.cell : Self.faults($0) }
    let words = error?["message"]?.string ?? error?.string ?? detail ?? body["message"]?.string
    message = words ?? String(body.text.prefix(200))
    codes = [error?["code"]?.cell, error?["type"]?.string].compactMap(\.self)
    parameter = error?["param"]?.string
  }

  /// The faults of a request as pydantic lists them, `{"loc", "msg"}`, in one text; nil where it is no such list.
  private static func faults(_ detail: JSONValue) -> String? {
    let faults = (detail.elements ?? []).compactMap { fault -> String? in
      guard let words = fault["msg"]?.string else { return nil }
      let place = (fault["loc"]?.elements ?? []).compactMap(\.cell).filter { $0 != "body" }.joined(separator: ".")
      return place.isEmpty ? words : "\(place): \(words)"
    }
    return faults.isEmpty ? nil : faults.joined(separator: "; ")
  }

  /// Whether the account has nothing left: waiting would not help.
  var isQuota: Bool {
    let known: Set<String> = [
      "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error", "insufficient_balance",
    ]
    return codes.contains(where: known.contains) || message.contains("credit balance is too low")
  }

  /// Whether the request's form may be at fault. llama-cpp-python reports what it does not know as a fault of its own.
  func isOfForm(_ status: Int) -> Bool {
    !isRefusal && ([400, 422].contains(status) || status == 500 && message.lowercased().contains("validation error"))
  }

  /// Whether the question itself was found unfit to be answered.
  var isRefusal: Bool { codes.contains { ["content_filter", "content_policy_violation"].contains($0) } }
}
