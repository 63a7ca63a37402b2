import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A transport over one long-lived `URLSession`.
///
/// Redirects are not followed, because the headers, key included, would go along to wherever a server points. Cookies and
/// caches are off.
public final class URLSessionTransport: Transport {
  private let session: URLSession

  /// A transport.
  ///
  /// - Parameter connections: most connections to one server at once. The default is 64.
  public init(connections: Int = 64) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = connections
    configuration.httpCookieStorage = nil
    configuration.urlCache = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    session = URLSession(configuration: configuration, delegate: Redirects(), delegateQueue: nil)
  }

  deinit { session.finishTasksAndInvalidate() }

  /// Sends a request by POST.
  ///
  /// - Throws: ``HTTPTeacherError/notReached(host:reason:)``, `CancellationError`.
  public func send(_ request: TransportRequest) async throws -> TransportResponse {
    var question = URLRequest(url: request.url, timeoutInterval: request.seconds)
    question.httpMethod = "POST"
    question.httpBody = request.body
    for (name, value) in request.headers { question.setValue(value, forHTTPHeaderField: name) }
    let host = request.url.host ?? ""
    do {
      let (body, answer) = try await session.data(for: question)
      guard let answer = answer as? HTTPURLResponse else {
        throw HTTPTeacherError.notReached(host: host, reason: "the answer is not HTTP")
      }
      var headers: [String: String] = [:]
      for (name, value) in answer.allHeaderFields { headers["\(name)"] = "\(value)" }
      return TransportResponse(status: answer.statusCode, headers: headers, body: body)
    } catch let error as HTTPTeacherError {
      throw error
    } catch {
      try Task.checkCancellation()
      // The description of a URLError may hold the whole address; the words are enough.
      throw HTTPTeacherError.notReached(host: host, reason: error.localizedDescription)
    }
  }
}

private final class Redirects: NSObject, URLSessionTaskDelegate {
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) { completionHandler(nil) }
}
