internal import CKernels
public import Tensor

/// Divides each row by its root mean square and scales it (Zhang and Sennrich 2019).
public struct RMSNorm: Module {
  /// The scale [dimensions].
  package var weight: Parameter
  /// Added to the mean square. The default is 1e-5.
  package var epsilon: Float

  /// A norm whose scale is one.
  public init(dimensions: Int, epsilon: Float = 1e-5) {
    weight = Parameter(.ones([dimensions]))
    self.epsilon = epsilon
  }

  /// Normalises [..., dimensions].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let w = weight.value
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
      let (dx, sums) = rowGradients(x, w, g, sums: w.isTracked ? 1 : 0) { first, count, x, w, g, dx, sums in
        inverse.withScalars { inverse in
          guard let inverse = inverse.baseAddress else { return }
          sd_rms_norm_backward(x, w, inverse + first, g, dx, sums, count, columns)
        }
      }
      return [dx, w.isTracked ? sums[0] : nil]
    }
  }

  /// The naive twin, from plain operations.
  package func naive(_ x: Tensor) -> Tensor {
    x * (x.squared().mean(along: -1, keepingAxis: true) + epsilon).reciprocalSquareRoot() * weight.value
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

  /// A norm with scale one and shift zero.
  public init(dimensions: Int, epsilon: Float = 1e-5) {
    weight = Parameter(.ones([dimensions]))
    bias = Parameter(.zeros([dimensions]))
    self.epsilon = epsilon
  }

  /// Normalises [..., dimensions].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (w, b) = (weight.value, bias.value)
    let columns = w.count
    precondition(x.shape.last == columns, "\(x.shape) normalised over \(columns)")
    let rows = x.count / columns
    var statistics = Tensor.zeros([2, rows])
    let value = x.withScalars { x in
      w.withScalars { w in
        b.withScalars { b in
          statistics.mutateScalars { s in
            Tensor(shape: [rows, columns]) { out in
              guard let s = s.baseAddress, let x = x.baseAddress, let y = out.baseAddress else { return }
              inRowBlocks(rows: rows, columns: columns) { first, count in
                sd_layer_norm(
                  x + first * columns, w.baseAddress, b.baseAddress, epsilon, y + first * columns, s + first,
                  s + rows + first, count, columns)
              }
            }
          }
        }
      }
    }.reshaped(x.shape)
    return .operation(value: value, inputs: [x, w, b]) { [statistics] g in
      let trains = w.isTracked || b.isTracked
      let (dx, sums) = rowGradients(x, w, g, sums: trains ? 2 : 0) { first, count, x, w, g, dx, sums in
        statistics.withScalars { s in
          guard let s = s.baseAddress else { return }
          sd_layer_norm_backward(
            x, w, s + first, s + rows + first, g, dx, sums, sums.map { $0 + columns }, count, columns)
        }
      }
      return [dx, w.isTracked ? sums[0] : nil, b.isTracked ? sums[1] : nil]
    }
  }

  /// The naive twin, from plain operations.
  package func naive(_ x: Tensor) -> Tensor {
    let centred = x - x.mean(along: -1, keepingAxis: true)
    let scale = (centred.squared().mean(along: -1, keepingAxis: true) + epsilon).reciprocalSquareRoot()
    return centred * scale * weight.value + bias.value
  }

  /// Shows `weight` and `bias`.
  public mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(&weight, at: path.appending(component: "weight"))
    visitor.visit(&bias, at: path.appending(component: "bias"))
  }
}

/// Runs a norm's backward kernel on blocks of rows.
///
/// - Parameters:
///   - count: how many sums over all rows the kernel takes, [columns] each: gradients of a scale and a shift.
///   - kernel: for rows `first..<first + count`, whose addresses it gets, with memory to add its sums to. Each block has
///     its own, and these are added in their order.
/// - Returns: the rows' gradient if they are tracked, and the sums.
private func rowGradients(
  _ x: Tensor, _ w: Tensor, _ gradient: Tensor, sums count: Int,
  _ kernel: (
    _ first: Int, _ count: Int, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>?, _ sums: UnsafeMutablePointer<Float>?
  ) -> Void
) -> (rows: Tensor?, sums: [Tensor]) {
  let (columns, isTracked) = (w.count, x.isTracked)
  let rows = x.count / max(1, columns)
  let blocks = RowBlocks(rows: rows, columns: columns)
  var parts = Tensor.zeros([max(1, blocks.count), count * columns])
  let dx = parts.mutateScalars { parts in
    x.withScalars { x in
      w.withScalars { w in
        gradient.withScalars { g -> Tensor? in
          func run(_ dx: UnsafeMutablePointer<Float>?) {
            guard let x = x.baseAddress, let g = g.baseAddress else { return }
            inRowBlocks(rows: rows, columns: columns) { first, number in
              let (at, part) = (first * columns, first / blocks.each * count * columns)
              kernel(
                first, number, x + at, w.baseAddress, g + at, dx.map { $0 + at },
                count > 0 ? parts.baseAddress.map { $0 + part } : nil)
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
  }
  guard count > 0 else { return (dx, []) }
  let sums = parts.sum(along: 0).reshaped([count, columns])
  return (dx, (0..<count).map { sums.rows($0..<($0 + 1)).reshaped([columns]) })
}
