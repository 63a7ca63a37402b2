import TeacherProtocol

/// A store in which workers say what they are about to ask, so that no two pay for the same question.
///
/// A claim ends with its question's reply, with ``release(_:)``, or after its worker: in a file with the worker's process, which
/// holds it for as long as it is there, be it stopped or not; on a server some time after the worker has renewed it last.
package protocol ClaimingStore: AnnotationStore {
  /// Claims questions for this worker.
  ///
  /// - Returns: the keys that are this worker's now, and those that the store has a reply to. The others are another worker's.
  func claim(_ keys: [String]) async throws -> (mine: Set<String>, answered: Set<String>)

  /// Gives claims up, so that another worker may ask; nil is all that this worker has.
  func release(_ keys: [String]?) async

  /// Who has claimed a question, as far as that can be told; nil where nobody has, or nothing is known of who has.
  func holder(of key: String) async -> ClaimHolder?
}

extension ClaimingStore {
  /// Waits until a question is this worker's.
  ///
  /// - Parameters:
  ///   - patience: waits between two looks.
  ///   - tell: hears once whom it is waited for, where that takes long.
  /// - Returns: whether it is to be asked; false where another worker's reply is there.
  func claim(_ key: String, patience: ClaimPatience, tell: (String) -> Void) async throws -> Bool {
    var (wait, wasTold) = (ClaimWait(), false)
    while true {
      let found = try await claim([key])
      if found.mine.contains(key) { return true }
      if found.answered.contains(key) { return false }
      if wait.isLong, !wasTold {
        tell(ClaimHolder.words(await holder(of: key), questions: 1))
        wasTold = true
      }
      try await patience.pause(wait.pause)
      wait.look(found: false)
    }
  }
}
