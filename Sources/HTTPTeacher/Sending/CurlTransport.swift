#if Run
  internal import Foundation
  internal import TeacherProtocol

  /// A transport over libcurl, on one thread that sleeps while services think.
  ///
  /// Redirects are not followed, because the headers, key included, would go along to wherever a server points. There are no
  /// cookies and no cache. A body that never ends, by size or by time, is broken off, and large bodies wait for each other, so
  /// that memory stays bounded however many come at once. A question is sent once: none is repeated on another connection
  /// without its asker's knowledge.
  package final class CurlTransport: Transport {
    private let thread: CurlThread

    /// A transport.
    ///
    /// - Parameters:
    ///   - maximumBytes: most bytes of a response's body. The default is 32 MiB.
    ///   - maximumBytesInAll: most bytes of all bodies of more than 256 KiB, from their arrival until they are let go. The
    ///     default is 128 MiB; never less than one body's.
    package init(maximumBytes: Int = 32 << 20, maximumBytesInAll: Int = 128 << 20) {
      thread = CurlThread(each: maximumBytes, all: max(maximumBytes, maximumBytesInAll))
    }

    deinit { thread.stop() }

    /// Sends a request by POST.
    ///
    /// - Throws: ``HTTPTeacherError/notReached(host:reason:)``, ``HTTPTeacherError/brokenOff(host:reason:)``,
    ///   ``HTTPTeacherError/timedOut(host:seconds:)``, ``HTTPTeacherError/tooLarge(host:limit:)``, `CancellationError`.
    package func send(_ request: TransportRequest) async throws -> TransportResponse {
      let lines = try Self.lines(of: request)
      let id = thread.newID()
      let answer = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          thread.begin(.init(id: id, request: request, lines: lines, continuation: continuation))
          // Cancelled before it began, it would not be ended by anyone.
          if Task.isCancelled { thread.end(id) }
        }
      } onCancel: {
        thread.end(id)
      }
      // An answer that came all the same was paid for.
      if case .failure = answer { try Task.checkCancellation() }
      return try answer.get()
    }

    /// The headers as lines.
    private static func lines(of request: TransportRequest) throws(HTTPTeacherError) -> [String] {
      var lines: [String] = []
      var names: Set<String> = []
      for (name, value) in request.headers {
        let isName = !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A && $0 != 0x3B }
        guard isName, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
          throw .notReached(
            host: request.url.host ?? "", reason: "a header has a character that can't be sent, in its name or value")
        }
        lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        names.insert(name.lowercased())
      }
      // What libcurl would say of itself.
      if !names.contains("content-type") { lines.append("Content-Type: application/octet-stream") }
      if !names.contains("user-agent") { lines.append("User-Agent: swift-distillation") }
      return lines
    }
  }
#endif
