internal import CKernels
package import Tensor

/// A pre-norm layer of a decoder as one job of the pool, for the few rows of decoding. Its operations are so short that threads
/// wait for one another a good part of the time where each is a job; the bits are those of the operations one by one.
package struct LayerJob {
  private let layer: sd_layer
  /// What the layer reads.
  private let kept: [Tensor]

  /// A layer of these parts.
  ///
  /// - Parameters:
  ///   - rows: up to four, or any number in ``Tensor/Compute/eachRowAlone(_:)``.
  ///   - heardNorm: behind the attention; nil for none.
  ///   - fedNorm: behind the MLP; nil for none.
  /// - Returns: nil where the layer is another one: with adapters beside the matrices, biases in the MLP or matrices in
  ///   several forms for the same rows, for a gradient, of more rows, or on a CPU whose products are OpenBLAS's.
  package init?(
    rows: Int, inputNorm: RMSNorm, attention: SelfAttention, heardNorm: RMSNorm?, postNorm: RMSNorm, mlp: GatedMLP,
    fedNorm: RMSNorm?
  ) {
    var parts = Parts(rows: rows)
    guard let query = parts.product(attention.query), let key = parts.product(attention.key),
      let value = parts.product(attention.value), let output = parts.product(attention.output),
      let gate = parts.product(mlp.gate), let up = parts.product(mlp.up), let down = parts.product(mlp.down),
      ![gate, up, down].contains(where: { $0.bias != nil }), areAlike([query, key, value]), areAlike([gate, up])
    else { return nil }
    var layer = sd_layer()
    (layer.rows, layer.width, layer.inner) = (rows, query.map.inner, gate.map.columns)
    layer.attention = (query.map, key.map, value.map, output.map)
    layer.biases = (query.bias, key.bias, value.bias, output.bias)
    layer.mlp = (gate.map, up.map, down.map)
    (layer.input_norm, layer.post_norm) = (parts.norm(inputNorm), parts.norm(postNorm))
    (layer.heard_norm, layer.fed_norm) = (parts.norm(heardNorm), parts.norm(fedNorm))
    layer.query_norm = parts.norm(attention.headNorms?.query)
    layer.key_norm = parts.norm(attention.headNorms?.key)
    let dimensions = query.map.columns / attention.heads
    (layer.heads, layer.key_heads) = (Int32(attention.heads), Int32(attention.keyHeads))
    (layer.dimension, layer.scale) = (Int32(dimensions), attention.scale ?? 1 / Float(dimensions).squareRoot())
    layer.activation = mlp.activation.code
    guard !parts.kept.contains(where: \.isTracked) else { return nil }
    (self.layer, kept) = (layer, parts.kept)
  }

  /// Maps [rows, width] to [rows, width]; the rows' keys and values are added to the cache.
  ///
  /// - Parameter positions: turns queries and keys; nil where positions turn nothing.
  /// - Returns: nil where the attention is another one than of few queries, or for a gradient; the cache is as it was then.
  package func callAsFunction(
    _ x: Tensor, positions: RotaryPositions.Table?, cache: inout KeyValueCache.Layer, step: KeyValueCache.Step
  ) -> Tensor? {
    guard takes(x, [step]), let memory = cache.memory(shape(of: step)) else { return nil }
    return computed(x, positions, [(memory.keys, memory.values, step)])
  }

  /// The same for the next row of each of several sequences with caches of their own.
  ///
  /// - Parameters:
  ///   - caches: the sequences'.
  ///   - layer: which of their layers this one is.
  ///   - steps: one row each.
  package func callAsFunction(
    _ x: Tensor, positions: RotaryPositions.Table?, caches: inout [KeyValueCache], layer: Int,
    steps: [KeyValueCache.Step]
  ) -> Tensor? {
    guard takes(x, steps) else { return nil }
    var sequences: [Sequence] = []
    for (i, step) in steps.enumerated() {
      guard let memory = caches[i].layers[layer].memory(shape(of: step)) else { return nil }
      sequences.append((memory.keys, memory.values, step))
    }
    return computed(x, positions, sequences)
  }

  private typealias Sequence = (
    keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, step: KeyValueCache.Step
  )

  private func takes(_ x: Tensor, _ steps: [KeyValueCache.Step]) -> Bool {
    guard let first = steps.first?.layout, !x.isTracked else { return false }
    return steps.allSatisfy { $0.layout.few == first.few && $0.layout.hasFewQueries }
  }

  private func shape(of step: KeyValueCache.Step) -> [Int] { [step.rows, Int(layer.key_heads), Int(layer.dimension)] }

  private func computed(_ x: Tensor, _ positions: RotaryPositions.Table?, _ sequences: [Sequence]) -> Tensor {
    let width = Int(layer.key_heads * layer.dimension)
    var (keys, values) = ([UnsafeMutablePointer<Float>?](), [UnsafeMutablePointer<Float>?]())
    var (spans, groups, firstRows) = ([sd_span](), [sd_group](), [Int]())
    for sequence in sequences {
      firstRows.append(keys.count)
      keys += sequence.step.places.map { sequence.keys + $0 * width }
      values += sequence.step.places.map { sequence.values + $0 * width }
      spans += sequence.step.layout.spans
      groups += sequence.step.layout.groups
    }
    precondition(
      x.shape == [layer.rows, layer.width] && keys.count == layer.rows,
      "\(x.shape) and \(keys.count) places for a layer of \(layer.rows) rows of \(layer.width)")
    precondition(
      positions.map { $0.dimensions == Int(layer.dimension) && $0.cosine.shape[0] == layer.rows } ?? true,
      "heads of \(layer.dimension) turned by another table")
    return withExtendedLifetime((x, kept, positions)) {
      Tensor(shape: x.shape) { out in
        spans.withUnsafeBufferPointer { spans in
          groups.withUnsafeBufferPointer { groups in
            var (span, group) = (0, 0)
            let asked = sequences.map { keys, values, step in
              defer { (span, group) = (span + step.layout.spans.count, group + step.layout.groups.count) }
              return sd_sequence(
                q: nil, k: keys, v: values, out: nil, log_sum: nil, spans: spans.baseAddress.map { $0 + span },
                groups: groups.baseAddress.map { $0 + group }, group_count: Int32(step.layout.groups.count))
            }
            var layer = layer
            (layer.x, layer.y) = (x.elements, out.baseAddress)
            (layer.cosine, layer.sine) = (positions?.cosine.elements, positions?.sine.elements)
            sd_decode_layer(
              &layer, asked, firstRows, Int32(asked.count), sequences[0].step.layout.few, keys, values)
          }
        }
      }
    }
  }
}

/// Whether products can be one list.
private func areAlike(_ products: [Product]) -> Bool {
  products.allSatisfy {
    $0.map.b_type == products[0].map.b_type && $0.map.in_bfloat16 == products[0].map.in_bfloat16
  }
}

private typealias Product = (map: sd_product, bias: UnsafePointer<Float>?)

/// Collects what a layer reads.
private struct Parts {
  let rows: Int
  private(set) var kept: [Tensor] = []

  /// Nil where the projection is more than a product by a matrix plus a bias.
  mutating func product(_ projection: any Projection) -> Product? {
    guard let plain = projection as? any BiasedProduct, plain.isBiasedProduct, let matrix = plain.matrix,
      matrix.additions.isEmpty, let map = sd_product(fewRows: rows, by: matrix.weight)
    else { return nil }
    kept.append(matrix.weight)
    let bias = plain.effectiveBias()
    if let bias { kept.append(bias) }
    return (map, bias?.elements)
  }

  mutating func norm(_ norm: RMSNorm?) -> sd_norm {
    guard let norm else { return sd_norm() }
    let scale = norm.scale
    kept.append(scale)
    return sd_norm(scale: scale.elements, epsilon: norm.epsilon, columns: scale.count)
  }
}
