internal import JSON
public import Annotations
public import Foundation
package import LoopbackServer
public import TeacherProtocol

/// Serves the page on which people decide conflicts: one at a time, with photographs, caption and the teachers' answers.
///
/// ```swift
/// let server = ReviewServer(questions: questions, labels: labels, images: folder, journal: journal)
/// try await server.run(port: 8765) { port in print("http://127.0.0.1:\(port)/") }
/// ```
///
/// A decision is on the disk before it is confirmed. The page asks for nothing that is not served here, works without a
/// network, and is refused to every other machine, to other users of this one and to pages of other origins: the server listens
/// on the loopback alone, asks the system whose a connection is, `Host` and `Origin` must be its own, and a decision carries a
/// token that only the page can read.
///
/// Several people may decide at once: an item that one has before them is shown to nobody else, unless more opinions are wanted.
public struct ReviewServer: Sendable {
  /// How the page shows conflicts.
  public struct Options: Sendable, Equatable {
    /// The name of the person who decides, until another is entered. The default is "me".
    public var reviewer = "me"
    /// Whether the teachers' names are shown before the decision. The default is false.
    public var showsNames = false
    /// Labels that may be given; the default, nil, is as many for each question as opinions are wanted.
    public var budget: Int?
    /// How many people decide each item. The default is 1.
    public var opinions = 1
    /// Whether photographs outside the folder are shown that an item names by an absolute path or a `file:` URL, as is right
    /// for the items of a run, which has read them. The default is false.
    package var showsAbsolutePaths = false

    /// The defaults.
    public init() {}
  }

  /// Makes of a photograph's file one that every browser shows alike; nil where it is that already.
  public typealias Prepare = @Sendable (Data) throws -> Data?

  let questions: [ReviewQuestion]
  let labels: LabelSet
  let options: Options
  private let log: any DecisionLog
  private let photos: PhotoFolder
  private let token: String

  /// A server that is not yet started.
  ///
  /// - Parameters:
  ///   - questions: in the order in which they are asked.
  ///   - labels: what may be answered.
  ///   - images: the folder that photographs are shown from.
  ///   - journal: keeps the decisions.
  ///   - prepare: is given every photograph before it is shown, so that people see what models and services see; without it
  ///     the browser gets the files.
  public init(
    questions: [ReviewQuestion], labels: LabelSet, images: URL, journal: ReviewJournal, options: Options = Options(),
    prepare: Prepare? = nil
  ) {
    self.init(questions: questions, labels: labels, images: images, log: journal, options: options, prepare: prepare)
  }

