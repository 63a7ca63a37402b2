package import Layers
package import Tensor

/// A projection with low-rank products added: base(x) + scale · B(A(dropout(x))), for each adapter on it.
///
/// A fresh adapter changes nothing. With DoRA the rows of W + scale · B A are brought to trained lengths.
package struct LoRAProjection: BiasedProduct {
  /// The frozen map.
  package var base: any Projection
  /// The adapters, in the order in which they came.
  package var parts: [LowRankPart]
  /// Rows of an output head's matrix that adapters bring in place of the base's.
  package var rows: [TrainedRows]
  /// A plain map that computes what base and adapters do, while they are merged; nil otherwise.
  var merged: Linear?

  /// One fresh adapter around `base` [in → out], called "default".
  ///
  /// - Parameter configuration: its targets and patterns are not read.
  /// - Throws: ``LoRAError`` where the options exclude each other or do not suit the base.
  package init(
    base: any Projection, configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) throws {
    var plain = configuration
    (plain.rankPattern, plain.alphaPattern) = ([:], [:])
    try plain.check()
    let place = AdapterPlace(path: "", shape: base.weightShape, isTable: false, hasBias: base.effectiveBias() != nil)
    self.init(base: base)
    parts = [
      try AdapterMatcher(plain).part(
        named: LowRankPart.defaultName, at: place, weight: base.effectiveWeight(), using: &generator)
    ]
  }

  /// A map without adapters yet.
  init(base: any Projection) {
    self.base = base
    (parts, rows) = ([], [])
  }

  /// Whether no adapter is left.
  var isEmpty: Bool { parts.isEmpty && rows.isEmpty }

  /// Maps [..., in] to [..., out].
  package func callAsFunction(_ x: Tensor) -> Tensor {
    if let merged { return merged(x) }
    if hasOwnRows { return dense(x) }
    guard isJoined, let matrix else { return adapted(base(x), x) }
    let rows = x.rank == 2 ? x : x.reshaped([-1, x.shape[x.rank - 1]])
    let y = self(rows, product: rows.product(by: matrix))
    return x.rank == 2 ? y : y.reshaped(Array(x.shape.dropLast()) + [y.shape[1]])
  }

  /// The matrix of the merged map, or of the base; with the adapters' products where nothing but these is added.
  package var matrix: AdaptedMatrix? {
    if let merged { return merged.matrix }
    guard !hasOwnRows else { return nil }
    guard isJoined, var matrix = base.matrix else { return base.matrix }
    for part in parts where part.weight != 0 { matrix.additions += part.additions }
    return matrix
  }

  /// The same from the product by ``matrix``.
  package func callAsFunction(_ x: Tensor, product: consuming Tensor) -> Tensor {
    if let merged { return merged(x, product: product) }
    if hasOwnRows { return dense(x) }
    let y = base(x, product: product)
    guard isJoined, base.matrix != nil else { return adapted(y, x) }
    return parts.reduce(y) { sum, part in
      guard part.weight != 0, let bias = part.bias else { return sum }
      return sum + bias.value * (part.scale * part.weight)
    }
  }

  /// Unless rows of the matrix are others, or adapters do more than add thin products.
  package var isBiasedProduct: Bool {
    if let merged { return merged.isBiasedProduct }
    guard !hasOwnRows, isJoined, let base = base as? any BiasedProduct else { return false }
    return base.isBiasedProduct
  }

  /// Whether the adapters are thin products of the input itself: no lengths to bring rows to, nothing dropped.
  private var isJoined: Bool { !parts.contains { $0.weight != 0 && ($0.magnitude != nil || $0.isDropping) } }

  /// Whether rows of the base's matrix are others.
  private var hasOwnRows: Bool { rows.contains { $0.weight != 0 } }

  /// The product by the whole matrix: for heads, which are asked for their matrix anyway.
  private func dense(_ x: Tensor) -> Tensor {
    let y = x.matmul(effectiveWeight(), transposeB: true)
    return effectiveBias().map { y + $0 } ?? y
  }

  /// What the adapters make of the base's result.
  private func adapted(_ result: consuming Tensor, _ x: Tensor) -> Tensor {
    var y = result
    // Kept only for DoRA: a result with a second owner can't be added to in place.
    let plain = parts.contains { $0.magnitude != nil } ? y : nil
    for part in parts where part.weight != 0 {
      if let plain, part.magnitude != nil {
        y = stretched(y, by: part, x: x, plain: plain)
      } else {
        add(part, x: x, to: &y)
      }
    }
    return y
  }

  /// y + scale · B(A(x)), in the memory of y.
  private func add(_ part: LowRankPart, x: Tensor, to y: inout Tensor) {
    let shape = y.shape
    let input = part.dropped(x).reshaped([-1, x.shape[x.rank - 1]])
    if y.rank != 2 { y = y.reshaped([-1, shape[y.rank - 1]]) }
    for one in part.additions { y.addLowRank(of: input, one.a, one.b, scale: one.scale) }
    if let bias = part.bias { y = y + bias.value * (part.scale * part.weight) }
    if shape.count != 2 { y = y.reshaped(shape) }
  }

  /// The change of an adapter with DoRA's lengths.
  private func stretched(_ y: Tensor, by part: LowRankPart, x: Tensor, plain: Tensor) -> Tensor {
    guard let lengths = part.magnitude?.value else { return y }
    let input = part.dropped(x)
    let scale = part.scale * part.weight
    let product = (input.matmul(part.a.value, transposeB: true) * scale).matmul(part.b.value, transposeB: true)
    let factor = part.factor(lengths, cross: withoutBias(base(part.a.value.detached())))
    // The base's share of a dropped input is computed from that input too.
    let linear = withoutBias(part.isDropping ? base(input) : plain)
    return y + linear * ((factor - 1) * part.weight) + product * factor
  }

  private func withoutBias(_ y: Tensor) -> Tensor { base.effectiveBias().map { y - $0 } ?? y }

  /// The base's matrix with every adapter's change, [out, in].
  package func effectiveWeight() -> Tensor {
    if let merged { return merged.effectiveWeight() }
    let base = base.effectiveWeight()
    var weight = rows.applied(to: base)
    for part in parts where part.weight != 0 {
      let product = part.product()
      guard let lengths = part.magnitude?.value else {
        weight = weight + product
        continue
      }
      let cross = part.a.value.detached().matmul(base, transposeB: true)
      let factor = part.factor(lengths, cross: cross).reshaped([-1, 1])
      weight = weight + base * ((factor - 1) * part.weight) + product * factor
    }
    return weight
  }

  /// The base's offset with the adapters' own, [out]; nil for none.
  package func effectiveBias() -> Tensor? {
    if let merged { return merged.effectiveBias() }
    return parts.reduce(base.effectiveBias()) { sum, part in
      guard part.weight != 0, let own = part.bias?.value else { return sum }
      let scaled = own * (part.scale * part.weight)
      return sum.map { $0 + scaled } ?? scaled
    }
  }

  package var weightShape: [Int] { base.weightShape }

  /// Shows the base's parameters under its own path, then each adapter's `lora_A.weight`, `lora_B.weight` and what else
  /// it has.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    base.visit(&visitor, at: path)
    for i in parts.indices { parts[i].visit(&visitor, at: path, prefix: "lora_") }
    for i in rows.indices { rows[i].visit(&visitor, at: path) }
  }
}

extension LowRankPart {
  var isDropping: Bool { dropout > 0 && dropoutSeed != nil }

  /// What this adapter adds to the base's matrix, DoRA's lengths aside.
  fileprivate var additions: [AdaptedMatrix.Addition] {
    let scale = scale * weight
    let own = AdaptedMatrix.Addition(a: a.value, b: b.value, scale: scale)
    return [own] + (initial.map { [.init(a: $0.a, b: $0.b, scale: -scale)] } ?? [])
  }

  /// The input with a share of its elements set to zero and the others scaled up, while a seed is set.
  fileprivate func dropped(_ x: Tensor) -> Tensor {
    guard dropout > 0, let dropoutSeed else { return x }
    let keep = 1 - dropout
    let mask = Tensor(shape: x.shape) { out in
      inBlocks(of: out.count) { start, count in
        var generator = Tensor.Generator(seed: dropoutSeed)
        generator.skip(start)
        for i in start..<(start + count) { out[i] = Float(generator.next() >> 40) * 0x1p-24 < keep ? 1 / keep : 0 }
      }
    }
    return x * mask
  }
}
