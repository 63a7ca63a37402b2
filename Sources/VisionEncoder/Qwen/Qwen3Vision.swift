package import Layers
package import Tensor

/// The vision tower of Qwen3-VL (Bai et al. 2025): a learned table of positions, resampled to each image's grid, and DeepStack
/// (Meng et al. 2024), by which a feature has further levels from layers below the last.
package struct Qwen3Vision: QwenTower {
  package let configuration: Qwen3VisionConfiguration
  private var patches: PatchProjection
  /// [side², width], row by row.
  private var positions: Embedding
  private var blocks: [QwenBlock<LayerNorm, FeedForward>]
  private var merger: PatchMerger<LayerNorm>
  private var deepMergers: [PatchMerger<LayerNorm>]

  /// A tower with random weights.
  package init(_ c: Qwen3VisionConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    let (width, norm) = (c.embeddingSize, LayerNorm(dimensions: c.embeddingSize, epsilon: qwenTowerEpsilon))
    let names = (norm: "norm", first: "linear_fc1", second: "linear_fc2")
    patches = PatchProjection(c, bias: true, using: &generator)
    positions = Embedding(weight: .normal([c.positions, width], standardDeviation: 0.02, using: &generator))
    blocks = (0..<c.layers).map { _ in
      let mlp = FeedForward(
        first: c.linear(width, c.innerSize, &generator), second: c.linear(c.innerSize, width, &generator),
        activation: c.activation, names: (names.first, names.second))
      return QwenBlock(c, norm: norm, mlp: mlp, using: &generator)
    }
    merger = PatchMerger(c, norm: norm, names: names, using: &generator)
    let ofBlocks = LayerNorm(dimensions: c.mergedSize, epsilon: qwenTowerEpsilon)
    deepMergers = c.deepLayers.map { _ in
      PatchMerger(c, norm: ofBlocks, normalizesBlocks: true, names: names, using: &generator)
    }
  }

  /// The last layer's features come first, then those of the deep layers.
  package func callAsFunction(_ x: Tensor, grids: [PatchGrid]) -> Tensor {
    let c = configuration
    c.check(x, grids)
    let own = grids.map { $0.places(merging: c.mergeSize) }
    let places = c.rotary.table(patches: own.flatMap(\.self))
    let layout = AttentionLayout.full(grids.map(\.count))
    var y = patches(x) + table(zip(grids, own).map { (grid: $0, places: $1) })
    var deep: [Tensor] = []
    for (i, block) in blocks.enumerated() {
      y = block(y, layout: layout, places: places)
      if let level = c.deepLayers.firstIndex(of: i) { deep.append(deepMergers[level](y)) }
    }
    return .levels([merger(y)] + deep)
  }

  /// The table's rows at the images' patches, bilinearly between the four that are nearest; the corners of image and table
  /// are the same places.
  private func table(_ images: [(grid: PatchGrid, places: [(row: Int, column: Int)])]) -> Tensor {
    let side = configuration.side
    var (rows, shares) = ([[Int]](repeating: [], count: 4), [[Float]](repeating: [], count: 4))
    for (grid, places) in images {
      for place in places {
        let (row, column) = (Tap(place.row, of: grid.rows, in: side), Tap(place.column, of: grid.columns, in: side))
        for (corner, (below, right)) in [(false, false), (false, true), (true, false), (true, true)].enumerated() {
          rows[corner].append((below ? row.next : row.first) * side + (right ? column.next : column.first))
          shares[corner].append((below ? row.share : 1 - row.share) * (right ? column.share : 1 - column.share))
        }
      }
    }
    return zip(rows, shares).map { positions($0) * Tensor($1, shape: [$1.count, 1]) }
      .reduce(nil) { sum, part in sum.map { $0 + part } ?? part } ?? .zeros([0, configuration.embeddingSize])
  }

  /// Shows the parts under the names of transformers' files.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    patches.visit(&visitor, at: path.appending(component: "patch_embed.proj"))
    positions.visit(&visitor, at: path.appending(component: "pos_embed"))
    for i in blocks.indices { blocks[i].visit(&visitor, at: path.appending(component: "blocks.\(i)")) }
    merger.visit(&visitor, at: path.appending(component: "merger"))
    for i in deepMergers.indices {
      deepMergers[i].visit(&visitor, at: path.appending(component: "deepstack_merger_list.\(i)"))
    }
  }
}

/// Between which rows of a table a place of an axis lies, and how much of the second it takes.
private struct Tap {
  let first: Int
  let next: Int
  let share: Float

  init(_ place: Int, of size: Int, in side: Int) {
    let position = Float(place * (side - 1)) / Float(max(1, size - 1))
    first = min(Int(position), side - 1)
    next = min(first + 1, side - 1)
    share = position - Float(first)
  }
}

/// The sizes of a Qwen3-VL tower, with the keys of `vision_config` in a model's config.json.
package struct Qwen3VisionConfiguration: QwenTowerConfiguration {
  /// The default is 27.
  package var layers = 27
  /// The width inside of the tower (`hidden_size`). The default is 1152.
  package var embeddingSize = 1152
  /// The width of a level of a feature, the decoder's (`out_hidden_size`). The default is 3584.
  package var hiddenSize = 3584
  /// The default is 16.
  package var heads = 16
  /// The inner width of the MLP (`intermediate_size`). The default is 4304.
  package var innerSize = 4304
  /// The default is 16.
  package var patchSize = 16
  /// The default is 2.
  package var mergeSize = 2
  /// The default is 2.
  package var frames = 2
  /// The default is 10,000.
  package var ropeBase = 10_000.0
  /// Rows of the table of positions, a square (`num_position_embeddings`). The default is 2304.
  package var positions = 2304
  /// The layers after which a feature gets a further level, in order (`deepstack_visual_indexes`). The default is 8, 16, 24.
  package var deepLayers = [8, 16, 24]
  /// Inside the MLP. The default is gelu_pytorch_tanh.
  package var activation = Activation.geluTanh

  /// The defaults of transformers.
  package init() {}

  package var otherWeights: Int { mergerWeights * (1 + deepLayers.count) + positions * embeddingSize }
  /// Rows and columns of the table of positions.
  package var side: Int { Int(Double(positions).squareRoot()) }

  package static let fields: [ModelField<Qwen3VisionConfiguration>] =
    [
      .written("model_type") { _ in "qwen3_vl_vision" },
      ModelField("hidden_size", \.embeddingSize, in: 1...(1 << 20)),
      ModelField("out_hidden_size", \.hiddenSize, in: 1...(1 << 20)),
      ModelField("intermediate_size", \.innerSize, in: 1...(1 << 20)),
      ModelField("num_position_embeddings", \.positions, in: 1...(1 << 20)),
      ModelField("deepstack_visual_indexes", \.deepLayers),
      ModelField("hidden_act", \.activation),
    ] + sizes

  /// Checks heads, the table and the deep layers.
  package func complete(from file: ConfigJSON) throws {
    try checkModelType(in: file, among: ["qwen3_vl", "qwen3_vl_vision"])
    try checkHeads(in: file, width: "hidden_size")
    guard side * side == positions else {
      throw file.refusal("num_position_embeddings", "num_position_embeddings \(positions) must be a square")
    }
    guard zip(deepLayers, deepLayers.dropFirst()).allSatisfy(<), deepLayers.allSatisfy((0..<layers).contains) else {
      throw file.refusal(
        "deepstack_visual_indexes",
        "deepstack_visual_indexes \(deepLayers) must rise and lie in the tower's \(layers) layers")
    }
  }
}
