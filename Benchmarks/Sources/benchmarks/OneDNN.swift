#if OneDNN
  import Tensor

  /// bfloat16 products of the shapes that a training step has, by oneDNN and by our own kernels.
  func benchmarkOneDNN(rounds: Int, using generator: inout Tensor.Generator) {
    let chosen = Tensor.Compute.usesOneDNN
    defer { Tensor.Compute.usesOneDNN = chosen }
    for (rows, inner, columns) in [(192, 576, 576), (384, 576, 1536), (384, 1536, 576), (1024, 4096, 4096)] {
      let x = Tensor.normal([rows, inner], using: &generator)
      let weights = Tensor.normal([columns, inner], using: &generator).inBFloat16()
      let operations = 2 * Double(rows * inner * columns)
      let repeats = max(1, Int(1e9 / operations))
      func multiply(usingOneDNN: Bool) {
        Tensor.Compute.usesOneDNN = usingOneDNN
        for _ in 0..<repeats { consume([x.matmul(weights, transposeB: true)]) }
      }
      Comparison(
        name: "bfloat16, \(repeats) x [\(rows), \(inner)] x [\(inner), \(columns)]",
        operations: operations * Double(repeats), sides: ("oneDNN", "own")
      ).run(rounds: rounds, new: { multiply(usingOneDNN: true) }, old: { multiply(usingOneDNN: false) })
    }
  }
#endif
