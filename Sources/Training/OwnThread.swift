internal import Foundation

/// Runs arithmetic on a thread of its own and waits for it without holding one of Swift's cooperative threads, of which
/// there is one a core: held by a training stage they would starve every other task of the process.
package func onOwnThread<Output: Sendable>(
  _ body: @escaping @Sendable () throws -> Output
) async throws -> Output {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Result { try body() }) }
    thread.stackSize = 16 << 20  // attention keeps its tiles on the stack
    thread.start()
  }
}
