package import CKernels
internal import COpenBLAS

/// C [rows, columns] = A B, or C + A B where `adds`, with A [rows, inner] and B [inner, columns], each possibly stored transposed.
///
/// On CPUs with AVX2, AVX-512 or NEON the kernels are our own: they read 16- and 8-bit weights where they stand and are as fast as
/// those of OpenBLAS or faster (`make benchmark`). On others OpenBLAS runs on one thread; tiles of fixed size run on our pool,
/// so that the bytes do not depend on its size.
func matrixProduct(
  _ a: UnsafePointer<Float>, transposeA: Bool, _ b: UnsafePointer<Float>, transposeB: Bool,
  _ c: UnsafeMutablePointer<Float>, rows: Int, columns: Int, inner: Int, adds: Bool = false
) {
  guard rows > 0, columns > 0 else { return }
  guard inner > 0 else { return adds ? () : sd_fill(c, 0, rows * columns) }
  if isWorthPacking(rows, columns, inner) {
    var product = sd_product(a, transposeA, b, transposeB, c, rows: rows, columns: columns, inner: inner)
    product.adds = adds
    return sd_multiply(&product)
  }
  // Of one row at a time where each must be as if it were alone.
  let each = Tensor.Compute.sumsRowsAlone && !transposeA ? 1 : rows
  for row in stride(from: 0, to: rows, by: each) {
    openBLASProduct(
      a + row * inner, transposeA: transposeA, b, transposeB: transposeB, c + row * columns, rows: each,
      columns: columns, inner: inner, keep: adds ? 1 : 0)
  }
}

/// The same with a second operand in 16 bits or fewer.
///
/// Unless the operand asks for products of bfloat16 numbers, or is in 8 bits and meets few rows, the result is bit for bit
/// what it would be with the operand converted before.
func matrixProduct(
  _ a: UnsafePointer<Float>, transposeA: Bool, _ b: CompactStorage, transposeB: Bool, _ c: UnsafeMutablePointer<Float>,
  rows: Int, columns: Int, inner: Int
) {
  // A reshaped matrix in blocks may have rows that are not of whole blocks.
  guard
    var product = sd_product(a, transposeA, b, transposeB, c, rows: rows, columns: columns, inner: inner)
  else {
    return b.withConverted {
      matrixProduct(
        a, transposeA: transposeA, $0, transposeB: transposeB, c, rows: rows, columns: columns, inner: inner)
    }
  }
  sd_multiply(&product)
}

/// Whether our own kernels take a product: not where laying out its operand would be most of the work. Of more than a few
/// rows they take all, so that a row's result does not depend on how many stand beside it.
func isWorthPacking(_ rows: Int, _ columns: Int, _ inner: Int) -> Bool {
  let rows = Tensor.Compute.sumsRowsAlone ? 1 : rows
  return sd_has_products() && (rows > Int(SD_FEW_ROWS) || rows * columns * inner > 512)
}

extension Tensor {
  /// Matrices of up to so many rows are multiplied in the way that is the fastest for them, with sums in another order
  /// than those of more rows have. What must not depend on how many rows are computed together has more.
  package static let fewRows = Int(SD_FEW_ROWS)
}

extension sd_product {
  /// The product with an operand in 16 bits or fewer; nil where our kernels don't take it.
  init?(
    _ a: UnsafePointer<Float>?, _ transposeA: Bool, _ b: CompactStorage, _ transposeB: Bool,
    _ c: UnsafeMutablePointer<Float>?, rows: Int, columns: Int, inner: Int
  ) {
    guard isWorthPacking(rows, columns, inner), let (elements, type) = b.stored,
      b.areReadable(inRowsOf: transposeB ? inner : columns)
    else { return nil }
    self.init(a, transposeA, elements, transposeB, c, rows: rows, columns: columns, inner: inner)
    b_type = type
    if let packing = b.packing { b_packed = packing }
    in_bfloat16 = type == SD_BFLOAT16 && b.isChosen && !transposeA && Tensor.Compute.multipliesBFloat16
  }

  /// The product of rows by a matrix [columns, inner] in whatever form it is kept; nil where our kernels don't take it.
  init?(_ rows: Tensor, by matrix: Tensor, to c: UnsafeMutablePointer<Float>) {
    self.init(rows.storage.pointer, rows: rows.shape[0], by: matrix, to: c)
  }

  /// The same for few rows, or each alone, in a job that says where rows and products lie; nil where a gradient is wanted too.
  package init?(fewRows rows: Int, by matrix: Tensor) {
    guard rows > 0, Tensor.Compute.readsInPlace(rows: rows), !matrix.isTracked else { return nil }
    self.init(nil, rows: rows, by: matrix, to: nil)
  }

  private init?(_ a: UnsafePointer<Float>?, rows m: Int, by matrix: Tensor, to c: UnsafeMutablePointer<Float>?) {
    let (n, k) = (matrix.shape[0], matrix.shape[1])
    if let compact = matrix.storage.compact {
      self.init(a, false, compact, true, c, rows: m, columns: n, inner: k)
      return
    }
    guard isWorthPacking(m, n, k) else { return nil }
    self.init(a, false, UnsafeRawPointer(matrix.storage.pointer), true, c, rows: m, columns: n, inner: k)
  }

  /// The product of two matrices, the second in whatever form it is kept.
  init(
    _ a: Tensor, _ transposeA: Bool, _ b: Tensor, _ transposeB: Bool, _ c: UnsafeMutablePointer<Float>, rows: Int,
    columns: Int, inner: Int
  ) {
    let x = a.storage.pointer
    if let compact = b.storage.compact,
      let kept = sd_product(x, transposeA, compact, transposeB, c, rows: rows, columns: columns, inner: inner)
    {
      self = kept
    } else {
      self.init(x, transposeA, b.storage.pointer, transposeB, c, rows: rows, columns: columns, inner: inner)
    }
  }

  fileprivate init(
    _ a: UnsafePointer<Float>?, _ transposeA: Bool, _ b: UnsafeRawPointer, _ transposeB: Bool,
    _ c: UnsafeMutablePointer<Float>?, rows: Int, columns: Int, inner: Int
  ) {
    self.init()
    (self.a, self.b, self.c) = (a, b, c)
    (self.rows, self.columns, self.inner) = (rows, columns, inner)
    (a_turned, b_turned) = (transposeA, transposeB)
    a_row = transposeA ? rows : inner
    b_row = transposeB ? inner : columns
    c_row = columns
    each_row_alone = Tensor.Compute.sumsRowsAlone
  }
}

/// The product by OpenBLAS: the way of CPUs that have no kernels of our own, and what benchmarks hold our kernels against.
package func openBLASProduct(
  _ a: UnsafePointer<Float>, transposeA: Bool, _ b: UnsafePointer<Float>, transposeB: Bool,
  _ c: UnsafeMutablePointer<Float>, rows: Int, columns: Int, inner: Int, keep: Float = 0
) {
  _ = Tensor.Compute.isOpenBLASPrepared
  let leadingA = transposeA ? rows : inner
  let leadingB = transposeB ? inner : columns
  func tile(row: Int, rows m: Int, column: Int, columns n: Int) {
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(inner), 1,
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

/// The naive twin: three loops, Float64 sums. Tests hold the fast paths against it.
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
