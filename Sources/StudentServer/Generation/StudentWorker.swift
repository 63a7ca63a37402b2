internal import Foundation
internal import Synchronization

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

  /// Answers what waits with 503.
  func refuse() { queue.refuse() }

  /// Does something on the thread, and waits for its first result alone. What waits when its task is cancelled never begins.
  ///
  /// - Parameters:
  ///   - wanted: goes down when the task is cancelled.
  ///   - body: hands that result on, exactly once, and may go on with the thread after it.
  /// - Throws: what the body hands on; `CancellationError`; a ``ChatError`` with status 429 where too many wait, with 503
  ///   by ``refuse()``.
  func start<Output: Sendable>(
    _ wanted: Flag, _ body: @escaping @Sendable (_ ready: (Result<Output, any Error>) -> Void) -> Void
  ) async throws -> Output {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job = Job(wanted: wanted) { fault in
          if let fault { return continuation.resume(throwing: fault) }
          body { continuation.resume(with: $0) }
        }
        if let fault = queue.add(job) { job.run(fault) }
      }
    } onCancel: {
      wanted.lower()
      queue.sweep()
    }
  }
}

/// Something that is so until it is not.
final class Flag: Sendable {
  private let value = Atomic(true)
  var isUp: Bool { value.load(ordering: .relaxed) }
  func lower() { value.store(false, ordering: .relaxed) }

  /// Throws where it is down.
  func check() throws { if !isUp { throw CancellationError() } }
}

private struct Job: Sendable {
  let wanted: Flag
  /// Does it, or says why it is not done.
  let run: @Sendable (_ fault: (any Error)?) -> Void
}

/// Work in order of arrival. What is mutable is touched under the lock alone.
private final class Queue: @unchecked Sendable {
  private let condition = NSCondition()
  private let limit: Int
  private var jobs: [Job] = []
  private var isClosed = false

  init(limit: Int) { self.limit = limit }

  /// Nil, or why it is not taken.
  func add(_ job: Job) -> (any Error)? {
    condition.withLock {
      guard job.wanted.isUp else { return CancellationError() }
      guard jobs.count < limit else { return ChatError.tooMany }
      jobs.append(job)
      condition.signal()
      return nil
    }
  }

  func close() {
    condition.withLock {
      isClosed = true
      condition.signal()
    }
  }

  func refuse() {
    let waiting = condition.withLock {
      defer { jobs = [] }
      return jobs
    }
    for job in waiting { job.run(ChatError.ending) }
  }

  /// Takes out what is not wanted any more.
  func sweep() {
    let unwanted = condition.withLock {
      defer { jobs.removeAll { !$0.wanted.isUp } }
      return jobs.filter { !$0.wanted.isUp }
    }
    for job in unwanted { job.run(CancellationError()) }
  }

  /// Works until it is closed and nothing is left.
  func work() {
    while let job = next() { job.run(job.wanted.isUp ? nil : CancellationError()) }
  }

  private func next() -> Job? {
    condition.withLock {
      while jobs.isEmpty {
        if isClosed { return nil }
        condition.wait()
      }
      return jobs.removeFirst()
    }
  }
}
