internal import CKernels
internal import COpenBLAS

/// C [rows, columns] = factor * A B + keep * C, with A [rows, inner] and B [inner, columns], each possibly stored transposed.
///
/// OpenBLAS runs on one thread; tiles of fixed size run on our pool, so that the bytes do not depend on its size.
func matrixProduct(
  _ a: UnsafePointer<Float>, transposeA: Bool, _ b: UnsafePointer<Float>, transposeB: Bool,
  _ c: UnsafeMutablePointer<Float>, rows: Int, columns: Int, inner: Int, factor: Float = 1, keep: Float = 0
) {
  guard rows > 0, columns > 0 else { return }
  guard inner > 0 else {
    if keep == 0 { sd_fill(c, 0, rows * columns) }
    return
  }
  _ = Tensor.Compute.prepared
  let leadingA = transposeA ? rows : inner
  let leadingB = transposeB ? inner : columns
  func tile(row: Int, rows m: Int, column: Int, columns n: Int) {
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(inner), factor,
      a + (transposeA ? row : row * inner), Int32(leadingA),
      b + (transposeB ? column * inner : column), Int32(leadingB), keep,
      c + row * columns + column, Int32(columns))
  }
  let side = 256
  guard rows * columns * inner > 1 << 21, max(rows, columns) > side else {
    tile(row: 0, rows: rows, column: 0, columns: columns)
    return
  }
  if rows >= columns {
    Tensor.Compute.parallel((rows + side - 1) / side) {
      tile(row: $0 * side, rows: min(side, rows - $0 * side), column: 0, columns: columns)
    }
  } else {
    Tensor.Compute.parallel((columns + side - 1) / side) {
      tile(row: 0, rows: rows, column: $0 * side, columns: min(side, columns - $0 * side))
    }
  }
}

/// The same with a second operand in 16 bits: bit for bit what it would be with the operand converted before.
///
/// Where tiles run over columns, each converts the columns it needs into a panel; else the operand, which then is the
/// smaller one, is converted for this product alone. Tiles are those of the function above.
func matrixProduct(
  _ a: UnsafePointer<Float>, transposeA: Bool, _ b: LazyElements, transposeB: Bool, _ c: UnsafeMutablePointer<Float>,
  rows: Int, columns: Int, inner: Int
) {
  let side = 256
  guard rows < columns, inner > 0, rows * columns * inner > 1 << 21, columns > side else {
    let whole = Storage(count: b.count)
    b.convertAll(to: whole.pointer)
    withExtendedLifetime(whole) {
      matrixProduct(
        a, transposeA: transposeA, whole.pointer, transposeB: transposeB, c, rows: rows, columns: columns, inner: inner)
    }
    return
  }
  _ = Tensor.Compute.prepared
  Tensor.Compute.parallel((columns + side - 1) / side) { tile in
    let column = tile * side
    let n = min(side, columns - column)
    let panel = Storage(count: n * inner)
    let p = panel.pointer
    if transposeB {
      b.convert(from: column * inner, count: n * inner, to: p)
    } else {
      for k in 0..<inner { b.convert(from: k * columns + column, count: n, to: p + k * n) }
    }
    withExtendedLifetime(panel) {
      cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
        Int32(rows), Int32(n), Int32(inner), 1, a, Int32(transposeA ? rows : inner), p, Int32(transposeB ? inner : n),
        0,
        c + column, Int32(columns))
    }
  }
}

/// The naive twin: three loops, Float64 sums. Tests hold the fast path against it.
package func naiveMatrixProduct(_ a: [Float], _ b: [Float], rows: Int, columns: Int, inner: Int) -> [Float] {
  var c = [Float](repeating: 0, count: rows * columns)
  for i in 0..<rows {
    for j in 0..<columns {
      var sum = 0.0
      for k in 0..<inner { sum += Double(a[i * inner + k]) * Double(b[k * columns + j]) }
      c[i * columns + j] = Float(sum)
    }
  }
  return c
}
