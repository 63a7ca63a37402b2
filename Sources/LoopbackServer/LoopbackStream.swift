#if Run
  internal import CMicroHTTPD
  internal import Foundation
  internal import Synchronization

  /// The body of an answer that is written while it is sent: pieces wait here until the client takes them, and their source
  /// waits while too many do.
  final class LoopbackStream: @unchecked Sendable {
    /// Bytes after which no further piece is taken from the source.
    private static let enough = 64 << 10

    private struct State {
      var bytes = Data()
      /// Nothing comes any more, and whether all of it came.
      var end: Bool?
      /// The parser suspended the connection, since there was nothing.
      var isSuspended = false
      var source: CheckedContinuation<Void, Never>?
      var task: Task<Void, Never>?
    }

    private let pieces: AsyncStream<Data>
    private let connection: OpaquePointer
    private let state = Mutex(State())

    init(_ pieces: AsyncStream<Data>, connection: OpaquePointer) {
      self.pieces = pieces
      self.connection = connection
    }

    func begin() {
      let task = Task {
        for await piece in pieces { await add(piece) }
        end(whole: true)
      }
      state.withLock { $0.task = task }
    }

    private func add(_ piece: Data) async {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state -> Bool in
          guard state.end == nil else { return true }
          state.bytes += piece
          wake(&state)
          guard state.bytes.count >= Self.enough else { return true }
          state.source = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    }

    /// Ends it as it is; the connection is closed, so that nobody takes it for whole. Its source is told by the end of the
    /// stream's consumption.
    func fail() {
      end(whole: false)
      state.withLock { $0.task }?.cancel()
    }

    private func end(whole: Bool) {
      let source = state.withLock { state in
        if state.end == nil { state.end = whole }
        wake(&state)
        defer { state.source = nil }
        return state.source
      }
      source?.resume()
    }

    private func wake(_ state: inout State) {
      guard state.isSuspended else { return }
      state.isSuspended = false
      sd_http_resume(connection)
    }

    /// What there is, up to `count` bytes; on the parser's thread.
    func read(into target: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
      let (taken, source) = state.withLock { state -> (Int, CheckedContinuation<Void, Never>?) in
        if state.end == false { return (Int(SD_HTTP_FAILED), nil) }
        guard !state.bytes.isEmpty else {
          if state.end != nil { return (Int(SD_HTTP_END), nil) }
          state.isSuspended = true
          sd_http_suspend(connection)
          return (0, nil)
        }
        let taken = min(count, state.bytes.count)
        state.bytes.copyBytes(to: UnsafeMutableRawBufferPointer(start: target, count: taken), count: taken)
        state.bytes = state.bytes.count == taken ? Data() : Data(state.bytes.dropFirst(taken))
        guard state.bytes.count < Self.enough else { return (taken, nil) }
        defer { state.source = nil }
        return (taken, state.source)
      }
      source?.resume()
      return taken
    }
  }
#endif
