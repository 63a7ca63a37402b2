internal import CKernels
package import Tensor

/// The gated MLP of Llama: down(silu(gate(x)) · up(x)) (Shazeer 2020), or with another activation.
package struct GatedMLP: Module {
  /// Maps to the inner width; passes through the activation.
  package var gate: any Projection
  /// Maps to the inner width.
  package var up: any Projection
  /// Maps back.
  package var down: any Projection
  /// What the gate passes through.
  package let activation: Activation

  /// A gated MLP with these projections.
  ///
  /// - Parameter activation: The default is silu.
  package init(gate: any Projection, up: any Projection, down: any Projection, activation: Activation = .silu) {
    (self.gate, self.up, self.down, self.activation) = (gate, up, down, activation)
  }

  /// Maps [rows, width] to [rows, width].
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let inner = applied([gate, up], to: x)
    let gated = activation == .silu ? GatedMLP.gated(inner[0], inner[1]) : activation.gated(inner[0], inner[1])
    let y = down(gated)
    // The adapter of the last map reads them for its gradient: an eighth of what a layer would keep.
    gated.forgetElements()
    return y
  }

  /// silu(gate) · up in one pass over memory.
  package static func gated(_ gate: Tensor, _ up: Tensor) -> Tensor {
    gatedProduct(gate, up) {
      sd_silu_gate($0, $1, $2, $3)
    } backward: {
      sd_silu_gate_backward($0, $1, $2, $3, $4, $5)
    }
  }

  /// Shows `gate_proj`, `up_proj` and `down_proj`.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &gate, at: path.appending(component: "gate_proj"))
    visitor.visit(projection: &up, at: path.appending(component: "up_proj"))
    visitor.visit(projection: &down, at: path.appending(component: "down_proj"))
  }
}

/// The nonlinearity of a feed-forward layer, by its name in a configuration file.
package enum Activation: String, Sendable, Codable, CaseIterable {
  /// GELU by the error function.
  case gelu
  /// GELU by the hyperbolic tangent.
  case geluTanh = "gelu_pytorch_tanh"
  /// x · sigmoid(1.702 x).
  case geluQuick = "quick_gelu"
  /// x · sigmoid(x).
  case silu
  /// max(x, 0).
  case relu

  /// Applies it to every element.
  package func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .gelu: x.gelu()
    case .geluTanh: x.geluTanh()
    case .geluQuick: x.geluQuick()
    case .silu: x.silu()
    case .relu: x.relu()
    }
  }

  /// Applies it to each row plus a bias [columns], in one pass over memory and, without gradients, in the rows' own where
  /// they have one owner. For the gradient the slope is kept in their place.
  package func callAsFunction(_ x: consuming Tensor, bias: Tensor?) -> Tensor {
    let (shape, columns, place) = (x.shape, x.shape.last ?? 1, x.gradientPlace)
    precondition(bias == nil || bias?.shape == [columns], "a bias of \(bias?.shape ?? []) for rows of \(shape)")
    let biasIsTracked = bias?.isTracked ?? false
    let keepsSlope = x.isTracked || biasIsTracked
    var slope = x.detached()
    x = place  // so that the elements have one owner
    func run(_ y: UnsafeMutablePointer<Float>?, _ x: UnsafeMutablePointer<Float>?) {
      guard let y, let x else { return }
      func apply(_ bias: UnsafePointer<Float>?) {
        inRowBlocks(rows: shape.dropLast().reduce(1, *), columns: columns) { first, rows in
          let at = first * columns
          sd_activate_rows(code, x + at, bias, y + at, keepsSlope ? x + at : nil, rows, columns)
        }
      }
      if let bias { bias.withScalars { apply($0.baseAddress) } } else { apply(nil) }
    }
    guard keepsSlope else {
      slope.mutateScalars { run($0.baseAddress, $0.baseAddress) }
      return slope
    }
    let value = slope.mutateScalars { x in Tensor(shape: shape) { run($0.baseAddress, x.baseAddress) } }
    return .operation(value: value, inputs: [place] + (bias.map { [$0] } ?? [])) { [slope] dy in
      let (dx, sums) = rowGradients(slope, dy, columns: columns, isTracked: true, sums: biasIsTracked ? 1 : 0) {
        _, count, slope, dy, dx, sums in
        sd_activate_rows_backward(slope, dy, dx, sums, count, columns)
      }
      return [dx] + (bias == nil ? [] : [biasIsTracked ? sums[0] : nil])
    }
  }

  /// activation(gate) · up in one pass over memory; for the gradient the two are kept and nothing else.
  package func gated(_ gate: Tensor, _ up: Tensor) -> Tensor {
    let code = code
    return gatedProduct(gate, up) {
      sd_gate_rows(code, $0, $1, 0, $2, 1, $3)
    } backward: {
      sd_gate_rows_backward(code, $0, $1, 0, $2, $3, $4, 1, $5)
    }
  }

  /// Applies it to the first half of each row [2 · columns] and multiplies by the second, row by row: the gate of GeGLU and its
  /// kin (Shazeer 2020). The elements may be forgotten before the gradient.
  package func gating(_ x: Tensor) -> Tensor {
    precondition(x.rank == 2 && x.shape[1] % 2 == 0, "rows of two halves, not \(x.shape)")
    let (rows, columns) = (x.shape[0], x.shape[1] / 2)
    let plain = x.detached()
    return .recomputable(shape: [rows, columns], inputs: [x]) { out in
      plain.withScalars { x in
        guard let x = x.baseAddress, let y = out.baseAddress else { return }
        inRowBlocks(rows: rows, columns: columns) { first, count in
          let gate = x + 2 * first * columns
          sd_gate_rows(code, gate, gate + columns, 2 * columns, y + first * columns, count, columns)
        }
      }
    } backward: { dy in
      let dx = Tensor(shape: plain.shape) { dx in
        plain.withScalars { x in
          dy.withScalars { dy in
            guard let x = x.baseAddress, let dy = dy.baseAddress, let dx = dx.baseAddress else { return }
            inRowBlocks(rows: rows, columns: columns) { first, count in
              let (gate, slope) = (x + 2 * first * columns, dx + 2 * first * columns)
              sd_gate_rows_backward(
                code, gate, gate + columns, 2 * columns, dy + first * columns, slope, slope + columns, count, columns)
            }
          }
        }
      }
      return [dx]
    }
  }

  /// The number that C kernels have for it.
  var code: Int32 {
    let code =
      switch self {
      case .gelu: SD_GELU_ERF
      case .geluTanh: SD_GELU_TANH
      case .geluQuick: SD_GELU_QUICK
      case .silu: SD_SILU
      case .relu: SD_RELU
      }
    return Int32(code)
  }
}

