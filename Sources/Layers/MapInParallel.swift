internal import Tensor

extension Array {
  /// The elements in order, so many at a time; the last batch has what is left.
  package func batches(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min(count, $0 + size)]) }
  }
}

/// Runs independent work on the arithmetic's own threads, results in order.
package func mapInParallel<Input: Sendable, Output: Sendable>(
  _ inputs: [Input], _ body: (Input) -> Output
) -> [Output] {
  var results = [Output?](repeating: nil, count: inputs.count)
  results.withUnsafeMutableBufferPointer { results in
    let base = Slots(pointer: results.baseAddress)
    Tensor.Compute.parallel(inputs.count) { base.pointer?[$0] = body(inputs[$0]) }
  }
  return results.compactMap { $0 }
}

extension Array {
  /// Results of batches side by side, in the order of their elements; nil stands for the elements of batches that are not
  /// wanted.
  ///
  /// - Parameters:
  ///   - isWanted: whether a batch is computed, by its number.
  ///   - body: gives a result for each element of a batch.
  package func mapInParallel<Item: Sendable, Output: Sendable>(
    only isWanted: (Int) -> Bool, _ body: ([Item]) -> [Output]
  ) -> [Output?] where Element == [Item] {
    let wanted = indices.filter(isWanted)
    let results = Dictionary(uniqueKeysWithValues: zip(wanted, Layers.mapInParallel(wanted.map { self[$0] }, body)))
    return indices.flatMap { number -> [Output?] in
      results[number] ?? [Output?](repeating: nil, count: self[number].count)
    }
  }
}

private struct Slots<Output>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Output?>?
}
