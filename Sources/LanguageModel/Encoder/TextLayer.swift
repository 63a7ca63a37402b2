internal import Layers
internal import Tensor

/// A layer of an encoder: a row a token in, a row a token out.
protocol TextLayer: Module {
  /// Maps [rows, width] to [rows, width].
  func callAsFunction(_ x: Tensor, _ sight: TextSight) -> Tensor
  /// The same for the first rows of texts alone, whose numbers are given; the layout's queries are theirs.
  func callAsFunction(_ x: Tensor, rows: [Int], _ sight: TextSight) -> Tensor
}

/// Which rows of some texts a layer's rows see, and by what angles their queries and keys turn.
struct TextSight {
  let layout: AttentionLayout
  /// A row's angles; nil where positions are added elsewhere.
  let angles: RotaryPositions.Table?
}

/// What the layers of an encoder see of some texts.
struct TextSights {
  private let lengths: [Int]
  private let modern: TextEncoderConfiguration.Modern?
  private let full: TextSight
  private let window: TextSight

  init(_ texts: [TokenSequence], _ c: TextEncoderConfiguration) {
    lengths = texts.map(\.count)
    modern = c.modern
    guard let modern else {
      full = TextSight(layout: .full(lengths), angles: nil)
      window = full
      return
    }
    let places = lengths.flatMap { TokenPosition.run(0..<$0) }
    func angles(_ base: Double) -> RotaryPositions.Table {
      RotaryPositions(dimensions: c.hiddenSize / c.heads, base: base).table(positions: places)
    }
    full = TextSight(layout: .full(lengths), angles: angles(modern.base))
    window = TextSight(layout: .full(lengths, reach: modern.window / 2), angles: angles(modern.windowBase))
  }

  /// What all rows see in a layer.
  subscript(layer: Int) -> TextSight { modern?.sights[layer] == .window ? window : full }

  /// What the first row of each text sees in a layer.
  func first(in layer: Int) -> TextSight {
    let reach = modern?.sights[layer] == .window ? modern.map { $0.window / 2 } : nil
    return TextSight(layout: .first(lengths, reach: reach), angles: self[layer].angles)
  }
}
