internal import CKernels

/// Products of many rows by several matrices with thin products added, as few lists of tasks as their order allows.
///
/// The thin products' inner rows z = scale · x Aᵀ lie side by side in one matrix, and so do their gradients: each side of
/// them is one product, whose panels of x are laid out once for all adapters.
struct GroupedMatmul: Sendable {
  let x: Tensor
  let matrices: [AdaptedMatrix]

  /// Nil where our kernels don't take a product, for the few rows that read a matrix in another way, for rows that are summed
  /// as these are, and for none.
  init?(_ x: Tensor, _ matrices: [AdaptedMatrix]) {
    guard sd_has_products(), x.shape[0] > Int(SD_FEW_ROWS), !Tensor.Compute.sumsRowsAlone, !matrices.isEmpty,
      matrices.allSatisfy({ matrix in
        let (outputs, inputs) = (matrix.weight.shape[0], matrix.weight.shape[1])
        return isWorthPacking(x.shape[0], outputs, inputs)
          && matrix.weight.storage.compact?.areReadable(inRowsOf: inputs) ?? true
      })
    else { return nil }
    self.x = x
    self.matrices = matrices.map { matrix in
      AdaptedMatrix(
        matrix.weight.detached(),
        additions: matrix.additions.map { .init(a: $0.a.detached(), b: $0.b.detached(), scale: $0.scale) })
    }
  }

  private var rows: Int { x.shape[0] }
  private var width: Int { x.shape[1] }

  /// The products [rows, out], and the inner rows of all additions [rows, ranks]; nil where there are none.
  func values() -> (products: [Tensor], inner: Tensor?) {
    let places = Places(matrices)
    let inner = places.isEmpty ? nil : places.scaled(x.matmul(places.stacked, transposeB: true))
    let results = matrices.map { Storage(count: rows * $0.weight.shape[0]) }
    var list = MatmulTasks()
    for (i, matrix) in matrices.enumerated() {
      let (c, outputs) = (results[i].pointer, matrix.weight.shape[0])
      var terms = [sd_product(x, false, matrix.weight, true, c, rows: rows, columns: outputs, inner: width)]
      for place in places.of(i) {
        guard let inner else { continue }
        var thin = sd_product(inner, false, place.addition.b, true, c, rows: rows, columns: outputs, inner: place.rank)
        (thin.a, thin.a_row) = (thin.a + place.column, places.count)
        terms.append(thin)
      }
      list.add(terms)
    }
    withExtendedLifetime((self, inner)) { list.run() }
    return (zip(matrices, results).map { Tensor(storage: $1, shape: [rows, $0.weight.shape[0]]) }, inner)
  }

  /// The gradients of the rows, then of each matrix' weight, A, B, A, B, ...; nil for what is not tracked.
  ///
  /// - Parameters:
  ///   - gradients: of the products; nil stands for zero.
  ///   - inner: what ``values()`` gave.
  ///   - isTracked: whether the rows want a gradient.
  ///   - tracked: which tensors of each matrix want one.
  func gradients(
    from gradients: [Tensor?], inner: Tensor?, ofRows isTracked: Bool, of tracked: [[Bool]]
  ) -> [Tensor?] {
    let places = Places(matrices)
    let slopes = places.isEmpty ? nil : places.scaled(innerGradients(gradients, places))
    var list = MatmulTasks()
    let dx = isTracked ? rowGradients(gradients, slopes, places, in: &list) : nil
    // All A at once: [ranks, in].
    let wantsA = places.all.contains { tracked[$0.matrix][$0.tensor] }
    let forA = slopes.flatMap { wantsA ? list.transposedProduct($0, x) : nil }
    var results = tracked.map { $0.map { _ in Tensor?.none } }
    for (i, dy) in gradients.enumerated() {
      guard let dy else { continue }
      if tracked[i][0] { results[i][0] = list.transposedProduct(dy, x) }
      for place in places.of(i) where tracked[i][place.tensor + 1] {
        guard let inner else { continue }
        results[i][place.tensor + 1] = list.transposedProduct(dy, inner, columns: place.columns)
      }
    }
    withExtendedLifetime((self, gradients, slopes, places, inner)) { list.run() }
    for place in places.all where tracked[place.matrix][place.tensor] {
      results[place.matrix][place.tensor] = forA?.rows(place.columns)
    }
    return [dx] + results.flatMap { $0 }
  }

