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
public struct ReviewServer: Sendable {
  /// How the page shows conflicts.
  public struct Options: Sendable, Equatable {
    /// The name of the person who decides, until another is entered. The default is "me".
    public var reviewer = "me"
    /// Whether the teachers' names are shown before the decision. The default is false.
    public var showsNames = false
    /// Labels that may be given; the default, nil, is one for each question.
    public var budget: Int?
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
  private let journal: ReviewJournal
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
    self.questions = questions
    self.labels = labels
    self.options = options
    self.journal = journal
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
    case ("GET", "/api/state"): return json(state(try await journal.entries(), reviewer: reviewer))
    case ("GET", "/api/question"):
      guard let index = index(request.query["index"].flatMap { Int($0) }) else { return failure(404, "No such item.") }
      return json(question(index, try await journal.entries(), reviewer: reviewer))
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
    case ("POST", "/api/decision"), ("POST", "/api/undo"): return try await decide(request)
    default: return failure(404, "There is nothing at \(request.path).")
    }
  }

  private func decide(_ request: LoopbackRequest) async throws -> LoopbackResponse {
    guard request.headers["x-review-token"] == token else {
      return failure(403, "The token is not this server's; load the page again.", code: "token")
    }
    guard request.headers["content-type"]?.hasPrefix("application/json") == true,
      let body = request.body.withUnsafeBytes({ try? JSONParser.value(of: $0.bindMemory(to: UInt8.self)) })
    else { return failure(400, "A decision must be JSON.") }
    let reviewer = name(body["reviewer"]?.string)
    if request.path == "/api/undo" {
      let undone = try await journal.undo(reviewer)
      let at = questions.firstIndex { $0.item.id == undone?.item }
      return json(state(try await journal.entries(), reviewer: reviewer, at: at))
    }
    guard let index = index(body["index"]?.integer), body["item"]?.string == questions[index].item.id else {
      return failure(409, "That item is not in this queue; load the page again.")
    }
    var decision = ReviewEntry.Decision.skipped
    if let label = body["label"]?.string {
      guard labels[label] != nil else { return failure(400, "There is no label '\(label)'.") }
      decision = .label(label)
    }
    let note = String((body["note"]?.string ?? "").prefix(10_000))
    let standing = try await journal.add(
      ReviewEntry(item: questions[index].item.id, reviewer: reviewer, decision: decision, note: note))
    return json(state(standing, reviewer: reviewer, at: index))
  }

  private func state(_ entries: [ReviewEntry], reviewer: String, at: Int? = nil) -> JSONValue {
    ReviewPayload(server: self, entries: entries, reviewer: reviewer).state(token: token, at: at)
  }

  private func question(_ index: Int, _ entries: [ReviewEntry], reviewer: String) -> JSONValue {
    ReviewPayload(server: self, entries: entries, reviewer: reviewer).question(index)
  }

  private func index(_ number: Int?) -> Int? { number.flatMap { questions.indices.contains($0) ? $0 : nil } }

  private func name(_ given: String?) -> String {
    let name = (given ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    return name.isEmpty ? options.reviewer : String(name.prefix(60))
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
