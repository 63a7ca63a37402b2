internal import CKernels
public import Tensor

/// Divides each row by its root mean square and scales it (Zhang and Sennrich 2019).
public struct RMSNorm: Module {
  /// The scale [dimensions].
  public var weight: Parameter
  /// Added to the mean square. The default is 1e-5.
  public var epsilon: Float

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
    let value = x.withScalars { x in
      w.withScalars { w in
        inverse.withScalars { inverse in
          Tensor(shape: [rows, columns]) { out in
            guard let x = x.baseAddress, let y = out.baseAddress, let inverse = inverse.baseAddress else { return }
            inRowBlocks(rows: rows, columns: columns) { first, count in
              let scratch = UnsafeMutablePointer(mutating: inverse + first)
              sd_rms_norm(
                x + first * columns, w.baseAddress, epsilon, y + first * columns, scratch, count, columns)
            }
          }
        }
      }
    }.reshaped(x.shape)
    return .operation(value: value, inputs: [x, w]) { g in
      var dweight = Tensor.zeros([columns])
      let dx = rowGradient(x, w, g, into: &dweight, isWanted: w.isTracked) { first, count, x, w, g, dx, dw in
        inverse.withScalars { inverse in
          guard let inverse = inverse.baseAddress else { return }
          sd_rms_norm_backward(x, w, inverse + first, g, dx, dw, count, columns)
        }
      }
      return [dx, w.isTracked ? dweight : nil]
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
  public var weight: Parameter
  /// The shift [dimensions].
  public var bias: Parameter
  /// Added to the variance. The default is 1e-5.
  public var epsilon: Float

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
      var dweight = Tensor.zeros([columns])
      var dbias = Tensor.zeros([columns])
      let trains = w.isTracked || b.isTracked
      let dx = dbias.mutateScalars { db in
        rowGradient(x, w, g, into: &dweight, isWanted: trains) { first, count, x, w, g, dx, dw in
          statistics.withScalars { s in
            guard let s = s.baseAddress else { return }
            sd_layer_norm_backward(
              x, w, s + first, s + rows + first, g, dx, dw, trains ? db.baseAddress : nil, count, columns)
          }
        }
      }
      return [dx, w.isTracked ? dweight : nil, b.isTracked ? dbias : nil]
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

/// Runs a norm's backward kernel: adds to `dweight` if wanted, returns the rows' gradient if they are tracked.
///
/// - Parameter kernel: for rows `first..<first + count`, whose addresses it gets. Rows are shared out among threads unless
///   they all add to `dweight`.
private func rowGradient(
  _ x: Tensor, _ w: Tensor, _ gradient: Tensor, into dweight: inout Tensor, isWanted: Bool,
  _ kernel: (
    _ first: Int, _ count: Int, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>,
    UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void
) -> Tensor? {
  let columns = w.count
  return dweight.mutateScalars { dw in
    x.withScalars { rows in
      w.withScalars { w in
        gradient.withScalars { g in
          func run(_ dx: UnsafeMutablePointer<Float>?) {
            guard let rows = rows.baseAddress, let g = g.baseAddress else { return }
            func part(_ first: Int, _ count: Int) {
              let at = first * columns
              kernel(
                first, count, rows + at, w.baseAddress, g + at, dx.map { $0 + at }, isWanted ? dw.baseAddress : nil)
            }
            let count = x.count / max(1, columns)
            if isWanted { part(0, count) } else { inRowBlocks(rows: count, columns: columns, part) }
          }
          guard x.isTracked else {
            run(nil)
            return nil
          }
          return Tensor(shape: gradient.shape) { run($0.baseAddress) }
        }
      }
    }
  }
}
