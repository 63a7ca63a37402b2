public import Foundation
public import TeacherProtocol

/// A teacher behind OpenAI-compatible chat completions: OpenAI, vLLM, SGLang, llama.cpp, Ollama, `transformers serve`.
///
/// ```swift
/// let teacher = OpenAICompatibleTeacher(
///   "gpt", options: .init(model: "gpt-4o"), base: URL(string: "https://api.openai.com/v1")!,
///   key: try APIKey(environment: "OPENAI_API_KEY"))
/// ```
///
/// What may go away by itself (408, 409, 429, 5xx, a broken connection, a body that is not JSON) is tried again, as
/// ``RetryPolicy`` says and no faster than ``PaceLimits`` allow. A refused key or a used-up quota throws
/// `TeacherUnavailable` at once: asking on would change nothing. What a server does not know (`response_format`, the
/// length's newer name, log-probabilities) it refuses by name, and the next request leaves it out.
///
/// The answer is read on this side whatever the server promised. Its confidence is the probability of the label's tokens
/// where the server gives it, the agreement of several samples where they were asked for, or what the model wrote.
public struct OpenAICompatibleTeacher: Teacher {
  /// How a server is spoken to.
  public struct Options: Sendable, Equatable {
    /// The served model's name.
    public var model: String
    /// The default is nil: `max_tokens`, or the newer name where the server refuses that.
    public var lengthParameter: LengthParameter?
    /// How JSON is asked for, where the request's parameters want it. The default is nil: by a schema, or by less where the
    /// server refuses that. (A server may also take a format and ignore it. The answer is read as it comes.)
    public var responseFormat: ResponseFormat?
    /// Asks for token probabilities, a measured confidence. The default is false, as many servers have none.
    public var wantsLogProbabilities = false
    /// The longest edge of an image in pixels; larger ones are made smaller, where the teacher's `images` can. The default
    /// is nil: images of any size are sent.
    public var imageEdge: Int?
    /// Most seconds for one attempt, from the first byte sent to the last received. The default is 600.
    public var seconds = ServiceDefaults.seconds
    /// When to try again.
    public var retry = RetryPolicy()
    /// How fast to ask.
    public var pace = PaceLimits()

    /// Options for a model.
    public init(model: String) { self.model = model }

    /// What the server is known to take.
    var habits: ServerHabits {
      var habits = ServerHabits()
      if let length = lengthParameter { (habits.length, habits.isLengthFixed) = (length, true) }
      if let format = responseFormat { (habits.format, habits.isFormatFixed) = (format, true) }
      habits.sendsLogProbabilities = wantsLogProbabilities
      return habits
    }
  }

  /// The name under which it votes.
  public let name: String
  /// The served model's name.
  public let model: String
  private let conversation: Conversation

  /// A teacher.
  ///
  /// - Parameters:
  ///   - name: the name under which it votes.
  ///   - options: model, format, limits.
  ///   - base: address up to and without `/chat/completions`.
  ///   - key: sent as a bearer token; nil for servers that want none.
  ///   - transport: what carries requests; several teachers may share one. The default is nil: libcurl, one thread for the
  ///     process, and `URLSession` without the trait `Run`.
  ///   - images: makes images ready; teachers that share one share what it made.
  ///   - clock: the time by which it waits.
  public init(
    _ name: String, options: Options, base: URL, key: APIKey? = nil, transport: (any Transport)? = nil,
    images: ImageEncodings = ImageEncodings(), clock: PaceClock = .system
  ) {
    self.init(
      name, options: options, bases: [base], key: key, transport: transport, images: images, clock: clock)
  }

  /// A teacher of several servers with the same model, as they are run behind no balancer: the least busy one is asked, and one
  /// that fails is left out for a while.
  ///
  /// - Parameter bases: at least one.
  package init(
    _ name: String, options: Options, bases: [URL], key: APIKey? = nil, transport: (any Transport)? = nil,
    images: ImageEncodings = ImageEncodings(), clock: PaceClock = .system
  ) {
    self.name = name
    model = options.model
    let wire = ChatCompletions()
    let client = ServiceClient(
      .init(
        teacher: name, model: options.model, endpoints: bases.map { $0.appendingPathComponent(wire.path) }, key: key),
      wire: wire, habits: options.habits, transport: transport ?? StandardTransport.make(), retry: options.retry,
      limits: options.pace,
      seconds: options.seconds, clock: clock)
    conversation = Conversation(client: client, images: images, imageEdge: options.imageEdge, clock: clock)
  }

  /// Asks the server, several times if need be.
  ///
  /// - Throws: ``HTTPTeacherError``; `TeacherUnavailable` where the key is refused, the quota is used up, the address or
  ///   model is not there, or the service has failed for minutes; `BudgetExhausted`; `CancellationError`.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    try await conversation.reply(to: request)
  }
}
