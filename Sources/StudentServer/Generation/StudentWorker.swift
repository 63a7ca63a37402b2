internal import Foundation

/// The one thread on which a served student computes, and the queue before it.
///
/// Arithmetic would hold Swift's cooperative threads, of which there is one a core, and two answers at a time would only
/// take turns at the same cores: so requests wait, first come first served, and more than `limit` are turned away.
final class StudentWorker: Sendable {
  private let queue: Queue

  /// Starts the thread; it ends with the worker.
  ///
  /// - Parameter limit: the most requests that wait behind the one that is being answered.
  init(limit: Int) {
    let queue = Queue(limit: limit)
    self.queue = queue
    let thread = Thread { queue.work() }
    thread.stackSize = 16 << 20  // attention keeps its tiles on the stack
    thread.name = "student"
    thread.start()
  }

  deinit { queue.close() }

  /// Does something on the thread and waits for it.
  ///
  /// - Throws: what the body throws; a ``ChatError`` with status 429 where too many wait.
  func run<Output: Sendable>(_ body: @escaping @Sendable () throws -> Output) async throws -> Output {
    try await start { ready in ready(Result { try body() }) }
  }

  /// Does something on the thread, and waits for its first result alone.
  ///
  /// - Parameter body: hands that result on, exactly once, and may go on with the thread after it.
  /// - Throws: what the body hands on; a ``ChatError`` with status 429 where too many wait.
  func start<Output: Sendable>(
    _ body: @escaping @Sendable (_ ready: (Result<Output, any Error>) -> Void) -> Void
  ) async throws -> Output {
    try await withCheckedThrowingContinuation { continuation in
      let isTaken = queue.add { body { continuation.resume(with: $0) } }
      if !isTaken {
        continuation.resume(
          throwing: ChatError(
            status: 429, message: "Too many requests are waiting; try again later.", parameter: nil,
            code: "rate_limit_exceeded", type: "rate_limit_error"))
      }
    }
  }
}

/// Work in order of arrival. What is mutable is touched under the lock alone.
private final class Queue: @unchecked Sendable {
  private let condition = NSCondition()
  private let limit: Int
  private var jobs: [@Sendable () -> Void] = []
  private var isClosed = false

  init(limit: Int) { self.limit = limit }

  /// Whether there was room.
  func add(_ job: @escaping @Sendable () -> Void) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    guard jobs.count < limit else { return false }
    jobs.append(job)
    condition.signal()
    return true
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.signal()
    condition.unlock()
  }

  /// Works until it is closed and nothing is left.
  func work() {
    while let job = next() { job() }
  }

  private func next() -> (@Sendable () -> Void)? {
    condition.lock()
    defer { condition.unlock() }
    while jobs.isEmpty {
      if isClosed { return nil }
      condition.wait()
    }
    return jobs.removeFirst()
  }
}
