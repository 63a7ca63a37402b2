internal import Layers
internal import TeacherProtocol
internal import Training

/// Has the other ranks answer questions along with rank 0, one order after the other.
final class TeacherConductor: Sendable {
  let ranks: any Ranks
  /// How an order gets to the others; nil says that there is none any more.
  private let send: @Sendable (TeacherOrder?) throws -> Void
  /// What went wrong between ranks, after which nothing is asked; held while an order is carried out.
  private let fault = Locked<(any Error)?>(nil)

  init(_ ranks: any Ranks, send: @escaping @Sendable (TeacherOrder?) throws -> Void) {
    (self.ranks, self.send) = (ranks, send)
  }

  /// Gives the calls to all ranks, and returns what comes of each.
  func replies(
    to calls: [[TeacherRequest]], of teacher: any ComputedTeacher
  ) async throws -> [Result<[TeacherReply], any Error>] {
    try await onOwnThread { [self] in
      try fault.withLock { fault in
        do {
          if let fault { throw fault }
          try send(TeacherOrder(calls, to: teacher))
          return try ranks.replies(to: calls, of: teacher)
        } catch {
          fault = error
          throw TeacherUnavailable(teacher: teacher.name, reason: "\(error)")
        }
      }
    }
  }

  /// Lets the others go on.
  ///
  /// - Throws: what went wrong between ranks before.
  func end() throws {
    try fault.withLock { fault in
      if let fault { throw fault }
      try send(nil)
    }
  }
}
