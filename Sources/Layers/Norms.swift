internal import CKernels
public import Tensor

/// Divides each row by its root mean square and scales it (Zhang and Sennrich 2019).
public struct RMSNorm: Module {
  /// The scale [dimensions].
  package var weight: Parameter
  /// Added to the mean square. The default is 1e-5.
  package var epsilon: Float
  /// Added to ``weight`` where rows are scaled: 1 in Gemma. The default is 0.
  package let offset: Float

  /// A norm whose scale is one.
  public init(dimensions: Int, epsilon: Float = 1e-5) {
    self.init(dimensions: dimensions, epsilon: epsilon, offset: 0)
  }

  /// The same with what is added to the weight.
  package init(dimensions: Int, epsilon: Float, offset: Float) {
    weight = Parameter(Tensor(repeating: 1 - offset, shape: [dimensions]))
    (self.epsilon, self.offset) = (epsilon, offset)
  }

  /// What normalised rows are multiplied by.
  var scale: Tensor { offset == 0 ? weight.value : weight.value + offset }

  /// Normalises [..., dimensions].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let w = scale
    let columns = w.count
    precondition(x.shape.last == columns, "\(x.shape) normalised over \(columns)")
    let rows = x.count / columns
    let inverse = Tensor.zeros([rows])
    let (plain, scale, epsilon) = (x.detached(), w.detached(), epsilon)
    return .recomputable(shape: x.shape, inputs: [x, w]) { out in
      plain.withScalars { x in
        scale.withScalars { w in
          inverse.withScalars { inverse in
            guard let x = x.baseAddress, let y = out.baseAddress, let inverse = inverse.baseAddress else { return }
            inRowBlocks(rows: rows, columns: columns) { first, count in
              let scratch = UnsafeMutablePointer(mutating: inverse + first)
              sd_rms_norm(
                x + first * columns, w.baseAddress, epsilon, y + first * columns, scratch, count, columns)
            }
          }
        }
      }
    } backward: { g in
      let (dx, sums) = rowGradients(x, g, columns: columns, isTracked: x.isTracked, sums: w.isTracked ? 1 : 0) {
        first, count, x, g, dx, sums in
        w.withScalars { w in
          inverse.withScalars { inverse in
            guard let inverse = inverse.baseAddress else { return }
            sd_rms_norm_backward(x, w.baseAddress, inverse + first, g, dx, sums, count, columns)
          }
        }
      }
      return [dx, w.isTracked ? sums[0] : nil]
    }
  }

  /// The naive twin, from plain operations.
  package func naive(_ x: Tensor) -> Tensor {
    x * (x.squared().mean(along: -1, keepingAxis: true) + epsilon).reciprocalSquareRoot() * scale
  }

  /// Shows `weight`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
  }
}

/// Takes each row to mean 0 and variance 1, then scales and shifts it (Ba et al. 2016).
public struct LayerNorm: Module {
  /// The scale [dimensions].
  package var weight: Parameter
  /// The shift [dimensions].
  package var bias: Parameter
  /// Added to the variance. The default is 1e-5.
  package var epsilon: Float
  /// Whether there is a shift; else ``bias`` stays zero and is no parameter.
  private let hasShift: Bool

  /// A norm with scale one and shift zero.
  public init(dimensions: Int, epsilon: Float = 1e-5) {
    self.init(dimensions: dimensions, epsilon: epsilon, hasShift: true)
  }

  /// A norm with scale one, and with shift zero or none.
  package init(dimensions: Int, epsilon: Float, hasShift: Bool) {
    weight = Parameter(.ones([dimensions]))
    bias = Parameter(.zeros([dimensions]))
    (self.epsilon, self.hasShift) = (epsilon, hasShift)
  }

  /// Normalises [..., dimensions].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let rows = NormalisedRows(x, by: self)
    return .recomputable(shape: x.shape, inputs: [x, weight.value, bias.value]) { out in
      rows.write(to: out) { _, _ in }
    } backward: { [isTracked = x.isTracked] g in
      let (dx, sums) = rows.gradients(from: g, ofRows: isTracked, ofBias: false)
      return [dx] + sums.prefix(2)
    }
  }

  /// Normalises a product plus its bias [dimensions] plus what passed beside it, in one pass over memory. The sum takes the
  /// product's place where that has one owner.
  package func callAsFunction(_ product: consuming Tensor, bias: Tensor?, adding other: Tensor) -> Tensor {
    let (shape, columns, place) = (product.shape, weight.value.count, product.gradientPlace)
    precondition(
      other.shape == shape && (bias == nil || bias?.shape == [columns]),
      "\(shape) plus \(other.shape) plus a bias of \(bias?.shape ?? [])")
    var sum = product.detached()
    product = place  // so that the elements have one owner
    let sums = sum.mutateScalars { $0.baseAddress }
    let rows = NormalisedRows(sum, by: self)
    let value = (bias ?? .zeros([0])).withScalars { row in
      other.withScalars { others in
        Tensor(shape: shape) { out in
          rows.write(to: out) { first, count in
            guard let sums, let others = others.baseAddress else { return }
            let at = first * columns
            sd_add_rows(sums + at, bias == nil ? nil : row.baseAddress, others + at, count, columns)
          }
        }
      }
    }
    let inputs = [place, other, weight.value, self.bias.value] + (bias.map { [$0] } ?? [])
    let (tracked, biasIsTracked) = ([place.isTracked, other.isTracked], bias?.isTracked ?? false)
    return .operation(value: value, inputs: inputs) { [count = inputs.count] g in
      let isTracked = tracked.contains(true) || biasIsTracked
      let (dx, sums) = rows.gradients(from: g, ofRows: isTracked, ofBias: biasIsTracked)
      return (tracked.map { $0 ? dx : nil } + sums).prefix(count).map { $0 }
    }
  }

  /// The naive twin, from plain operations.
  package func naive(_ x: Tensor) -> Tensor {
    let centred = x - x.mean(along: -1, keepingAxis: true)
    let scale = (centred.squared().mean(along: -1, keepingAxis: true) + epsilon).reciprocalSquareRoot()
    return centred * scale * weight.value + bias.value
  }

  /// Shows `weight` and, if there is one, `bias`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    if hasShift { visitor.visit(&bias, at: path.appending(component: "bias")) }
  }
}

