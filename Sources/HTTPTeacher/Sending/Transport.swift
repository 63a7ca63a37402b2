public import Foundation

/// A request to a server.
public struct TransportRequest: Sendable, Equatable {
  /// Where to.
  public var url: URL
  /// Header names and values. A key may be among them: never log them.
  public var headers: [String: String]
  /// The body, sent by POST.
  public var body: Data
  /// Whether it is a GET, without a body.
  package var isGet = false
  /// Most seconds from the first byte sent to the last one received.
  public var seconds: Double

  /// A request.
  public init(url: URL, headers: [String: String] = [:], body: Data, seconds: Double) {
    self.url = url
    self.headers = headers
    self.body = body
    self.seconds = seconds
  }
}

/// A server's response.
public struct TransportResponse: Sendable, Equatable {
  /// HTTP status code.
  public var status: Int
  /// Header names in lower case, and values.
  public var headers: [String: String]
  /// The body, whole.
  public var body: Data

  /// A response; header names may have any letter case.
  public init(status: Int, headers: [String: String] = [:], body: Data) {
    self.status = status
    self.headers = Dictionary(headers.map { ($0.lowercased(), $1) }, uniquingKeysWith: { _, last in last })
    self.body = body
  }
}

/// Carries a request to a server and the response back, and decides nothing.
///
/// A response of any status is returned. An error says that there was none: not reached, broken off, timed out.
public protocol Transport: Sendable {
  /// Sends one request. Called concurrently.
  func send(_ request: TransportRequest) async throws -> TransportResponse
}

/// What carries requests where a client brings nothing of its own.
enum StandardTransport {
  #if Run
    /// One for the process: one thread, and one bound for the bodies of all teachers.
    private static let shared = CurlTransport()
    static func make() -> any Transport { shared }
  #else
    static func make() -> any Transport { URLSessionTransport() }
  #endif
}

/// A transport that answers by a closure, for tests and examples.
package struct ScriptedTransport: Transport {
  private let script: @Sendable (TransportRequest) async throws -> TransportResponse

  /// A transport that asks a closure.
  package init(_ script: @escaping @Sendable (TransportRequest) async throws -> TransportResponse) {
    self.script = script
  }

  /// Asks the closure.
  package func send(_ request: TransportRequest) async throws -> TransportResponse { try await script(request) }
}
