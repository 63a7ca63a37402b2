internal import CKernels

/// Products of many rows by several matrices with thin products added, as few lists of tasks as their order allows.
///
/// The thin products' inner rows z = scale · x Aᵀ lie side by side in one matrix, and so do their gradients: each side of
/// them is one product, whose panels of x are laid out once for all adapters.
struct JoinedProducts: Sendable {
  let x: Tensor
  let matrices: [AdaptedMatrix]

  /// Nil where our kernels don't take a product, for the few rows that read a matrix in another way, and for none.
  init?(_ x: Tensor, _ matrices: [AdaptedMatrix]) {
    guard sd_has_products(), x.shape[0] > Int(SD_FEW_ROWS), !matrices.isEmpty,
      matrices.allSatisfy({ matrix in
        let (columns, inner) = (matrix.weight.shape[0], matrix.weight.shape[1])
        guard isWorthPacking(x.shape[0], columns, inner) else { return false }
        guard let compact = matrix.weight.storage.compact else { return true }
        return compact.stored.map { $0.1 != SD_INT8 || columns % Int(SD_BLOCK) == 0 && inner % Int(SD_BLOCK) == 0 }
          ?? false
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
    var list = ProductList()
    for (i, matrix) in matrices.enumerated() {
      let c = results[i].pointer
      let base = sd_product(x, false, matrix.weight, true, c, rows: rows, columns: matrix.weight.shape[0], inner: width)
      let thin = places.of(i).map { place -> sd_product in
        var product = sd_product(
          inner ?? x, false, place.addition.b, true, c, rows: rows, columns: matrix.weight.shape[0], inner: place.rank)
        product.a += place.column
        product.a_row = places.count
        return product
      }
      list.add([base] + thin)
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
    var list = ProductList()
    var results: [Tensor?] = [nil]
    func result(_ shape: [Int]) -> UnsafeMutablePointer<Float> {
      let storage = Storage(count: Tensor.count(of: shape))
      results[results.count - 1] = Tensor(storage: storage, shape: shape)
      return storage.pointer
    }
    if isTracked {
      let dx = result([rows, width])
      var terms = zip(matrices, gradients).compactMap { matrix, dy in
        dy.map { sd_product($0, false, matrix.weight, false, dx, rows: rows, columns: width, inner: $0.shape[1]) }
      }
      if let slopes {
        terms.append(
          sd_product(slopes, false, places.stacked, false, dx, rows: rows, columns: width, inner: places.count))
      }
      list.add(terms)
    }
    // All A at once: [ranks, in].
    var forA: Tensor?
    if let slopes, zip(matrices, tracked).contains(where: { m, t in m.additions.indices.contains { t[1 + 2 * $0] } }) {
      let storage = Storage(count: places.count * width)
      list.add([
        sd_product(slopes, true, x, false, storage.pointer, rows: places.count, columns: width, inner: rows)
      ])
      forA = Tensor(storage: storage, shape: [places.count, width])
    }
    var rowsOfA: [(at: Int, rows: Range<Int>)] = []
    for (i, matrix) in matrices.enumerated() {
      let outputs = matrix.weight.shape[0]
      results.append(nil)
      if tracked[i][0], let dy = gradients[i] {
        list.add([
          sd_product(dy, true, x, false, result(matrix.weight.shape), rows: outputs, columns: width, inner: rows)
        ])
      }
      for (n, place) in places.of(i).enumerated() {
        results.append(nil)
        if tracked[i][1 + 2 * n] {
          rowsOfA.append((results.count - 1, place.column..<(place.column + place.rank)))
        }
        results.append(nil)
        guard tracked[i][2 + 2 * n], let dy = gradients[i], let inner else { continue }
        var product = sd_product(
          dy, true, inner, false, result([outputs, place.rank]), rows: outputs, columns: place.rank, inner: rows)
        product.b = UnsafeRawPointer(inner.storage.pointer + place.column)
        product.b_row = places.count
        list.add([product])
      }
    }
    withExtendedLifetime((self, gradients, slopes, places, inner)) { list.run() }
    for place in rowsOfA { results[place.at] = forA?.rows(place.rows) }
    return results
  }

  /// The gradients of the inner rows before their scale, dy B side by side; zero where no gradient came.
  private func innerGradients(_ gradients: [Tensor?], _ places: Places) -> Tensor {
    let result =
      gradients.contains { $0 == nil }
      ? Tensor.zeros([rows, places.count]) : Tensor(shape: [rows, places.count]) { _ in }
    var list = ProductList()
    for (i, dy) in gradients.enumerated() {
      guard let dy else { continue }
      for place in places.of(i) {
        var product = sd_product(
          dy, false, place.addition.b, false, result.storage.pointer + place.column, rows: rows, columns: place.rank,
          inner: dy.shape[1])
        product.c_row = places.count
        list.add([product])
      }
    }
    withExtendedLifetime((self, gradients)) { list.run() }
    return result
  }
}

/// Where the inner rows of each addition lie among those of all.
private struct Places: Sendable {
  struct Place: Sendable {
    let addition: AdaptedMatrix.Addition
    let matrix: Int, column: Int
    var rank: Int { addition.a.shape[0] }
  }

  private var all: [Place] = []
  /// The ranks of all additions.
  private(set) var count = 0
  /// All A, one below the other, [ranks, in].
  let stacked: Tensor

  init(_ matrices: [AdaptedMatrix]) {
    for (i, matrix) in matrices.enumerated() {
      for one in matrix.additions {
        all.append(Place(addition: one, matrix: i, column: count))
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
    inner.mutateScalars { z in
      for row in stride(from: 0, to: z.count, by: scales.count) {
        for column in scales.indices { z[row + column] *= scales[column] }
      }
    }
    return inner
  }
}

/// Sums of products that run as one list of tasks.
private struct ProductList {
  private var terms: [sd_product] = []
  private var counts: [Int32] = []

  /// Adds a sum; its terms write to one place.
  mutating func add(_ sum: [sd_product]) {
    guard !sum.isEmpty else { return }
    terms += sum
    counts.append(Int32(sum.count))
  }

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
