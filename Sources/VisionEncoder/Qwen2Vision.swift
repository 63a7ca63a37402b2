package import Layers
package import Tensor

/// The vision tower of Qwen2-VL (Wang et al. 2024): images of any size, rotary positions by row and column, and a merger
/// that makes one feature of each block of patches.
///
/// ```swift
/// let features = tower(patches, grids: [.init(rows: 34, columns: 46)])  // [17 · 23, width]
/// ```
package struct Qwen2Vision: Module {
  /// Rows and columns of an image's patches.
  package struct Grid: Sendable, Equatable {
    /// Rows; a multiple of the merge size.
    package var rows: Int
    /// Columns; a multiple of the merge size.
    package var columns: Int

    /// A grid of patches.
    package init(rows: Int, columns: Int) {
      (self.rows, self.columns) = (rows, columns)
    }
  }

  package let configuration: Qwen2VisionConfiguration
  /// [embedding width, 3, frames, patch, patch].
  private var patches: Parameter
  private var blocks: [Block]
  private var mergerNorm: LayerNorm
  private var mergerFirst: any Projection
  private var mergerSecond: any Projection
  private let rotary: RotaryPositions

  /// A tower with random weights.
  package init(_ c: Qwen2VisionConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    let deviation = 1 / Float(c.patchValues).squareRoot()
    patches = Parameter(
      .normal(
        [c.embeddingSize, 3, c.frames, c.patchSize, c.patchSize], standardDeviation: deviation, using: &generator)
    )
    blocks = (0..<c.layers).map { _ in Block(c, using: &generator) }
    let merged = c.embeddingSize * c.mergeSize * c.mergeSize
    mergerNorm = LayerNorm(dimensions: c.embeddingSize, epsilon: Qwen2Vision.epsilon)
    mergerFirst = Linear(inputDimensions: merged, outputDimensions: merged, using: &generator)
    mergerSecond = Linear(inputDimensions: merged, outputDimensions: c.hiddenSize, using: &generator)
    rotary = RotaryPositions(dimensions: c.embeddingSize / c.heads, base: c.ropeBase)
  }

  /// Added to variances; no file says another.
  static let epsilon: Float = 1e-6

  /// The width of a feature row: the decoder's.
  package var width: Int { configuration.hiddenSize }

  /// Maps the patches of some images to their features.
  ///
  /// - Parameters:
  ///   - x: [patches, 3 · frames · patch · patch], image after image, in each the blocks that are merged row by row.
  ///   - grids: one an image.
  /// - Returns: [patches / merge², width].
  package func callAsFunction(_ x: Tensor, grids: [Grid]) -> Tensor {
    let c = configuration
    let counts = grids.map { $0.rows * $0.columns }
    precondition(
      x.rank == 2 && x.shape[0] == counts.reduce(0, +) && x.shape[1] == c.patchValues,
      "patches \(x.shape) for grids \(grids)")
    let places = rotary.table(patches: grids.flatMap { $0.places(merging: c.mergeSize) })
    let layout = AttentionLayout.full(counts)
    var y = x.matmul(patches.value.reshaped([c.embeddingSize, c.patchValues]), transposeB: true)
    for block in blocks { y = block(y, layout: layout, places: places) }
    let merged = mergerNorm(y).reshaped([-1, c.embeddingSize * c.mergeSize * c.mergeSize])
    return mergerSecond(mergerFirst(merged).gelu())
  }

  /// Shows `patch_embed`, `blocks` and `merger`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&patches, at: path.appending(component: "patch_embed.proj.weight"))
    for i in blocks.indices { blocks[i].visit(&visitor, at: path.appending(component: "blocks.\(i)")) }
    mergerNorm.visit(&visitor, at: path.appending(component: "merger.ln_q"))
    visitor.visit(projection: &mergerFirst, at: path.appending(component: "merger.mlp.0"))
    visitor.visit(projection: &mergerSecond, at: path.appending(component: "merger.mlp.2"))
  }

  /// One pre-norm layer, its three inputs to the attention in one matrix.
  private struct Block: Module {
    var norm1: LayerNorm
    var inputs: any Projection
    var output: any Projection
    var norm2: LayerNorm
    var mlp: FeedForward
    let heads: Int

    init(_ c: Qwen2VisionConfiguration, using generator: inout some RandomNumberGenerator) {
      let width = c.embeddingSize
      func linear(_ input: Int, _ output: Int) -> any Projection {
        Linear(inputDimensions: input, outputDimensions: output, using: &generator)
      }
      norm1 = LayerNorm(dimensions: width, epsilon: Qwen2Vision.epsilon)
      inputs = linear(width, 3 * width)
      output = linear(width, width)
      norm2 = LayerNorm(dimensions: width, epsilon: Qwen2Vision.epsilon)
      mlp = FeedForward(
        first: linear(width, c.innerSize), second: linear(c.innerSize, width), activation: c.activation)
      heads = c.heads
    }

    func callAsFunction(_ x: Tensor, layout: AttentionLayout, places: RotaryPositions.Table) -> Tensor {
      let rows = x.shape[0]
      let all = inputs(norm1(x)).reshaped([rows, 3, heads, -1]).permuted([1, 0, 2, 3])
      let size = all.shape[3]
      let (q, k, v) = (all.rows(0..<1), all.rows(1..<2), all.rows(2..<3))
      let mixed = layout.attention(
        queries: places.rotate(q.reshaped([rows, heads, size])), keys: places.rotate(k.reshaped([rows, heads, size])),
        values: v.reshaped([rows, heads, size]))
      let y = x + output(mixed.reshaped([rows, heads * size]))
      return y + mlp(norm2(y))
    }

    mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
      norm1.visit(&visitor, at: path.appending(component: "norm1"))
      norm2.visit(&visitor, at: path.appending(component: "norm2"))
      visitor.visit(projection: &inputs, at: path.appending(component: "attn.qkv"))
      visitor.visit(projection: &output, at: path.appending(component: "attn.proj"))
      mlp.visit(&visitor, at: path.appending(component: "mlp"))
    }
  }
}

extension Qwen2Vision.Grid {
  /// Row and column of each patch, the blocks that are merged one after the other.
  fileprivate func places(merging merge: Int) -> [(row: Int, column: Int)] {
    precondition(rows % merge == 0 && columns % merge == 0, "\(self) in blocks of \(merge) x \(merge)")
    return (0..<(rows * columns)).map { i in
      let (block, inside) = i.quotientAndRemainder(dividingBy: merge * merge)
      let (blockRow, blockColumn) = block.quotientAndRemainder(dividingBy: columns / merge)
      return (blockRow * merge + inside / merge, blockColumn * merge + inside % merge)
    }
  }
}
