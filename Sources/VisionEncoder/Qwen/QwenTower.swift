package import Layers
package import Tensor

/// A vision tower of Qwen-VL: images of any size, rotary positions by row and column, and a merger that makes one feature of
/// each block of patches.
///
/// ```swift
/// let features = tower(patches, grids: [.init(rows: 34, columns: 46)])  // [17 · 23, width]
/// ```
package protocol QwenTower: Module {
  associatedtype Configuration: QwenTowerConfiguration

  /// A tower with random weights.
  init(_ configuration: Configuration, using generator: inout some RandomNumberGenerator)

  /// Maps the patches of some images to their features.
  ///
  /// - Parameters:
  ///   - x: [patches, 3 · frames · patch · patch], image after image, in each the blocks that are merged row by row.
  ///   - grids: one an image.
  /// - Returns: [patches / merge², levels · decoder's width].
  func callAsFunction(_ x: Tensor, grids: [PatchGrid]) -> Tensor
}

/// Added to variances in all these towers; no file says another.
let qwenTowerEpsilon: Float = 1e-6

/// Cuts no image itself: maps patches that were cut to rows.
struct PatchProjection: Module {
  /// [width, 3, frames, patch, patch].
  private var weight: Parameter
  private var bias: Parameter?

  init(_ c: some QwenTowerConfiguration, bias: Bool, using generator: inout some RandomNumberGenerator) {
    let deviation = 1 / Float(c.patchValues).squareRoot()
    weight = Parameter(
      .normal(
        [c.embeddingSize, 3, c.frames, c.patchSize, c.patchSize], standardDeviation: deviation, using: &generator))
    self.bias = bias ? Parameter(.zeros([c.embeddingSize])) : nil
  }

  /// Maps [patches, 3 · frames · patch · patch] to [patches, width].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = x.matmul(weight.value.reshaped([weight.value.shape[0], -1]), transposeB: true)
    return bias.map { y + $0.value } ?? y
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    guard var own = bias else { return }
    visitor.visit(&own, at: path.appending(component: "bias"))
    bias = own
  }
}

/// One pre-norm layer, its three inputs to the attention in one matrix.
struct QwenBlock<Norm: RowMap, Inner: RowMap>: Module {
  private var norm1: Norm
  private var inputs: any Projection
  private var output: any Projection
  private var norm2: Norm
  private var mlp: Inner
  private let heads: Int

  /// A layer with random weights in its attention, and these norms and this MLP.
  init(
    _ c: some QwenTowerConfiguration, norm: Norm, mlp: Inner, using generator: inout some RandomNumberGenerator
  ) {
    let width = c.embeddingSize
    (norm1, norm2, self.mlp, heads) = (norm, norm, mlp, c.heads)
    inputs = Linear(inputDimensions: width, outputDimensions: 3 * width, using: &generator)
    output = Linear(inputDimensions: width, outputDimensions: width, using: &generator)
  }

  /// Maps [patches, width] to [patches, width].
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

/// Makes one feature of each block of patches: a norm, and two maps with a GELU between them.
struct PatchMerger<Norm: RowMap>: Module {
  private var norm: Norm
  private var first: any Projection
  private var second: any Projection
  private let names: (norm: String, first: String, second: String)
  private let mergedSize: Int
  private let normalizesBlocks: Bool

  /// A merger with random weights.
  ///
  /// - Parameters:
  ///   - norm: of single patches, or of whole blocks.
  ///   - normalizesBlocks: whether the norm is of whole blocks. The default is false.
  ///   - names: the last components of the paths.
  init(
    _ c: some QwenTowerConfiguration, norm: Norm, normalizesBlocks: Bool = false,
    names: (norm: String, first: String, second: String), using generator: inout some RandomNumberGenerator
  ) {
    (self.norm, self.names, self.normalizesBlocks) = (norm, names, normalizesBlocks)
    mergedSize = c.mergedSize
    first = Linear(inputDimensions: c.mergedSize, outputDimensions: c.mergedSize, using: &generator)
    second = Linear(inputDimensions: c.mergedSize, outputDimensions: c.hiddenSize, using: &generator)
  }

  /// Maps [patches, width] to [patches / merge², decoder's width].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let rows = normalizesBlocks ? norm(x.reshaped([-1, mergedSize])) : norm(x).reshaped([-1, mergedSize])
    return second(first(rows).gelu())
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    norm.visit(&visitor, at: path.appending(component: names.norm))
    visitor.visit(projection: &first, at: path.appending(component: names.first))
    visitor.visit(projection: &second, at: path.appending(component: names.second))
  }
}

extension QwenTowerConfiguration {
  /// - Precondition: patches as the grids say.
  func check(_ x: Tensor, _ grids: [PatchGrid]) {
    let count = grids.reduce(0) { $0 + $1.count }
    precondition(
      x.rank == 2 && x.shape[0] == count && x.shape[1] == patchValues, "patches \(x.shape) for grids \(grids)")
  }

  /// The angles of a head's coordinates.
  var rotary: RotaryPositions { RotaryPositions(dimensions: embeddingSize / heads, base: ropeBase) }

  /// A linear map with random weights, with an offset.
  func linear(_ input: Int, _ output: Int, _ generator: inout some RandomNumberGenerator) -> any Projection {
    Linear(inputDimensions: input, outputDimensions: output, using: &generator)
  }
}
