import Foundation

/// A value that several tasks read and change, one at a time.
///
/// A class, so that it can be shared and stored in copyable types; `Synchronization.Mutex` is not copyable.
package final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  /// Holds this value.
  package init(_ value: sending Value) { self.value = value }

  /// Reads or changes the value under the lock.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
