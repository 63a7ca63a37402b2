internal import JSON
import Foundation
import TeacherProtocol

/// A request for a chat completion, read strictly: a field that would change the answer and is not supported is refused by
/// name. Fields without an effect on the answer are ignored; ``RestingFields`` lists them.
struct ChatRequest: Sendable, Equatable {
  /// A part of a turn.
  enum Part: Sendable, Equatable {
    case text(String)
    /// The bytes of an image file.
    case image(Data)
  }

  /// A turn.
  struct Message: Sendable, Equatable {
    var role: String
    var parts: [Part]
    /// The places among the parts that were sent of the images that are left, in their order; nil where they are those of
    /// ``parts``.
    var imagePlaces: [Int]?
  }

  /// The question that a run's student was distilled on, as it is asked about an item.
  struct LearnedTurn: Sendable, Equatable {
    var text: String
    /// Where in the text each image stands; see `PromptImage.place`.
    var places: [Int]
  }

  var model: String
  var messages: [Message]
  /// Most tokens of each answer; nil where none are asked for.
  var maximumTokens: Int?
  var temperature: Double = 1
  var topP: Double = 1
  /// Only so many most probable tokens are drawn from; 0 for all.
  var topK = 0
  /// How many answers.
  var count = 1
  var seed: UInt64?
  /// Texts that end an answer.
  var stops: [String] = []
  /// How many alternatives of each token are listed; nil where no probabilities are asked for.
  var alternatives: Int?
  /// The form that answers are held to.
  var form = AnswerGuide.Form.free
  /// Whether the request says so, or leaves the form open.
  var namesForm = false
  /// What the turn asks where the answer is to be one of the run's labels; nil for any other conversation.
  var learned: LearnedTurn?
  /// What the chat template is told besides the conversation.
  var templateVariables: [JSONValue.Member] = []
  var streams = false
  var streamsUsage = false

  init(_ body: Data) throws(ChatError) {
    let value: JSONValue
    do throws(RequestBody.Fault) { value = try RequestBody.value(of: body) } catch { throw .invalid(nil, error.words) }
    guard let members = value.members else { throw .invalid(nil, "\(RequestBody.form), not \(value.kind).") }
    let fields = RequestFields(members)
    guard let model = try fields.text("model") else { throw .invalid("model", "model is missing.") }
    self.model = model
    guard let turns = fields["messages"]?.elements, !turns.isEmpty else {
      throw .invalid("messages", "messages must be a list with at least one turn.")
    }
    messages = []
    for (number, turn) in turns.enumerated() {
      messages.append(try Message(turn, at: "messages[\(number)]"))
    }
    let older = try fields.length("max_tokens")
    maximumTokens = try fields.length("max_completion_tokens") ?? older
    temperature = try fields.number("temperature", 0...2) ?? 1
    topP = try fields.number("top_p", 0...1) ?? 1
    topK = try max(0, fields.whole("top_k", -1...Int.max) ?? 0)
    count = try fields.whole("n", 1...32) ?? 1
    if let number = try fields.whole("seed", Int.min...Int.max) { seed = UInt64(bitPattern: Int64(number)) }
    stops = try fields.stops()
    if try fields.flag("logprobs") ?? false {
      alternatives = try fields.whole("top_logprobs", 0...20) ?? 0
    } else if try fields.whole("top_logprobs", 0...20) ?? 0 > 0 {
      throw .invalid("top_logprobs", "top_logprobs needs logprobs: true.")
    }
    form = try fields.form()
    namesForm = fields["response_format"] != nil || fields["structured_outputs"] != nil
    templateVariables = try fields.templateVariables()
    streams = try fields.flag("stream") ?? false
    streamsUsage = fields["stream_options"]?["include_usage"] == .bool(true)
    for name in ["frequency_penalty", "presence_penalty"] where try fields.number(name, -2...2) ?? 0 != 0 {
      throw .unsupported(name, "\(name) is not supported; leave it out.")
    }
    for member in members where !fields.isRead(member.name) && !RestingFields.has(member, in: fields) {
      throw .unsupported(member.name, "\(member.name) is not supported; leave it out.")
    }
  }
}

extension ChatRequest.Message {
  fileprivate init(_ value: JSONValue, at place: String) throws(ChatError) {
    guard let role = value["role"]?.string, ["system", "developer", "user", "assistant"].contains(role) else {
      throw .invalid("\(place).role", "role must be system, developer, user or assistant.")
    }
    // What OpenAI's newer models call developer is system to every chat template.
    self.role = role == "developer" ? "system" : role
    try RestingFields.check(turn: value, at: place)
    switch value["content"] {
    // A turn in which nothing was said, or in which the assistant refused, as clients send back what they were sent.
    // Templates look at the first part of a turn, so an empty text stands there.
    case nil where role == "assistant", .null? where role == "assistant", .array([])? where role == "assistant":
      parts = [.text(value["refusal"]?.string ?? "")]
    case .string(let text)?: parts = [.text(text)]
    case .array(let elements)?:
      parts = []
      for (number, part) in elements.enumerated() {
        parts.append(try ChatRequest.Part(part, at: "\(place).content[\(number)]"))
      }
    default: throw .invalid("\(place).content", "content must be a text or a list of parts.")
    }
  }
}

extension ChatRequest.Part {
  fileprivate init(_ value: JSONValue, at place: String) throws(ChatError) {
    switch value["type"]?.string {
    case "text":
      guard let text = value["text"]?.string else { throw .invalid("\(place).text", "text must be a text.") }
      self = .text(text)
    case "image_url":
      guard let url = value["image_url"]?["url"]?.string else {
        throw .invalid("\(place).image_url.url", "url must be a text.")
      }
      do {
        self = .image(try DataURL.bytes(of: url))
      } catch {
        let field = "\(place).image_url.url"
        throw error == .elsewhere ? .unsupported(field, error.message) : .invalid(field, error.message)
      }
    default: throw .unsupported("\(place).type", "A part must be of the type text or image_url.")
    }
  }
}
