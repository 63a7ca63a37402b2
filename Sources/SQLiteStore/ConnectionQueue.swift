internal import Dispatch

/// A connection on a queue of its own: waiting for the disk, or for another process's write, holds up no thread on which
/// tasks run.
actor ConnectionQueue {
  private let connection: SQLiteConnection
  private nonisolated let executor: QueueExecutor

  init(_ connection: sending SQLiteConnection) {
    self.connection = connection
    executor = QueueExecutor(label: "SQLiteStore")
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Runs a body, one after the other.
  func perform<Result: Sendable>(_ body: @Sendable (SQLiteConnection) throws -> Result) rethrows -> Result {
    try body(connection)
  }
}

private final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
