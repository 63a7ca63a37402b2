internal import CKernels

extension Tensor {
  /// The sum of all elements, a scalar; added up in Float64.
  public func sum() -> Tensor {
    let value = Tensor(Float(sd_sum(storage.pointer, count)))
    return .operation(value: value, inputs: [self]) { [shape] g in [Tensor(repeating: g.scalar, shape: shape)] }
  }

  /// The mean of all elements, a scalar.
  ///
  /// - Precondition: at least one element.
  public func mean() -> Tensor {
    precondition(count > 0, "the mean of a tensor of shape \(shape)")
    return sum() * (1 / Float(count))
  }

  /// The sum along one axis, negative counted from the end. The axis goes, or stays with extent 1.
  public func sum(along axis: Int, keepingAxis: Bool = false) -> Tensor {
    let (axis, parts) = split(at: axis)
    let value = Tensor(shape: reduced(axis, keepingAxis)) { out in
      guard let y = out.baseAddress else { return }
      sd_sum_axis(storage.pointer, parts.outer, parts.axis, parts.inner, y)
    }
    return .operation(value: value, inputs: [self]) { [shape] g in
      let kept = Array(shape[..<axis]) + [1] + Array(shape[(axis + 1)...])
      return [g.reshaped(kept).broadcast(to: shape)]
    }
  }

  /// The mean along one axis.
  public func mean(along axis: Int, keepingAxis: Bool = false) -> Tensor {
    let extent = shape[split(at: axis).axis]
    precondition(extent > 0, "the mean along axis \(axis) of \(shape)")
    return sum(along: axis, keepingAxis: keepingAxis) * (1 / Float(extent))
  }

  /// The maximum along one axis. The gradient goes to the first of equal elements.
  public func maximum(along axis: Int, keepingAxis: Bool = false) -> Tensor {
    let (axis, parts) = split(at: axis)
    let (value, positions) = largest(axis, parts, reduced(axis, keepingAxis))
    return .operation(value: value, inputs: [self]) { [shape] g in
      var result = Tensor.zeros(shape)
      result.mutateScalars { out in
        for o in 0..<parts.outer {
          for i in 0..<parts.inner {
            let at = o * parts.inner + i
            out[(o * parts.axis + Int(positions[at])) * parts.inner + i] = g.storage.pointer[at]
          }
        }
      }
      return [result]
    }
  }

  /// The positions of the maxima along one axis, the first of equal ones, in row-major order of the other axes.
  public func argmax(along axis: Int) -> [Int] {
    let (axis, parts) = split(at: axis)
    return largest(axis, parts, reduced(axis, false)).positions.map(Int.init)
  }

  /// exp(x) / sum(exp(x)) along the last axis, the maximum taken off first so that nothing overflows.
  public func softmax() -> Tensor {
    rowwise(sd_softmax_rows, sd_softmax_rows_backward)
  }

  /// x - log(sum(exp(x))) along the last axis: stable where log of softmax would give -infinity.
  public func logSoftmax() -> Tensor {
    rowwise(sd_log_softmax_rows, sd_log_softmax_rows_backward)
  }

  private func rowwise(
    _ forward: @escaping @Sendable (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int) -> Void,
    _ backward:
      @escaping @Sendable (
        UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int
      ) -> Void
  ) -> Tensor {
    precondition(rank > 0 && shape[rank - 1] > 0, "softmax along the last axis of \(shape)")
    let columns = shape[rank - 1]
    let rows = count / columns
    let value = Tensor(shape: shape) { out in
      guard let y = out.baseAddress else { return }
      inRowBlocks(rows: rows, columns: columns) { first, many in
        forward(storage.pointer + first * columns, y + first * columns, many, columns)
      }
    }
    return .operation(value: value, inputs: [self]) { [shape] g in
      [
        Tensor(shape: shape) { out in
          guard let dx = out.baseAddress else { return }
          inRowBlocks(rows: rows, columns: columns) { first, many in
            let at = first * columns
            backward(value.storage.pointer + at, g.storage.pointer + at, dx + at, many, columns)
          }
        }
      ]
    }
  }

  private typealias Parts = (outer: Int, axis: Int, inner: Int)

  private func split(at axis: Int) -> (axis: Int, parts: Parts) {
    let axis = axis < 0 ? axis + rank : axis
    precondition(axis >= 0 && axis < rank, "axis \(axis) of a tensor of shape \(shape)")
    return (axis, (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *)))
  }

  private func reduced(_ axis: Int, _ keeping: Bool) -> [Int] {
    var result = shape
    if keeping { result[axis] = 1 } else { result.remove(at: axis) }
    return result
  }

  private func largest(_ axis: Int, _ parts: Parts, _ reduced: [Int]) -> (value: Tensor, positions: [Int32]) {
    precondition(parts.axis > 0, "the maximum along axis \(axis) of \(shape)")
    var positions = [Int32](repeating: 0, count: parts.outer * parts.inner)
    let value = Tensor(shape: reduced) { out in
      guard let y = out.baseAddress else { return }
      sd_max_axis(storage.pointer, parts.outer, parts.axis, parts.inner, y, &positions)
    }
    return (value, positions)
  }
}
