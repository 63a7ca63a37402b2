#if Run
  internal import ArgumentParser
  internal import Foundation
  internal import Synchronization

  /// What ends a server: control-C or SIGTERM, and a second one at once.
  enum Ending {
    /// Serves until a signal comes, and then as long as `serve` takes to end once its task is cancelled.
    ///
    /// - Throws: what `serve` throws; after a signal the exit code that shells give it, 128 and its number.
    static func bySignal(_ serve: @escaping @Sendable () async throws -> Void) async throws {
      let serving = Task { try await serve() }
      let received = Received()
      let sources = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler {
          if received.number.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
          Output.error("ending what is under way; the same again ends at once")
          serving.cancel()
        }
        source.resume()
        return source
      }
      defer { for source in sources { source.cancel() } }
      try await serving.value
      let number = received.number.load(ordering: .relaxed)
      if number != 0 { throw ExitCode(128 + number) }
    }

    private final class Received: Sendable { let number = Atomic<Int32>(0) }
  }
#endif
