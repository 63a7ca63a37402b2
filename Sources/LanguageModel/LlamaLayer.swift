package import Layers
internal import Tensor

extension Llama {
  /// One pre-norm decoder layer; where there are norms behind attention and MLP too, what is added has passed through them.
  package struct Layer: Module {
    var inputNorm: RMSNorm
    var attention: SelfAttention
    /// Behind the attention; nil for none.
    var heardNorm: RMSNorm?
    var postNorm: RMSNorm
    var mlp: GatedMLP
    /// Behind the MLP; nil for none.
    var fedNorm: RMSNorm?

    /// - Parameter rows: the rows that come out; nil for all. Every row is seen by the others in any case.
    func callAsFunction(
      _ x: Tensor, layout: AttentionLayout, positions: RotaryPositions.Table?, after beginning: KeyValueCache.Layer?,
      keeping rows: [Int]?
    ) -> Tensor {
      // Normalised rows are not kept for the gradient: they cost little to compute again.
      let read = inputNorm(x)
      let heard = attention(read, layout: layout, positions: positions, after: beginning, keeping: rows)
      read.forgetElements()
      return completed(rows.map(x.gathered) ?? x, heard)
    }

    /// The same for new rows that follow cached ones; their keys and values are added to the cache.
    func callAsFunction(
      _ x: Tensor, positions: RotaryPositions.Table?, cache: inout KeyValueCache.Layer, step: KeyValueCache.Step,
      joins: Bool
    ) -> Tensor {
      if joins, let y = job(rows: x.shape[0])?(x, positions: positions, cache: &cache, step: step) { return y }
      return completed(x, attention(inputNorm(x), positions: positions, cache: &cache, step: step))
    }

    /// The same for the next row of each of several sequences with caches of their own.
    func callAsFunction(
      _ x: Tensor, positions: RotaryPositions.Table?, caches: inout [KeyValueCache], layer: Int,
      steps: [KeyValueCache.Step], joins: Bool
    ) -> Tensor {
      if joins,
        let y = job(rows: x.shape[0])?(x, positions: positions, caches: &caches, layer: layer, steps: steps)
      {
        return y
      }
      let heard = attention(inputNorm(x), positions: positions, caches: &caches, layer: layer, steps: steps)
      return completed(x, heard)
    }

    private func job(rows: Int) -> LayerJob? {
      LayerJob(
        rows: rows, inputNorm: inputNorm, attention: attention, heardNorm: heardNorm, postNorm: postNorm, mlp: mlp,
        fedNorm: fedNorm)
    }

    /// What comes out for rows that enter, once the attention has `heard` this for them.
    func completed(_ x: Tensor, _ heard: Tensor) -> Tensor {
      let x = x + (heardNorm?(heard) ?? heard)
      let seen = postNorm(x)
      let fed = mlp(seen)
      let y = x + (fedNorm?(fed) ?? fed)
      seen.forgetElements()
      return y
    }

    /// The same without keeping what lies between input and result: it is computed again for the gradient.
    func recomputed(
      _ x: Tensor, layout: AttentionLayout, positions: RotaryPositions.Table?, after beginning: KeyValueCache.Layer?,
      keeping rows: [Int]?
    ) -> Tensor {
      Tensor.checkpointed([x] + trackedValues()) { values in
        replacingTrackedValues(values.dropFirst())(
          values[0], layout: layout, positions: positions, after: beginning, keeping: rows)
      }
    }

    /// Shows `self_attn`, `mlp` and the norms.
    package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
      attention.visit(&visitor, at: path.appending(component: "self_attn"))
      mlp.visit(&visitor, at: path.appending(component: "mlp"))
      inputNorm.visit(&visitor, at: path.appending(component: "input_layernorm"))
      guard var heard = heardNorm, var fed = fedNorm else {
        return postNorm.visit(&visitor, at: path.appending(component: "post_attention_layernorm"))
      }
      heard.visit(&visitor, at: path.appending(component: "post_attention_layernorm"))
      postNorm.visit(&visitor, at: path.appending(component: "pre_feedforward_layernorm"))
      fed.visit(&visitor, at: path.appending(component: "post_feedforward_layernorm"))
      (heardNorm, fedNorm) = (heard, fed)
    }
  }
}
