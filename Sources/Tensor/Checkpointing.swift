extension Tensor {
  /// The result of a function on these inputs, of which nothing is kept for the gradient but the inputs: when the gradient is
  /// asked for, the function runs again. Memory for time: about a third more arithmetic in a training step.
  ///
  /// ```swift
  /// let y = Tensor.checkpointed([x, weight]) { $0[0].matmul($0[1], transposeB: true).gelu() }
  /// ```
  ///
  /// - Parameters:
  ///   - inputs: every tracked tensor that the function reads; one that it gets in another way counts as a constant.
  ///   - body: from the inputs, in their order, to the result. It must give the same bits each time.
  /// - Source: gradient checkpointing, Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".
  public static func checkpointed(_ inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) -> Tensor) -> Tensor {
    let plain = inputs.map { $0.detached() }
    let isTracked = inputs.map(\.isTracked)
    return .operation(value: body(plain), inputs: inputs) { gradient in
      let fresh = zip(plain, isTracked).map { $1 ? $0.tracked() : $0 }
      let result = body(fresh)
      // Without a history the result does not depend on what is tracked.
      guard result.isTracked else { return fresh.map { _ in nil } }
      var found = result.gradients(at: fresh.filter(\.isTracked), from: gradient)[...]
      return isTracked.map { $0 ? found.popFirst() : nil }
    }
  }
}
