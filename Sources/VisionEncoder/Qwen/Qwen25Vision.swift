package import Layers
package import Tensor

/// The vision tower of Qwen2.5-VL (Bai et al. 2025): most layers see square windows of the image, a few all of it.
package struct Qwen25Vision: QwenTower {
  package let configuration: Qwen25VisionConfiguration
  private var patches: PatchProjection
  private var blocks: [QwenBlock<RMSNorm, GatedMLP>]
  private var merger: PatchMerger<RMSNorm>

  /// A tower with random weights.
  package init(_ c: Qwen25VisionConfiguration, using generator: inout some RandomNumberGenerator) {
    configuration = c
    let (width, inner) = (c.embeddingSize, c.innerSize)
    let norm = RMSNorm(dimensions: width, epsilon: qwenTowerEpsilon)
    patches = PatchProjection(c, bias: false, using: &generator)
    blocks = (0..<c.layers).map { _ in
      let mlp = GatedMLP(
        gate: c.linear(width, inner, &generator), up: c.linear(width, inner, &generator),
        down: c.linear(inner, width, &generator))
      return QwenBlock(c, norm: norm, mlp: mlp, using: &generator)
    }
    merger = PatchMerger(c, norm: norm, names: ("ln_q", "mlp.0", "mlp.2"), using: &generator)
  }

  /// The patches are put in the order of their windows, in which a window is a run of rows, and the features put back.
  package func callAsFunction(_ x: Tensor, grids: [PatchGrid]) -> Tensor {
    let c = configuration
    c.check(x, grids)
    let area = c.mergeSize * c.mergeSize
    var (first, order, windows) = (0, [Int](), [Int]())
    for grid in grids {
      for window in grid.windows(merging: c.mergeSize, side: c.blocksPerWindow) {
        order += window.map { first + $0 }
        windows.append(window.count * area)
      }
      first += grid.count / area
    }
    let own = grids.flatMap { $0.places(merging: c.mergeSize) }
    let rows = order.flatMap { ($0 * area)..<(($0 + 1) * area) }
    let places = c.rotary.table(patches: rows.map { own[$0] })
    let (whole, cut) = (AttentionLayout.full(grids.map(\.count)), AttentionLayout.full(windows))
    var y = patches(x.gathered(rows))
    for (i, block) in blocks.enumerated() {
      y = block(y, layout: c.wholeLayers.contains(i) ? whole : cut, places: places)
    }
    var back = [Int](repeating: 0, count: order.count)
    for (place, block) in order.enumerated() { back[block] = place }
    return merger(y).gathered(back)
  }

  /// Shows `patch_embed`, `blocks` and `merger`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    patches.visit(&visitor, at: path.appending(component: "patch_embed.proj"))
    for i in blocks.indices { blocks[i].visit(&visitor, at: path.appending(component: "blocks.\(i)")) }
    merger.visit(&visitor, at: path.appending(component: "merger"))
  }
}

/// The sizes of a Qwen2.5-VL tower, with the keys of `vision_config` in a model's config.json.
package struct Qwen25VisionConfiguration: QwenTowerConfiguration {
  /// The default is 32.
  package var layers = 32
  /// The width inside of the tower (`hidden_size`). The default is 3584.
  package var embeddingSize = 3584
  /// The width of a feature, the decoder's (`out_hidden_size`). The default is 3584.
  package var hiddenSize = 3584
  /// The default is 16.
  package var heads = 16
  /// The inner width of the gated MLP (`intermediate_size`). The default is 3420.
  package var innerSize = 3420
  /// The default is 14.
  package var patchSize = 14
  /// The default is 2.
  package var mergeSize = 2
  /// The default is 2.
  package var frames = 2
  /// The default is 10,000.
  package var ropeBase = 10_000.0
  /// The side of a window in pixels (`window_size`). The default is 112.
  package var windowSize = 112
  /// The layers that see the whole image (`fullatt_block_indexes`). The default is every eighth.
  package var wholeLayers = [7, 15, 23, 31]

  /// The defaults of transformers.
  package init() {}

  package static var innerMatrices: Int { 3 }
  /// Blocks that become a feature along each side of a window.
  var blocksPerWindow: Int { windowSize / mergeSize / patchSize }

  package static let fields: [ModelField<Qwen25VisionConfiguration>] =
    [
      .written("model_type") { _ in "qwen2_5_vl" },
      ModelField("hidden_size", \.embeddingSize, in: 1...(1 << 20)),
      ModelField("out_hidden_size", \.hiddenSize, in: 1...(1 << 20)),
      ModelField("intermediate_size", \.innerSize, in: 1...(1 << 20)),
      ModelField("window_size", \.windowSize, in: 1...(1 << 20)),
      ModelField("fullatt_block_indexes", \.wholeLayers),
      .only("hidden_act", "silu", isWritten: false),
      // Of films.
      .known("tokens_per_second"),
    ] + sizes

  /// Checks heads and windows.
  package func complete(from file: ConfigJSON) throws {
    try checkModelType(in: file, among: ["qwen2_5_vl", "qwen2_5_vl_vision"])
    try checkHeads(in: file, width: "hidden_size")
    guard blocksPerWindow > 0 else {
      throw file.refusal(
        "window_size",
        "window_size \(windowSize) must hold spatial_merge_size \(mergeSize) patches of patch_size \(patchSize)")
    }
  }
}
