extension DualCheckerLoop {
  /// The whole method in one call: begins, and labels batch after batch until the data or the budget ends.
  ///
  /// ```swift
  /// let (student, state) = try await loop.run(base)
  /// ```
  ///
  /// ``start()`` and ``step(_:student:)`` do the same piece by piece, so that each round can be saved.
  ///
  /// - Parameter student: learns from each batch.
  /// - Returns: the student as it is after the last round, and the state with every reply.
  /// - Throws: as ``start()`` and ``step(_:student:)``.
  public func run<Student: OnlineStudent>(_ student: Student) async throws -> (student: Student, state: LoopState) {
    var (student, state) = (student, try await start())
    while try await step(&state, student: &student) {}
    return (student, state)
  }
}
