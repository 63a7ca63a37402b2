/// Gathers replies that arrive while the store is busy and commits them together: one trip to the disk for many.
///
/// ``commit(_:)`` returns once its annotations are in the store, so what was counted is kept.
actor CommitQueue {
  private let store: any AnnotationStore
  private var waiting: [Annotation] = []
  private var running: Task<Void, any Error>?
  private var scheduled: Task<Void, any Error>?

  init(_ store: any AnnotationStore) { self.store = store }

  func commit(_ annotations: [Annotation]) async throws {
    guard !annotations.isEmpty else { return }
    waiting += annotations
    if let scheduled { return try await scheduled.value }
    let earlier = running
    // A task of its own: cancelling the asker must not lose a reply that was paid for.
    let task = Task {
      _ = await earlier?.result
      try await flush()
    }
    scheduled = task
    try await task.value
  }

  private func flush() async throws {
    let batch = waiting
    waiting = []
    running = scheduled
    scheduled = nil
    try await store.append(batch)
  }
}
