internal import TeacherProtocol

extension DualCheckerLoop {
  /// Runs the closure over the elements, a few at a time; results in their order.
  ///
  /// - Throws: the first error at once, but a used-up budget once the questions under way are answered: they are paid for.
  func concurrently<Element: Sendable, Output: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Output
  ) async throws -> [Output] {
    try await withThrowingTaskGroup(of: (place: Int, output: Result<Output, BudgetExhausted>).self) { group in
      var results = [Output?](repeating: nil, count: elements.count)
      var exhausted: BudgetExhausted?
      func take(_ done: (place: Int, output: Result<Output, BudgetExhausted>)) {
        switch done.output {
        case .success(let output): results[done.place] = output
        case .failure(let error): exhausted = error
        }
      }
      for (place, element) in elements.enumerated() {
        if place >= max(1, options.concurrency), let done = try await group.next() { take(done) }
        guard exhausted == nil else { break }
        group.addTask {
          do {
            return (place, .success(try await body(element)))
          } catch let error as BudgetExhausted {
            return (place, .failure(error))
          }
        }
      }
      for try await done in group { take(done) }
      if let exhausted { throw exhausted }
      return results.compactMap(\.self)
    }
  }
}
