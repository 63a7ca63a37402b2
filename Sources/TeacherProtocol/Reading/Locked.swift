import Foundation

/// A value that several tasks change, one at a time.
///
/// An `NSLock` and not `Synchronization.Mutex`, because the latter raises the oldest supported macOS by five years for
/// no gain here: it is held for a dictionary look-up.
package final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  /// Holds this value.
  package init(_ value: sending Value) { self.value = value }

  /// Reads or changes the value while nobody else does.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