  /// A server over any log of decisions.
  package init(
    questions: [ReviewQuestion], labels: LabelSet, images: URL, log: any DecisionLog, options: Options = Options(),
    prepare: Prepare? = nil
  ) {
    precondition(options.opinions > 0, "ReviewServer: \(options.opinions) opinions for an item")
    self.questions = questions
    self.labels = labels
    self.options = options
    self.log = log
    photos = PhotoFolder(images, allowsAbsolutePaths: options.showsAbsolutePaths, prepare: prepare)
    token = (0..<4).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 36) }.joined()
  }

  #if Run
    /// Serves on 127.0.0.1 until the task is cancelled.
    ///
    /// - Throws: `LoopbackServerError`.
    public func run(port: Int, started: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
      try await loopback(port: port).run(started: started)
    }

    /// Serves while the body runs.
    package func withPort<Result: Sendable>(_ body: @Sendable (Int) async throws -> Result) async throws -> Result {
      try await loopback(port: 0).withPort(body)
    }

    private func loopback(port: Int) -> LoopbackServer {
      LoopbackServer(port: port, maximumBodyBytes: 1 << 20, isForOwnUser: true) { await answer($0) }
    }
  #endif

  /// The answer to one request, whatever brought it.
  package func answer(_ request: LoopbackRequest) async -> LoopbackResponse {
    var response: LoopbackResponse
    do {
      response = try await content(for: request)
    } catch {
      response = failure(500, "\(error)")
    }
    // Nothing but what is served here is ever loaded, whatever stands in a caption.
    response.headers["content-security-policy"] =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'"
    if request.path == "/photo" { response.headers["cache-control"] = "private, max-age=3600" }
    return response
  }

  private func content(for request: LoopbackRequest) async throws -> LoopbackResponse {
    let reviewer = name(request.query["reviewer"])
    switch (request.method, request.path) {
    case ("GET", "/"): return LoopbackResponse(type: "text/html; charset=utf-8", ReviewPage.html)
    case ("GET", "/review.css"): return LoopbackResponse(type: "text/css; charset=utf-8", ReviewPage.style)
    case ("GET", "/review.js"): return LoopbackResponse(type: "text/javascript; charset=utf-8", ReviewPage.script)
    case ("GET", "/icon.svg"): return LoopbackResponse(type: "image/svg+xml", ReviewPage.icon)
    case ("GET", "/api/state"): return json(try await state(reviewer))
    case ("GET", "/api/question"):
      guard let index = index(request.query["index"].flatMap { Int($0) }) else { return failure(404, "No such item.") }
      return json(try await payload(reviewer).question(index))
    case ("GET", "/photo"):
      let number = request.query["image"].map { Int($0) ?? -1 } ?? 0
      guard let index = index(request.query["index"].flatMap { Int($0) }),
        questions[index].item.images.indices.contains(number)
      else { return failure(404, "No such photograph.") }
      switch photos.photo(at: questions[index].item.images[number]) {
      case .image(let type, let bytes): return LoopbackResponse(type: type, bytes)
      case .outside: return failure(403, "The photograph is outside the image folder.")
      case .missing: return failure(404, "The photograph's file is not there.")
      case .noImage: return failure(415, "The file is none of PNG, JPEG, GIF and WebP.")
      }
    case ("POST", "/api/claim"), ("POST", "/api/release"), ("POST", "/api/decision"), ("POST", "/api/undo"):
      return try await act(request)
    default: return failure(404, "There is nothing at \(request.path).")
    }
  }

  private func act(_ request: LoopbackRequest) async throws -> LoopbackResponse {
    guard request.headers["x-review-token"] == token else {
      return failure(403, "The token is not this server's; load the page again.", code: "token")
    }
    guard request.headers["content-type"]?.hasPrefix("application/json") == true,
      let body = request.body.withUnsafeBytes({ try? JSONParser.value(of: $0.bindMemory(to: UInt8.self)) })
    else { return failure(400, "A decision must be JSON.") }
    let reviewer = name(body["reviewer"]?.string)
    switch request.path {
    case "/api/claim": return json(try await state(reviewer, at: claim(body, for: reviewer)))
    case "/api/release":
      if let index = index(body["index"]?.integer) { try await log.release(questions[index].item.id, by: reviewer) }
      return json(try await state(reviewer))
    case "/api/undo":
      let undone = try await log.undo(reviewer)?.item
      // Before others take it.
      let item = try await log.claim(
        firstOf: questions.map(\.item.id).filter { $0 == undone }, for: reviewer, opinions: options.opinions)
      return json(try await state(reviewer, at: questions.firstIndex { $0.item.id == item }))
    default: return try await decide(body, reviewer)
    }
  }

  private func decide(_ body: JSONValue, _ reviewer: String) async throws -> LoopbackResponse {
    guard let index = index(body["index"]?.integer), body["item"]?.string == questions[index].item.id else {
      return failure(409, "That item is not in this queue; load the page again.")
    }
    let decision: ReviewEntry.Decision
    if let label = body["label"]?.string {
      guard labels[label] != nil else { return failure(400, "There is no label '\(label)'.") }
      decision = .label(label)
    } else {
      guard body["skipped"] == .bool(true), body["label"]?.isNull ?? true else {
        return failure(400, "A decision must have a label's name as 'label', or be 'skipped'.")
      }
      decision = .skipped
    }
    let note = String((body["note"]?.string ?? "").prefix(10_000))
    let entry = ReviewEntry(item: questions[index].item.id, reviewer: reviewer, decision: decision, note: note)
    guard try await log.decide(entry, opinions: options.opinions) != nil else {
      return failure(409, "Others have decided this item meanwhile, or have it before them.", code: "taken")
    }
    return json(try await state(reviewer, at: index))
  }

  /// Puts an item before a person: that of `index`; with a `step` of 1 or -1 the next one in this direction from `from` on that
  /// they have labelled or may decide; or else the next open one after `from`, with the beginning behind the end.
  private func claim(_ body: JSONValue, for reviewer: String) async throws -> Int? {
    let ids = questions.map(\.item.id)
    let own = try await log.entries().filter { $0.reviewer == reviewer }
    let labelled = Set(own.filter { $0.label != nil }.map(\.item))
    let from = min(max(body["from"]?.integer ?? -1, -1), ids.count)
    let (before, behind) = (Array(ids.indices.prefix(max(from, 0))), Array(ids.indices.dropFirst(from + 1)))
    let order: [Int]
    if let number = body["index"]?.integer {
      order = index(number).map { [$0] } ?? []
    } else if let step = body["step"]?.integer {
      order = step < 0 ? before.reversed() : behind
    } else {
      let decided = Set(own.map(\.item))
      order = (behind + ids.indices.prefix(from + 1)).filter { !decided.contains(ids[$0]) }
    }
    // What a person has labelled they may see again, whoever else has it before them.
    let known = order.firstIndex { labelled.contains(ids[$0]) }
    let claimed = try await log.claim(
      firstOf: order.prefix(upTo: known ?? order.count).map { ids[$0] }, for: reviewer, opinions: options.opinions)
    return claimed.flatMap { ids.firstIndex(of: $0) } ?? known.map { order[$0] }
  }

  private func state(_ reviewer: String, at: Int? = nil) async throws -> JSONValue {
    try await payload(reviewer).state(token: token, at: at)
  }

  private func payload(_ reviewer: String) async throws -> ReviewPayload {
    ReviewPayload(server: self, entries: try await log.entries(), claims: try await log.claims(), reviewer: reviewer)
  }

  private func index(_ number: Int?) -> Int? { number.flatMap { questions.indices.contains($0) ? $0 : nil } }

  private func name(_ given: String?) -> String {
    let name = (given ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    return String((name.isEmpty ? options.reviewer : name).prefix(60))
  }

  private func json(_ value: JSONValue) -> LoopbackResponse {
    LoopbackResponse(type: "application/json", value.text)
  }

  private func failure(_ status: Int, _ message: String, code: String = "") -> LoopbackResponse {
    LoopbackResponse(
      status: status, type: "application/json",
      JSONValue.object([.init("error", .string(message)), .init("code", .string(code))]).text)
  }
}
