#if AsyncHTTP
  internal import AsyncHTTPClient
  internal import Foundation
  public import HTTPTeacher
  internal import NIOCore
  internal import NIOHTTP1
  internal import NIOPosix
  internal import TeacherProtocol

  /// A transport over AsyncHTTPClient: several times as many requests a second as `URLSession` on Linux, HTTP/2 too.
  ///
  /// A teacher takes it as its `transport`. It is there with the package's trait `AsyncHTTP` alone, and treats servers as `URLSessionTransport` does: redirects are
  /// not followed, because the headers, key included, would go along; there are no cookies and no cache; a body that never
  /// ends, by size or by time, is broken off.
  public final class AsyncHTTPTransport: Transport {
    private let client: HTTPClient
    private let maximumBytes: Int
    private let deadlines = Deadlines()

    /// A transport.
    ///
    /// - Parameters:
    ///   - connections: most connections to one server at once. The default is 64.
    ///   - maximumBytes: most bytes of a response's body. The default is 32 MiB.
    public init(connections: Int = 64, maximumBytes: Int = 32 << 20) {
      var configuration = HTTPClient.Configuration()
      configuration.redirectConfiguration = .disallow
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
      // Trying again is for the teacher to decide, who counts it.
      configuration.connectionPool.retryConnectionEstablishment = false
      client = HTTPClient(configuration: configuration)
      self.maximumBytes = maximumBytes
    }

    deinit {
      let client = client
      Task { try? await client.shutdown() }
    }

    /// Sends a request by POST.
    ///
    /// - Throws: as `URLSessionTransport/send(_:)`.
    public func send(_ request: TransportRequest) async throws -> TransportResponse {
      let host = request.url.host ?? ""
      let work = Task { try await response(to: request, host: host) }
      let isLate = Locked(false)
      // The client's own deadline ends with the response's head; a server that drips would never meet it.
      let deadline = deadlines.add(seconds: request.seconds) {
        isLate.withLock { $0 = true }
        work.cancel()
      }
      defer { deadlines.remove(deadline) }
      do {
        return try await withTaskCancellationHandler {
          try await work.value
        } onCancel: {
          work.cancel()
        }
      } catch {
        try Task.checkCancellation()
        if isLate.withLock({ $0 }) { throw HTTPTeacherError.timedOut(host: host, seconds: request.seconds) }
        throw error
      }
    }

    private func response(to request: TransportRequest, host: String) async throws -> TransportResponse {
      var question = HTTPClientRequest(url: request.url.absoluteString)
      question.method = .POST
      for (name, value) in request.headers { question.headers.add(name: name, value: value) }
      question.body = .bytes(ByteBuffer(bytes: request.body))
      do {
        let response = try await client.execute(question, deadline: .distantFuture)
        var body = Data()
        for try await piece in response.body {
          guard body.count + piece.readableBytes <= maximumBytes else {
            throw HTTPTeacherError.tooLarge(host: host, limit: maximumBytes)
          }
          body.append(contentsOf: piece.readableBytesView)
        }
        var headers: [String: String] = [:]
        for (name, value) in response.headers { headers[name] = value }
        return TransportResponse(status: Int(response.status.code), headers: headers, body: body)
      } catch let error as HTTPTeacherError {
        throw error
      } catch let error as HTTPClientError {
        // The longer description may quote headers, the key among them.
        let never: [HTTPClientError] = [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout]
        throw never.contains(error)
          ? HTTPTeacherError.notReached(host: host, reason: error.shortDescription)
          : .brokenOff(host: host, reason: error.shortDescription)
      } catch is NIOConnectionError {
        throw HTTPTeacherError.notReached(host: host, reason: "its name is unknown, or it takes no connection")
      } catch let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode) {
        throw HTTPTeacherError.notReached(host: host, reason: String(cString: strerror(error.errnoCode)))
      } catch {
        throw HTTPTeacherError.brokenOff(host: host, reason: "\(error)")
      }
    }
  }
#else
  /// The transport over AsyncHTTPClient, which is there with the package's trait `AsyncHTTP` alone.
  @available(
    *, unavailable, message: "AsyncHTTPTransport needs the trait AsyncHTTP: traits: [.defaults, \"AsyncHTTP\"]"
  )
  public enum AsyncHTTPTransport {}
#endif