/// The two-layer MLP of vision towers: fc2(activation(fc1(x))).
package struct FeedForward: Module {
  /// Maps to the inner width.
  package var first: any Projection
  /// Maps back.
  package var second: any Projection
  /// Between the two.
  package let activation: Activation
  private let names: (String, String)

  /// An MLP with these projections.
  ///
  /// - Parameter names: the last components of the projections' paths. The default is fc1 and fc2.
  package init(
    first: any Projection, second: any Projection, activation: Activation, names: (String, String) = ("fc1", "fc2")
  ) {
    (self.first, self.second, self.activation, self.names) = (first, second, activation, names)
  }

  /// Maps [rows, width] to [rows, width].
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let (product, bias) = first.product(x)
    return second(activation(consume product, bias: bias))
  }

  /// Shows both projections.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &first, at: path.appending(component: names.0))
    visitor.visit(projection: &second, at: path.appending(component: names.1))
  }
}

/// What a gate lets through of `up`, in one pass over memory; for the gradient the two are kept and nothing else.
///
/// - Parameters:
///   - forward: takes the gate, what it lets through, the result and how many elements there are.
///   - backward: takes the gate, what it lets through, the result's derivatives, places for those of the two, and the count.
private func gatedProduct(
  _ gate: Tensor, _ up: Tensor,
  forward: @escaping @Sendable (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void,
  backward:
    @escaping @Sendable (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>, Int
    ) -> Void
) -> Tensor {
  precondition(gate.shape == up.shape, "a gate of \(gate.shape) for \(up.shape)")
  let (g, u) = (gate.detached(), up.detached())
  return .recomputable(shape: gate.shape, inputs: [gate, up]) { out in
    g.withScalars { g in
      u.withScalars { u in
        guard let g = g.baseAddress, let u = u.baseAddress, let y = out.baseAddress else { return }
        inBlocks(of: out.count) { at, count in forward(g + at, u + at, y + at, count) }
      }
    }
  } backward: { dy in
    var dup: Tensor?
    let dgate = Tensor(shape: gate.shape) { dg in
      dup = Tensor(shape: gate.shape) { du in
        gate.withScalars { g in
          up.withScalars { u in
            dy.withScalars { dy in
              guard let g = g.baseAddress, let u = u.baseAddress, let dy = dy.baseAddress, let dg = dg.baseAddress,
                let du = du.baseAddress
              else { return }
              inBlocks(of: gate.count) { at, count in
                backward(g + at, u + at, dy + at, dg + at, du + at, count)
              }
            }
          }
        }
      }
    }
    return [dgate, dup]
  }
}
