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

private struct Slots<Output>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Output?>?
}
