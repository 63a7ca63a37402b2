internal import CKernels

/// Sums of products that run as one list of tasks.
struct MatmulTasks {
  private var terms: [sd_product] = []
  private var counts: [Int32] = []

  /// Adds a sum; its terms write to one place.
  mutating func add(_ sum: [sd_product]) {
    guard !sum.isEmpty else { return }
    terms += sum
    counts.append(Int32(sum.count))
  }

  /// Adds aᵀ b, or aᵀ with some columns of b, which is complete after ``run()``: the gradient of a matrix.
  ///
  /// - Precondition: `a` is [inner, rows], `b` [inner, columns].
  mutating func transposedProduct(_ a: Tensor, _ b: Tensor, columns: Range<Int>? = nil) -> Tensor {
    let (inner, rows, columns) = (a.shape[0], a.shape[1], columns ?? 0..<b.shape[1])
    let result = Storage(count: rows * columns.count)
    var product = sd_product(a, true, b, false, result.pointer, rows: rows, columns: columns.count, inner: inner)
    (product.b, product.b_row) = (UnsafeRawPointer(b.storage.pointer + columns.lowerBound), b.shape[1])
    add([product])
    return Tensor(storage: result, shape: [rows, columns.count])
  }

  /// Computes all sums. The caller keeps the operands alive until then.
  func run() {
    terms.withUnsafeBufferPointer { terms in
      var at = terms.baseAddress
      let sums = counts.map { count -> sd_product_sum in
        defer { at = at?.advanced(by: Int(count)) }
        return sd_product_sum(terms: at, count: count)
      }
      sd_multiply_sums(sums, Int32(sums.count))
    }
  }
}
