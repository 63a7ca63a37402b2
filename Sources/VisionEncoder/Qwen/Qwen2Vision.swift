package import Layers
package import Tensor

/// The vision tower of Qwen2-VL (Wang et al. 2024).
package struct Qwen2Vision: QwenTower {
  package let configuration: Qwen2VisionConfiguration
  private var patches: PatchProjection
  private var blocks: [QwenBlock<LayerNorm, FeedForward>]
  private var merger: PatchMerger<LayerNorm>

  /// A tower with random weights.
  package init(_ c: Qwen2VisionConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    let (width, norm) = (c.embeddingSize, LayerNorm(dimensions: c.embeddingSize, epsilon: qwenTowerEpsilon))
    patches = PatchProjection(c, bias: false, using: &generator)
    blocks = (0..<c.layers).map { _ in
      let mlp = FeedForward(
        first: c.linear(width, c.innerSize, &generator), second: c.linear(c.innerSize, width, &generator),
        activation: c.activation)
      return QwenBlock(c, norm: norm, mlp: mlp, using: &generator)
    }
    merger = PatchMerger(c, norm: norm, names: ("ln_q", "mlp.0", "mlp.2"), using: &generator)
  }

  package func callAsFunction(_ x: Tensor, grids: [PatchGrid]) -> Tensor {
    let c = configuration
    c.check(x, grids)
    let places = c.rotary.table(patches: grids.flatMap { $0.places(merging: c.mergeSize) })
    let layout = AttentionLayout.full(grids.map(\.count))
    var y = patches(x)
    for block in blocks { y = block(y, layout: layout, places: places) }
    return merger(y)
  }

  /// Shows `patch_embed`, `blocks` and `merger`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    patches.visit(&visitor, at: path.appending(component: "patch_embed.proj"))
    for i in blocks.indices { blocks[i].visit(&visitor, at: path.appending(component: "blocks.\(i)")) }
    merger.visit(&visitor, at: path.appending(component: "merger"))
  }
}
