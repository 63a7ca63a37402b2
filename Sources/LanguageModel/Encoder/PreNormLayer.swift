internal import Layers
internal import Tensor

/// One layer of ModernBERT, pre-norm: attention by rotary positions and a gated MLP, each added to its input. The first layer
/// has no norm before its attention, since the tables end with one.
struct PreNormLayer: TextLayer {
  private var attentionNorm: LayerNorm?
  /// All queries, all keys, all values.
  private var inputs: any Projection
  private var output: any Projection
  private var norm: LayerNorm
  /// What passes through the activation, then what it is multiplied by.
  private var up: any Projection
  private var down: any Projection
  private let heads: Int
  private let activation: Activation

  init(_ c: TextEncoderConfiguration, number: Int, using generator: inout some RandomNumberGenerator) {
    func linear(_ input: Int, _ output: Int) -> any Projection {
      Linear(
        inputDimensions: input, outputDimensions: output, bias: false, standardDeviation: c.initialDeviation,
        using: &generator)
    }
    let width = c.hiddenSize
    attentionNorm = number == 0 ? nil : c.norm(width)
    inputs = linear(width, 3 * width)
    output = linear(width, width)
    norm = c.norm(width)
    up = linear(width, 2 * c.intermediateSize)
    down = linear(c.intermediateSize, width)
    heads = c.heads
    activation = c.activation
  }

  func callAsFunction(_ x: Tensor, _ sight: TextSight) -> Tensor { completed(x, maps(x), sight, rows: nil) }

  func callAsFunction(_ x: Tensor, rows: [Int], _ sight: TextSight) -> Tensor {
    completed(x.gathered(rows), maps(x), sight, rows: rows)
  }

  /// Queries, keys and values of rows. What enters the map is not kept for the gradient: a norm costs little to compute again.
  private func maps(_ x: Tensor) -> Tensor {
    guard let read = attentionNorm?(x) else { return inputs(x) }
    let maps = inputs(read)
    read.forgetElements()
    return maps
  }

  private func completed(_ x: Tensor, _ maps: Tensor, _ sight: TextSight, rows: [Int]?) -> Tensor {
    let y = x + output(sight.attention(maps, heads: heads, rows: rows).reshaped(x.shape))
    let seen = norm(y)
    let gated = activation.gating(up(seen))
    let z = y + down(gated)
    seen.forgetElements()
    gated.forgetElements()
    return z
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    attentionNorm?.visit(&visitor, at: path.appending(component: "attn_norm"))
    visitor.visit(projection: &inputs, at: path.appending(component: "attn.Wqkv"))
    visitor.visit(projection: &output, at: path.appending(component: "attn.Wo"))
    norm.visit(&visitor, at: path.appending(component: "mlp_norm"))
    visitor.visit(projection: &up, at: path.appending(component: "mlp.Wi"))
    visitor.visit(projection: &down, at: path.appending(component: "mlp.Wo"))
  }
}

extension TextSight {
  /// Attention over rows that hold queries, keys and values one after the other, [rows, 3 · heads · coordinates], as one
  /// operation: what lies between is divided once, turned in place, and so are gradients put together.
  ///
  /// - Parameter rows: those that ask, which stand at place 0, where nothing turns; nil for all.
  /// - Returns: [rows that ask, heads, coordinates].
  fileprivate func attention(_ maps: Tensor, heads: Int, rows: [Int]?) -> Tensor {
    var parts = maps.detached().columns(3, heads: heads)
    let turning = rows == nil ? 0...1 : 1...1
    for i in turning { angles?.turn(&parts[i]) }
    if maps.isTracked { parts = parts.map { $0.tracked() } }
    let queries = rows.map { parts[0].gathered($0) } ?? parts[0]
    let mixed = layout.attention(queries: queries, keys: parts[1], values: parts[2])
    guard maps.isTracked else { return mixed }
    return .operation(value: mixed.detached(), inputs: [maps]) { [angles, parts] gradient in
      var gradients = mixed.gradients(at: parts, from: gradient)
      for i in turning { angles?.turn(&gradients[i], back: true) }
      return [.joined(gradients)]
    }
  }
}

extension Tensor {
  /// The columns of [rows, columns] in so many equal parts, [rows, heads, columns of a head] each; not differentiable.
  fileprivate func columns(_ count: Int, heads: Int) -> [Tensor] {
    let (rows, width) = (shape[0], shape[1] / count)
    return (0..<count).map { part in
      Tensor(shape: [rows, heads, width / heads]) { out in
        withScalars { x in
          guard let x = x.baseAddress, let y = out.baseAddress else { return }
          inRowBlocks(rows: rows, columns: width) { first, number in
            for row in first..<(first + number) {
              (y + row * width).update(from: x + (row * count + part) * width, count: width)
            }
          }
        }
      }
    }
  }

  /// Such parts, of any rank, beside each other again.
  fileprivate static func joined(_ parts: [Tensor]) -> Tensor {
    let rows = parts[0].shape[0]
    let width = parts[0].count / max(1, rows)
    return Tensor(shape: [rows, parts.count * width]) { out in
      guard let y = out.baseAddress else { return }
      for (place, part) in parts.enumerated() {
        part.withScalars { x in
          guard let x = x.baseAddress else { return }
          inRowBlocks(rows: rows, columns: width) { first, number in
            for row in first..<(first + number) {
              (y + (row * parts.count + place) * width).update(from: x + row * width, count: width)
            }
          }
        }
      }
    }
  }
}

extension TextEncoderConfiguration {
  /// A norm over so many elements, in ModernBERT without a shift.
  func norm(_ dimensions: Int) -> LayerNorm {
    LayerNorm(dimensions: dimensions, epsilon: epsilon, hasShift: family != .modernbert)
  }
}
