#if Run
  package import Foundation
  internal import HTTPTypes
  internal import HummingbirdCore
  internal import Logging
  internal import NIOCore
  internal import NIOPosix
  internal import ServiceLifecycle

  /// An HTTP server that only this machine can reach.
  ///
  /// ```swift
  /// let server = LoopbackServer(port: 8080) { request in LoopbackResponse("hello from \(request.path)") }
  /// try await server.run { port in print("http://127.0.0.1:\(port)") }  // until its task is cancelled
  /// ```
  ///
  /// It listens on 127.0.0.1 alone and refuses, with 403, requests under another host's name and from pages of another
  /// origin. It knows nothing of what is served.
  package struct LoopbackServer: Sendable {
    /// Answers one request. Requests are answered side by side.
    package typealias Handler = @Sendable (LoopbackRequest) async -> LoopbackResponse

    /// The port; 0 for any that is free.
    package let port: Int
    /// Larger bodies are answered with 413.
    package let maximumBodyBytes: Int
    private let handler: Handler
    private let refusal: @Sendable (_ status: Int, _ reason: String) -> LoopbackResponse

    /// A server that is not yet started.
    ///
    /// - Parameters:
    ///   - port: 0...65535; 0, the default, takes any that is free.
    ///   - maximumBodyBytes: larger bodies are refused. The default is 64 MiB.
    ///   - refusal: what is answered in place of the handler, in the form that its clients read. The default is a line
    ///     of text.
    ///   - handler: answers one request.
    package init(
      port: Int = 0, maximumBodyBytes: Int = 64 << 20,
      refusal: @escaping @Sendable (_ status: Int, _ reason: String) -> LoopbackResponse = {
        LoopbackResponse(status: $0, $1 + "\n")
      }, handler: @escaping Handler
    ) {
      precondition((0...65535).contains(port), "LoopbackServer: port \(port) is not within 0...65535")
      self.port = port
      self.maximumBodyBytes = maximumBodyBytes
      self.refusal = refusal
      self.handler = handler
    }

    /// Serves until the task is cancelled; requests that are being answered then are answered to their end.
    ///
    /// - Parameter started: is called once, with the port, when requests are taken.
    /// - Throws: ``LoopbackServerError/cannotListen(port:reason:)``.
    package func run(started: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
      var logger = Logger(label: "LoopbackServer")
      logger.logLevel = .critical
      // Hummingbird's core alone: its router, tracing, metrics and file system have nothing to do here, and take as long to
      // compile as the rest.
      do {
        let server = try HTTPServerBuilder.http1().buildServer(
          configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port)),
          eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
          responder: { request, writer, _ in
            let response = await response(to: request)
            try await writer.write(response: response.head, body: response.body)
          }, onServerRunning: { channel in await started(channel.localAddress?.port ?? 0) })
        try await server.run()
      } catch is CancellationError {
      } catch {
        throw LoopbackServerError.cannotListen(port: port, reason: "\(error)")
      }
    }

    /// Serves while `body` runs, and ends with it.
    ///
    /// - Throws: ``LoopbackServerError/cannotListen(port:reason:)``, or what `body` throws.
    package func withPort<Result: Sendable>(_ body: @Sendable (Int) async throws -> Result) async throws -> Result {
      let (ports, started) = AsyncThrowingStream.makeStream(of: Int.self)
      let serving = Task {
        do {
          try await run { started.yield($0) }
          started.finish()
        } catch {
          started.finish(throwing: error)
        }
      }
      defer { serving.cancel() }
      for try await port in ports { return try await body(port) }
      throw CancellationError()
    }

    private func response(to request: Request) async -> Response {
      let host = request.head.authority
      if let why = LoopbackGuard.refusal(host: host, origin: request.headers[.origin]) {
        return encoded(refusal(403, "Refused: \(why)."))
      }
      var body = Data()
      do {
        for try await piece in request.body {
          guard body.count + piece.readableBytes <= maximumBodyBytes else {
            return encoded(refusal(413, "Refused: more than \(maximumBodyBytes) bytes."))
          }
          body.append(contentsOf: piece.readableBytesView)
        }
      } catch {
        return encoded(refusal(400, "The request ended too early."))
      }
      guard let parts = URLComponents(string: request.head.path ?? "/") else {
        return encoded(refusal(400, "The path can't be read."))
      }
      var headers: [String: String] = [:]
      for field in request.headers { headers[field.name.canonicalName] = field.value }
      let query = (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }
      return await encoded(
        handler(
          LoopbackRequest(
            request.method.rawValue, parts.path, query: Dictionary(query, uniquingKeysWith: { $1 }), headers: headers,
            body: body)))
    }

    /// A time as HTTP writes it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func timestamp(_ date: Date) -> String {
      var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
      var parts = tm()
      gmtime_r(&seconds, &parts)
      func padded(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
      let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
      let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
      let calendar = "\(padded(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
      let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(padded).joined(separator: ":")
      return "\(day), \(calendar) \(clock) GMT"
    }

    private func encoded(_ response: LoopbackResponse) -> Response {
      var headers = HTTPFields()
      for (name, value) in response.headers.sorted(by: { $0.key < $1.key }) {
        if let name = HTTPField.Name(name) { headers[name] = value }
      }
      headers[.date] = Self.timestamp(Date())
      let body: ResponseBody
      switch response.body {
      case .data(let bytes): body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
      case .stream(let pieces):
        body = ResponseBody { writer in
          for await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
          try await writer.finish(nil)
        }
      }
      return Response(status: HTTPResponse.Status(code: response.status), headers: headers, body: body)
    }
  }
#endif
