public import Foundation
public import TeacherProtocol

/// A teacher behind a decision service: it is asked a typed question about the item, and answers with the probability of
/// every label.
///
/// ```swift
/// let teacher = DecisionTeacher(
///   "jev", options: .init(model: "jev-1"), base: URL(string: "http://localhost:8000/v1")!)
/// ```
///
/// Two labels that answer with yes and with no make a yes/no question (`noul`, `predicate`), others a choice among their answers,
/// described by their meanings. Its confidence is `Confidence.Source.measured`, its reply has the
/// probabilities of all labels, and no rationale. Faults, limits and pace are treated as by ``OpenAICompatibleTeacher``.
public struct DecisionTeacher: Teacher {
  /// What a service is shown of an item.
  public enum State: String, Sendable, Codable, CaseIterable {
    /// The item's text, evidence and images as an object; the prompt's template, whose slots name its members, is what is asked.
    case fields
    /// The filled prompt, which is also what is asked.
    case prompt
  }

  /// How the service is spoken to.
  public struct Options: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The form of requests and answers. The default is System One's.
    public var api = DecisionAPI.systemOne
    /// What the service is shown. The default is the item's fields.
    public var state = State.fields
    /// The question's name at the service. The default is `label`.
    public var question = "label"
    /// The longest edge of an image in pixels. The default is nil: images of any size are sent.
    public var imageEdge: Int?
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
  private let wire: DecisionServices
  private let conversation: Conversation

  /// A teacher.
  ///
  /// - Parameters:
  ///   - name: the name under which it votes.
  ///   - options: model, form and limits.
  ///   - base: address up to and without `/systemone` or `/decisions`.
  ///   - key: sent as a bearer token; nil for servers that want none.
  ///   - transport: what carries requests; several teachers may share one. The default is nil: libcurl, one thread for the
  ///     process, and `URLSession` without the trait `Run`.
  ///   - images: makes images ready; teachers that share one share what it made.
  ///   - clock: the time by which it waits.
  public init(
    _ name: String, options: Options, base: URL, key: APIKey? = nil, transport: (any Transport)? = nil,
    images: ImageEncodings = ImageEncodings(), clock: PaceClock = .system
  ) {
    self.init(name, options: options, bases: [base], key: key, transport: transport, images: images, clock: clock)
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
    let wire = DecisionServices(options: options)
    self.wire = wire
    let client = ServiceClient(
      .init(
        teacher: name, model: options.model, endpoints: bases.map { $0.appendingPathComponent(wire.path) }, key: key),
      wire: wire, habits: wire.habits, transport: transport ?? StandardTransport.make(), retry: options.retry,
      limits: options.pace, seconds: options.seconds, clock: clock)
    conversation = Conversation(client: client, images: images, imageEdge: options.imageEdge, clock: clock)
  }

  /// What is sent, but for the images' bytes: a reply depends on all fields of the item and on the labels' meanings.
  public func particulars(of request: TeacherRequest) -> String { wire.particulars(of: request) }

  /// Asks the service, several times if need be. Sampling, length and form of the request's parameters mean nothing to it.
  ///
  /// - Throws: as ``OpenAICompatibleTeacher/reply(to:)``; ``HTTPTeacherError/badImage(file:reason:)`` for more than 4 images
  ///   in System One's form.
  public func reply(to request: TeacherRequest) async throws -> TeacherReply {
    if wire.options.api == .systemOne, request.images.count > DecisionServices.mostAssets {
      throw HTTPTeacherError.badImage(
        file: request.images[DecisionServices.mostAssets].path,
        reason: "a question in System One's form takes \(DecisionServices.mostAssets) images, this one has "
          + "\(request.images.count)")
    }
    var one = request
    (one.parameters.samples, one.parameters.isRepaired) = (1, false)
    return try await conversation.reply(to: one)
  }
}
