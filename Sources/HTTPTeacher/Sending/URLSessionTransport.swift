import Foundation
import TeacherProtocol

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A transport over one long-lived `URLSession`.
///
/// Redirects are not followed, because the headers, key included, would go along to wherever a server points. Cookies and
/// caches are off. A body that never ends, by size or by time, is broken off.
///
/// It is the transport of clients without the trait `Run`, and has limits on Linux (seen with Swift 6.3.1). `URLSession` uses
/// a good part of a core while it only waits for answers, and loses some 80 bytes with every request (in the comparison of
/// host names that precedes it). It can end the process, by a trap of its own, where a server breaks off within its headers,
/// and reads headers or chunks without end for ever, though nobody waits for them any more. Bodies are bounded one by one, not
/// in sum: as many as are under way may take `maximumBytes` each.
public final class URLSessionTransport: Transport {
  private let session: URLSession
  private let receiver: Receiver
  private let deadlines = Deadlines()

  /// A transport.
  ///
  /// - Parameters:
  ///   - connections: most connections to one server at once. The default is 64.
  ///   - maximumBytes: most bytes of a response's body. The default is 32 MiB.
  public init(connections: Int = 64, maximumBytes: Int = 32 << 20) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = connections
    configuration.httpCookieStorage = nil
    configuration.urlCache = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    receiver = Receiver(maximumBytes: maximumBytes)
    session = URLSession(configuration: configuration, delegate: receiver, delegateQueue: nil)
  }

  deinit { session.finishTasksAndInvalidate() }

  /// Sends a request by POST.
  ///
  /// - Throws: ``HTTPTeacherError/notReached(host:reason:)``, ``HTTPTeacherError/brokenOff(host:reason:)``,
  ///   ``HTTPTeacherError/timedOut(host:seconds:)``, ``HTTPTeacherError/tooLarge(host:limit:)``, `CancellationError`.
  public func send(_ request: TransportRequest) async throws -> TransportResponse {
    // The session's own time-out counts from the last byte on; a server that drips would never meet it.
    var question = URLRequest(url: request.url, timeoutInterval: request.seconds)
    question.httpMethod = request.isGet ? "GET" : "POST"
    if !request.isGet { question.httpBody = request.body }
    for (name, value) in request.headers { question.setValue(value, forHTTPHeaderField: name) }
    let host = request.url.host ?? ""
    let task = session.dataTask(with: question)
    let deadline = deadlines.add(seconds: request.seconds) { [receiver] in
      receiver.end(task, with: .timedOut(host: host, seconds: request.seconds))
      task.cancel()
    }
    defer { deadlines.remove(deadline) }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        receiver.expect(task, continuation, host: host, seconds: request.seconds)
        // Cancelled before it was expected, the task may have ended unheard.
        if Task.isCancelled { receiver.end(task, with: Self.cancelled(host)) } else { task.resume() }
      }
    } onCancel: {
      receiver.end(task, with: Self.cancelled(host))
      task.cancel()
    }
    // An answer that came all the same was paid for.
    if case .failure = result { try Task.checkCancellation() }
    return try result.get()
  }

  private static func cancelled(_ host: String) -> HTTPTeacherError { .brokenOff(host: host, reason: "cancelled") }
}

/// Gathers what arrives for each task, and ends each with one result.
private final class Receiver: NSObject, URLSessionDataDelegate {
  typealias Answer = Result<TransportResponse, HTTPTeacherError>

  private struct Open {
    let continuation: CheckedContinuation<Answer, Never>
    let host: String
    let seconds: Double
    let start = ContinuousClock.now
    var body = Data()
  }

  private let open = Locked<[Int: Open]>([:])
  private let maximumBytes: Int

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  func expect(
    _ task: URLSessionTask, _ continuation: CheckedContinuation<Answer, Never>, host: String, seconds: Double
  ) {
    open.withLock { $0[task.taskIdentifier] = Open(continuation: continuation, host: host, seconds: seconds) }
  }

  /// Ends a task at once: the session may never say that it is over.
  func end(_ task: URLSessionTask, with error: HTTPTeacherError) {
    let answer = open.withLock { $0.removeValue(forKey: task.taskIdentifier) }
    answer?.continuation.resume(returning: .failure(error))
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let excess: HTTPTeacherError? = open.withLock { open in
      // Taken out, so that the body is not copied.
      guard var answer = open.removeValue(forKey: dataTask.taskIdentifier) else { return nil }
      defer { open[dataTask.taskIdentifier] = answer }
      guard answer.body.count + data.count <= maximumBytes else {
        return .tooLarge(host: answer.host, limit: maximumBytes)
      }
      answer.body.append(data)
      return nil
    }
    guard let excess else { return }
    end(dataTask, with: excess)
    dataTask.cancel()
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let answer = open.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
    answer.continuation.resume(returning: Self.result(of: answer, task.response, error))
  }

  private static func result(of answer: Open, _ response: URLResponse?, _ error: (any Error)?) -> Answer {
    let elapsed = ElapsedTime.seconds(since: answer.start)
    // The description of a URLError may hold the whole address; the words are enough.
    if let error {
      // The session's own clock may be the first to find that nothing comes any more.
      if (error as? URLError)?.code == .timedOut {
        return .failure(.timedOut(host: answer.host, seconds: min(answer.seconds, elapsed)))
      }
      let never: Set<URLError.Code> = [
        .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .notConnectedToInternet,
      ]
      let isReached = (error as? URLError).map { !never.contains($0.code) } ?? true
      let reason = "\(error.localizedDescription), after \(ElapsedTime.words(elapsed))"
      return .failure(
        isReached ? .brokenOff(host: answer.host, reason: reason) : .notReached(host: answer.host, reason: reason))
    }
    guard let response = response as? HTTPURLResponse else {
      return .failure(.brokenOff(host: answer.host, reason: "the answer is not HTTP"))
    }
    var headers: [String: String] = [:]
    for (name, value) in response.allHeaderFields { headers["\(name)"] = "\(value)" }
    return .success(TransportResponse(status: response.statusCode, headers: headers, body: answer.body))
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) { completionHandler(nil) }
}