  /// The gradient of the rows, the sum over all matrices and additions; nil where none came.
  private func rowGradients(
    _ gradients: [Tensor?], _ slopes: Tensor?, _ places: Places, in list: inout MatmulTasks
  ) -> Tensor? {
    let dx = Storage(count: rows * width)
    var terms = zip(matrices, gradients).compactMap { matrix, dy in
      dy.map { sd_product($0, false, matrix.weight, false, dx.pointer, rows: rows, columns: width, inner: $0.shape[1]) }
    }
    if let slopes {
      let inner = places.count
      terms.append(
        sd_product(slopes, false, places.stacked, false, dx.pointer, rows: rows, columns: width, inner: inner))
    }
    list.add(terms)
    return terms.isEmpty ? nil : Tensor(storage: dx, shape: [rows, width])
  }

  /// The gradients of the inner rows before their scale, dy B side by side; zero where no gradient came.
  private func innerGradients(_ gradients: [Tensor?], _ places: Places) -> Tensor {
    let result = Tensor.zeros([rows, places.count])
    var list = MatmulTasks()
    for place in places.all {
      guard let dy = gradients[place.matrix] else { continue }
      let to = result.storage.pointer + place.column
      var product = sd_product(
        dy, false, place.addition.b, false, to, rows: rows, columns: place.rank, inner: dy.shape[1])
      product.c_row = places.count
      list.add([product])
    }
    withExtendedLifetime((self, gradients)) { list.run() }
    return result
  }
}

/// Where the inner rows of each addition lie among those of all.
private struct Places: Sendable {
  struct Place: Sendable {
    let addition: AdaptedMatrix.Addition
    /// Which matrix it is added to, and where its A is among that one's tensors; B follows.
    let matrix: Int, tensor: Int
    /// The first of its columns.
    let column: Int
    var rank: Int { addition.a.shape[0] }
    var columns: Range<Int> { column..<(column + rank) }
  }

  private(set) var all: [Place] = []
  /// The ranks of all additions.
  private(set) var count = 0
  /// All A, one below the other, [ranks, in].
  let stacked: Tensor

  init(_ matrices: [AdaptedMatrix]) {
    for (i, matrix) in matrices.enumerated() {
      for (n, one) in matrix.additions.enumerated() {
        all.append(Place(addition: one, matrix: i, tensor: 1 + 2 * n, column: count))
        count += one.a.shape[0]
      }
    }
    stacked = all.isEmpty ? .nothing : all.count == 1 ? all[0].addition.a : .concatenated(all.map(\.addition.a))
  }

  var isEmpty: Bool { count == 0 }

  func of(_ matrix: Int) -> [Place] { all.filter { $0.matrix == matrix } }

  /// Inner rows [rows, ranks], each column times the scale of its addition.
  func scaled(_ inner: consuming Tensor) -> Tensor {
    let scales = all.flatMap { Array(repeating: $0.addition.scale, count: $0.rank) }
    let rows = inner.shape[0]
    inner.mutateScalars { z in
      guard let z = z.baseAddress else { return }
      scales.withUnsafeBufferPointer { scales in
        inRowBlocks(rows: rows, columns: scales.count) { first, rows in
          for row in first..<(first + rows) {
            let to = z + row * scales.count
            for column in scales.indices { to[column] *= scales[column] }
          }
        }
      }
    }
    return inner
  }
}
