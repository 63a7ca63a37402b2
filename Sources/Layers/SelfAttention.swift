package import Tensor

/// Attention with its four projections; with fewer key heads than heads it is grouped-query attention (Ainslie et al. 2023).
package struct SelfAttention: Module {
  /// Maps to [heads · dimensions].
  package var query: any Projection
  /// Maps to [key heads · dimensions].
  package var key: any Projection
  /// Maps to [key heads · dimensions].
  package var value: any Projection
  /// Maps back to the model's width.
  package var output: any Projection
  /// Heads of the queries.
  package let heads: Int
  /// Heads of keys and values; divides ``heads``.
  package let keyHeads: Int
  /// Normalises each head of the queries and of the keys before positions turn them, [dimensions] each, or all heads of a row
  /// together, [heads · dimensions] and [key heads · dimensions]; nil for none.
  package var headNorms: (query: RMSNorm, key: RMSNorm)?
  /// What scores are multiplied by; nil for 1/√dimensions.
  let scale: Float?
  private let outputName: String

  /// Attention with these projections.
  ///
  /// - Parameters:
  ///   - headNorms: normalise each head of queries and keys. The default is none.
  ///   - scale: what scores are multiplied by. The default is 1/√dimensions.
  ///   - outputName: the last component of the output projection's path: "o_proj" in Llama, "out_proj" in SigLIP.
  package init(
    query: any Projection, key: any Projection, value: any Projection, output: any Projection, heads: Int,
    keyHeads: Int? = nil, headNorms: (query: RMSNorm, key: RMSNorm)? = nil, scale: Float? = nil,
    outputName: String = "o_proj"
  ) {
    (self.query, self.key, self.value) = (query, key, value)
    (self.headNorms, self.scale) = (headNorms, scale)
    (self.output, self.heads) = (output, heads)
    self.keyHeads = keyHeads ?? heads
    self.outputName = outputName
  }

  /// Maps [rows, width] to [rows, width].
  ///
  /// - Parameters:
  ///   - layout: which rows see which.
  ///   - positions: turns queries and keys; nil where positions are added elsewhere.
  ///   - beginning: keys and values that stand before those of the rows; nil for none.
  ///   - rows: the rows that come out; nil for all.
  package func callAsFunction(
    _ x: Tensor, layout: AttentionLayout, positions: RotaryPositions.Table? = nil,
    after beginning: KeyValueCache.Layer? = nil, keeping rows: [Int]? = nil
  ) -> Tensor {
    let (q, k, v) = projected(x, positions)
    let seen = beginning?.followed(by: k, v) ?? (keys: k, values: v)
    let y = layout.attention(queries: q, keys: seen.keys, values: seen.values, scale: scale)
    return merged(rows.map(y.gathered) ?? y)
  }

  /// The same for new rows that follow cached ones; their keys and values are added to the cache.
  package func callAsFunction(
    _ x: Tensor, positions: RotaryPositions.Table?, cache: inout KeyValueCache.Layer, step: KeyValueCache.Step
  ) -> Tensor {
    let (q, k, v) = projected(x, positions)
    cache.store(keys: k, values: v, at: step.places, rows: step.rows)
    return merged(
      step.layout.attention(queries: q, keys: cache.keys ?? k, values: cache.values ?? v, scale: scale))
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
  ) -> Tensor {
    let (q, k, v) = projected(x, positions)
    for (i, step) in steps.enumerated() {
      caches[i].layers[layer].store(
        keys: k.rows(i..<(i + 1)), values: v.rows(i..<(i + 1)), at: step.places, rows: step.rows)
    }
    return merged(
      AttentionLayout.attention(
        steps.map(\.layout), queries: q, caches: caches.map { $0.layers[layer] }, scale: scale))
  }

  private func projected(_ x: Tensor, _ positions: RotaryPositions.Table?) -> (Tensor, Tensor, Tensor) {
    let rows = x.shape[0]
    let all = applied([query, key, value], to: x)
    let q = all[0].reshaped([rows, heads, -1])
    let k = all[1].reshaped([rows, keyHeads, -1])
    let v = all[2].reshaped([rows, keyHeads, -1])
    guard let headNorms else { return (positions?.rotate(q) ?? q, positions?.rotate(k) ?? k, v) }
    func normal(_ x: Tensor, _ norm: RMSNorm) -> Tensor {
      norm(x.reshaped([-1, norm.weight.value.count])).reshaped(x.shape)
    }
    let (normalQ, normalK) = (normal(q, headNorms.query), normal(k, headNorms.key))
    guard let positions else { return (normalQ, normalK, v) }
    // What is turned is not kept for the gradient.
    defer {
      normalQ.forgetElements()
      normalK.forgetElements()
    }
    return (positions.rotate(normalQ), positions.rotate(normalK), v)
  }

  private func merged(_ y: Tensor) -> Tensor { output(y.reshaped([y.shape[0], -1])) }

  /// Shows `q_proj`, `k_proj`, `v_proj` and the output projection, and `q_norm` and `k_norm` where there are any.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &query, at: path.appending(component: "q_proj"))
    visitor.visit(projection: &key, at: path.appending(component: "k_proj"))
    visitor.visit(projection: &value, at: path.appending(component: "v_proj"))
    visitor.visit(projection: &output, at: path.appending(component: outputName))
    guard var norms = headNorms else { return }
    norms.query.visit(&visitor, at: path.appending(component: "q_norm"))
    norms.key.visit(&visitor, at: path.appending(component: "k_norm"))
    headNorms = norms
  }
}
