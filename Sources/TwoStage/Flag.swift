internal import Synchronization

/// Whether something has happened, told from one thread to another.
final class Flag: Sendable {
  private let value = Atomic(false)

  /// Whether it has.
  var isSet: Bool { value.load(ordering: .relaxed) }

  /// It has.
  func set() { value.store(true, ordering: .relaxed) }
}
