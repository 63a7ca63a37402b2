internal import Synchronization

/// Items that a student could not take, with the reason for each.
public final class SetAside: Sendable {
  private let reasons = Mutex<[String: String]>([:])

  /// None yet.
  package init() {}

  /// Remembers the first reason.
  package func note(_ item: String, _ reason: String) {
    reasons.withLock { if $0[item] == nil { $0[item] = reason } }
  }

  /// The reason of an item; nil for one that was taken.
  public subscript(item: String) -> String? { reasons.withLock { $0[item] } }

  /// All of them, by item.
  public var all: [(item: String, reason: String)] {
    reasons.withLock { $0.sorted { $0.key < $1.key }.map { (item: $0.key, reason: $0.value) } }
  }
}
