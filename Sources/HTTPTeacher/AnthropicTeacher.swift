public import Foundation
public import TeacherProtocol

/// A teacher behind Anthropic's messages.
///
/// ```swift
/// let teacher = AnthropicTeacher(
///   "claude", options: .init(model: "claude-sonnet-4-5"), key: try APIKey(environment: "ANTHROPIC_API_KEY"))
/// ```
///
/// Faults, limits and replies are treated as by ``OpenAICompatibleTeacher``. The service gives no token probabilities, and
/// JSON is asked for by the prompt alone.
public struct AnthropicTeacher: Teacher {
  /// How the service is spoken to.
  public struct Options: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The longest edge of an image in pixels. The default is 1568, above which the service makes images smaller itself.
    public var imageEdge: Int? = 1568
    /// Most seconds for one attempt, from the first byte sent to the last received. The default is 600.
    public var seconds = ServiceDefaults.seconds
    /// When to try again.
    public var retry = RetryPolicy()
    /// How fast to ask.
    public var pace = PaceLimits()

    /// Options for a model.
    public init(model: String) { self.model = model }
  }

  /// The name under which it votes.
  public let name: String
  /// The model's name.
  public let model: String
  private let conversation: Conversation

  /// Where the service is.
  public static let defaultBase: URL = {
    guard let url = URL(string: "https://api.anthropic.com/v1") else {
      preconditionFailure("the built-in address is at fault")
    }
    return url
  }()

  /// A teacher.
  ///
  /// - Parameters:
  ///   - name: the name under which it votes.
  ///   - options: model and limits.
  ///   - base: address up to and without `/messages`.
  ///   - key: sent as `x-api-key`; nil for servers that want none.
  ///   - transport: what carries requests; several teachers may share one. The default is nil: libcurl, one thread for the
  ///     process, and `URLSession` without the trait `Run`.
  ///   - images: makes images ready; teachers that share one share what it made.
  ///   - clock: the time by which it waits.
  public init(
    _ name: String, options: Options, base: URL = defaultBase, key: APIKey? = nil,
    transport: (any Transport)? = nil, images: ImageEncodings = ImageEncodings(),
    clock: PaceClock = .system
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
    let wire = AnthropicMessages()
    let client = ServiceClient(
      .init(
        teacher: name, model: options.model, endpoints: bases.map { $0.appendingPathComponent(wire.path) }, key: key),
      wire: wire, habits: wire.habits, transport: transport ?? StandardTransport.make(), retry: options.retry,
      limits: options.pace,
      seconds: options.seconds, clock: clock)
    conversation = Conversation(client: client, images: images, imageEdge: options.imageEdge, clock: clock)
  }

  /// Asks the service, several times if need be.
  ///
  /// - Throws: as ``OpenAICompatibleTeacher/reply(to:)``.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    try await conversation.reply(to: request)
  }
}
