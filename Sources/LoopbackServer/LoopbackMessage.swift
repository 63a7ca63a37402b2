package import Foundation

/// A request that came from this machine.
package struct LoopbackRequest: Sendable, Equatable {
  /// The method in capitals, such as `GET`.
  package var method: String
  /// The path without its query, percent-decoded: `/photo`.
  package var path: String
  /// The query's names and values, percent-decoded; of a name that is given twice, the last value.
  package var query: [String: String]
  /// Header values by lower-case name; of a name that is given more than once, all behind commas.
  package var headers: [String: String]
  /// The body; empty where there is none.
  package var body: Data

  /// A request from its parts, as the server hands it on.
  package init(
    _ method: String = "GET", _ path: String, query: [String: String] = [:], headers: [String: String] = [:],
    body: Data = Data()
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }
}

/// A response of the server.
package struct LoopbackResponse: Sendable {
  /// The body of a response.
  package enum Body: Sendable {
    /// All at once.
    case data(Data)
    /// Piece by piece; a reader that goes away ends the stream's consumption.
    case stream(AsyncStream<Data>)
  }

  /// The status, such as 200.
  package var status: Int
  /// Header values by lower-case name.
  package var headers: [String: String]
  package var body: Body

  /// An answer of these parts.
  package init(status: Int = 200, headers: [String: String] = [:], body: Body) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Bytes of a media type, such as `image/png`.
  package init(status: Int = 200, type: String, _ bytes: Data) {
    self.init(status: status, headers: ["content-type": type], body: .data(bytes))
  }

  /// What every answer says, unless it says it in another way: that no other origin's page may show, frame or guess at it.
  private static let usual = [
    "cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-frame-options": "DENY",
  ]

  /// The header as it is sent.
  var fields: [(name: String, value: String)] {
    Self.usual.merging(headers) { $1 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A text of a media type. The default is plain text.
  package init(status: Int = 200, type: String = "text/plain; charset=utf-8", _ text: String) {
    self.init(status: status, type: type, Data(text.utf8))
  }
}

/// Faults of starting a server.
package enum LoopbackServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The port can't be listened on.
  case cannotListen(port: Int, reason: String)

  /// What happened, and what to do.
  package var description: String {
    switch self {
    case .cannotListen(let port, let reason):
      // The system's sentences end in a full stop of their own.
      "127.0.0.1:\(port) can't be listened on: \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason). "
        + "Choose another port with --port, or 0 for any that is free."
    }
  }
}
