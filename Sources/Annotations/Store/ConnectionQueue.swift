internal import Dispatch

/// A connection to a data base on a queue of its own: waiting for the disk, for a server, or for another process's write,
/// holds up no thread on which tasks run.
package actor ConnectionQueue<Connection> {
  private let connection: Connection
  private nonisolated let executor: QueueExecutor

  /// A queue with a name for debuggers.
  package init(_ connection: sending Connection, label: String) {
    self.connection = connection
    executor = QueueExecutor(label: label)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Runs a body, one after the other.
  package func perform<Result: Sendable>(_ body: @Sendable (Connection) throws -> Result) rethrows -> Result {
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
