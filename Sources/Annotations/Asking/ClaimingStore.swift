/// A store in which workers say what they are about to ask, so that no two pay for the same question.
///
/// A claim ends with its question's reply, with ``release(_:)``, or some time after its worker died: a worker that lives renews
/// its claims.
package protocol ClaimingStore: AnnotationStore {
  /// Claims questions for this worker.
  ///
  /// - Returns: the keys that are this worker's now, and those that the store has a reply to. The others are another worker's.
  func claim(_ keys: [String]) async throws -> (mine: Set<String>, answered: Set<String>)

  /// Gives claims up, so that another worker may ask; nil is all that this worker has.
  func release(_ keys: [String]?) async
}

extension ClaimingStore {
  /// Waits until a question is this worker's.
  ///
  /// - Returns: whether it is to be asked; false where another worker's reply is there.
  func claim(_ key: String) async throws -> Bool {
    var pause = 0.02
    while true {
      let found = try await claim([key])
      if found.mine.contains(key) { return true }
      if found.answered.contains(key) { return false }
      try await Task.sleep(for: .seconds(pause))
      pause = min(2 * pause, 1)
    }
  }
}