/// Rows that a ``LayerNorm`` takes, with what their gradient needs again.
private struct NormalisedRows: Sendable {
  let x: Tensor
  let weight: Tensor, bias: Tensor
  let epsilon: Float
  /// Each row's mean, then what each is multiplied by; written with the rows.
  private let statistics: Tensor
  private var columns: Int { weight.count }

  init(_ x: Tensor, by norm: LayerNorm) {
    (self.x, weight, bias, epsilon) = (x.detached(), norm.weight.value, norm.bias.value, norm.epsilon)
    precondition(x.shape.last == weight.count, "\(x.shape) normalised over \(weight.count)")
    statistics = .zeros([2, x.count / weight.count])
  }

  /// - Parameter prepare: completes the rows that it is called for.
  func write(to out: UnsafeMutableBufferPointer<Float>, _ prepare: (_ first: Int, _ rows: Int) -> Void) {
    let rows = statistics.shape[1]
    x.withScalars { x in
      weight.withScalars { w in
        bias.withScalars { b in
          statistics.withScalars { s in
            guard let x = x.baseAddress, let y = out.baseAddress, let s = s.baseAddress else { return }
            inRowBlocks(rows: rows, columns: columns) { first, count in
              prepare(first, count)
              let mean = UnsafeMutablePointer(mutating: s + first)
              sd_layer_norm(
                x + first * columns, w.baseAddress, b.baseAddress, epsilon, y + first * columns, mean, mean + rows,
                count,
                columns)
            }
          }
        }
      }
    }
  }

  /// - Returns: the gradient of the rows, then those of scale, shift and of a bias that was added to the rows; nil for what is
  ///   not tracked.
  func gradients(
    from g: Tensor, ofRows isTracked: Bool, ofBias biasIsTracked: Bool
  ) -> (rows: Tensor?, sums: [Tensor?]) {
    let rows = statistics.shape[1]
    let own = weight.isTracked || bias.isTracked ? 2 : 0
    let (dx, sums) = rowGradients(x, g, columns: columns, isTracked: isTracked, sums: own + (biasIsTracked ? 1 : 0)) {
      first, count, x, g, dx, sums in
      let (scales, shifts) = own > 0 ? (sums, sums.map { $0 + columns }) : (nil, nil)
      weight.withScalars { w in
        statistics.withScalars { s in
          guard let s = s.baseAddress else { return }
          sd_layer_norm_backward(x, w.baseAddress, s + first, s + rows + first, g, dx, scales, shifts, count, columns)
        }
      }
      if biasIsTracked, let sums { sd_add_column_sums(dx, sums + own * columns, count, columns) }
    }
    return (
      dx,
      [weight.isTracked ? sums[0] : nil, bias.isTracked ? sums[1] : nil, biasIsTracked ? sums[own] : nil]
    )
  }
}

/// Runs a backward kernel on blocks of rows.
///
/// - Parameters:
///   - x: what the kernel reads beside the gradient of the result.
///   - isTracked: whether the gradient of the rows is wanted.
///   - count: how many sums over all rows the kernel takes, [columns] each: gradients of a scale, a shift or a bias.
///   - kernel: for rows `first..<first + count`, whose addresses it gets, with memory to add its sums to. Each block has
///     its own, and these are added in their order.
/// - Returns: the rows' gradient if it is wanted, and the sums.
func rowGradients(
  _ x: Tensor, _ gradient: Tensor, columns: Int, isTracked: Bool, sums count: Int,
  _ kernel: (
    _ first: Int, _ count: Int, UnsafePointer<Float>, UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>?,
    _ sums: UnsafeMutablePointer<Float>?
  ) -> Void
) -> (rows: Tensor?, sums: [Tensor]) {
  let rows = x.count / max(1, columns)
  // Where blocks have sums of their own, larger ones: fewer sums to clear and to add.
  let blocks = RowBlocks(rows: rows, columns: columns, elements: count > 0 ? 1 << 14 : RowBlocks.elements)
  var parts = Tensor.zeros([max(1, blocks.count), count * columns])
  let dx = parts.mutateScalars { parts in
    x.withScalars { x in
      gradient.withScalars { g -> Tensor? in
        func run(_ dx: UnsafeMutablePointer<Float>?) {
          guard let x = x.baseAddress, let g = g.baseAddress else { return }
          inBlocks(blocks, rows: rows) { first, number in
            let (at, part) = (first * columns, first / blocks.each * count * columns)
            kernel(
              first, number, x + at, g + at, dx.map { $0 + at }, count > 0 ? parts.baseAddress.map { $0 + part } : nil)
          }
        }
        guard isTracked else {
          run(nil)
          return nil
        }
        return Tensor(shape: gradient.shape) { run($0.baseAddress) }
      }
    }
  }
  guard count > 0 else { return (dx, []) }
  let sums = parts.sum(along: 0).reshaped([count, columns])
  return (dx, (0..<count).map { sums.rows($0..<($0 + 1)).reshaped([columns]) })
}
