import Tensor

/// Float32 matrix products of the shapes that a small decoder has, on all threads and on one.
func benchmarkMatrixProducts(rounds: Int, using generator: inout Tensor.Generator) {
  let threads = Tensor.Compute.threads
  for (rows, inner, columns) in [(1, 576, 576), (64, 576, 1536), (512, 576, 1536), (1024, 1024, 1024)] {
    let a = Tensor.normal([rows, inner], using: &generator)
    let b = Tensor.normal([columns, inner], using: &generator)
    let operations = 2 * Double(rows * inner * columns)
    // At least a few milliseconds a measurement.
    let repeats = max(1, Int(2e8 / operations))
    func multiply(on threads: Int) {
      Tensor.Compute.threads = threads
      for _ in 0..<repeats { consume([a.matmul(b, transposeB: true)]) }
    }
    Comparison(
      name: "\(repeats) x [\(rows), \(inner)] x [\(inner), \(columns)]", operations: operations * Double(repeats),
      sides: ("\(threads) threads", "1 thread")
    ).run(rounds: rounds, new: { multiply(on: threads) }, old: { multiply(on: 1) })
    Tensor.Compute.threads = threads
  }
}
