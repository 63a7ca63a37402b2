internal import CKernels

/// One recorded operation: which tracked tensors it read, and how a gradient of its result becomes gradients of theirs.
final class Node: @unchecked Sendable {
  private(set) var inputs: [Node?]
  private(set) var backward: (@Sendable (Tensor) -> [Tensor?])?

  init(inputs: [Node?] = [], backward: (@Sendable (Tensor) -> [Tensor?])? = nil) {
    self.inputs = inputs
    self.backward = backward
  }

  /// Releases a history in a loop: left to itself, each operation would be released from inside the release of the one
  /// that used it, and a long chain would exhaust the stack.
  deinit {
    var pending: [Node] = []
    dismantle(into: &pending)
    while var node = pending.popLast() {
      if isKnownUniquelyReferenced(&node) { node.dismantle(into: &pending) }
    }
  }

  private func dismantle(into pending: inout [Node]) {
    // The rule may hold the inputs too, so it goes while `inputs` still keeps them alive.
    backward = nil
    pending.append(contentsOf: inputs.lazy.compactMap { $0 })
    inputs = []
  }
}

extension Tensor {
  /// Whether gradients flow through this tensor.
  public var isTracked: Bool { node != nil }

  /// The same elements as a new variable: a place at which gradients can be asked for.
  public func tracked() -> Tensor { Tensor(storage: storage, shape: shape, node: Node()) }

  /// The same elements, cut from their history.
  public func detached() -> Tensor { Tensor(storage: storage, shape: shape) }

  /// An operation with a gradient rule of its own.
  ///
  /// ```swift
  /// let doubled = Tensor.operation(value: Tensor([2], shape: [1]), inputs: [x]) { [$0 * 2] }
  /// ```
  ///
  /// - Parameters:
  ///   - value: the result; its own history is dropped.
  ///   - inputs: what the result depends on.
  ///   - backward: from the gradient of the result (its shape) the gradients of `inputs` (theirs), in their order; nil
  ///     stands for zero, and is right for an input that is not tracked.
  public static func operation(
    value: Tensor, inputs: [Tensor], backward: @escaping @Sendable (Tensor) -> [Tensor?]
  ) -> Tensor {
    guard inputs.contains(where: \.isTracked) else { return value.detached() }
    return Tensor(
      storage: value.storage, shape: value.shape, node: Node(inputs: inputs.map(\.node), backward: backward))
  }

  /// The derivatives of this scalar at `variables`, each with its variable's shape; zeros where none leads here.
  ///
  /// Gradients are returned and not stored: there is nothing to clear between steps. A variable that is used more than
  /// once gets the sum over its uses.
  ///
  /// - Precondition: one element; the variables are tracked.
  /// - Complexity: each recorded operation once, about twice the arithmetic of computing the value.
  public func gradients(at variables: [Tensor]) -> [Tensor] {
    precondition(count == 1, "gradients are of one number, not of a tensor of shape \(shape)")
    return gradients(at: variables, from: .ones(shape))
  }

  /// The same of a tensor of any shape, for a gradient that arrives at it.
  func gradients(at variables: [Tensor], from seed: Tensor) -> [Tensor] {
    let wanted = variables.map { variable -> ObjectIdentifier in
      guard let node = variable.node else { preconditionFailure("gradient at a tensor that is not tracked") }
      return ObjectIdentifier(node)
    }
    guard let root = node else { return variables.map { .zeros($0.shape) } }
    var pending: [ObjectIdentifier: Tensor] = [ObjectIdentifier(root): seed]
    let leaves = Set(wanted)
    var results: [ObjectIdentifier: Tensor] = [:]
    for node in reverseOrder(from: root) {
      let id = ObjectIdentifier(node)
      guard let gradient = pending.removeValue(forKey: id) else { continue }
      if leaves.contains(id) { results[id] = gradient }
      guard let backward = node.backward else { continue }
      let parts = backward(gradient)
      precondition(
        parts.count == node.inputs.count, "a gradient rule gave \(parts.count) results for \(node.inputs.count) inputs")
      for (input, part) in zip(node.inputs, parts) {
        guard let input, let part else { continue }
        let key = ObjectIdentifier(input)
        if var sum = pending.removeValue(forKey: key) {
          sum.add(part)
          pending[key] = sum
        } else {
          pending[key] = part.detached()
        }
      }
    }
    return zip(variables, wanted).map { variable, id in
      guard let result = results[id] else { return .zeros(variable.shape) }
      precondition(
        result.shape == variable.shape, "a gradient rule gave \(result.shape) for an input of shape \(variable.shape)")
      return result
    }
  }

  /// Adds in place. Not recorded.
  public mutating func add(_ other: Tensor, scaledBy factor: Float = 1) {
    precondition(shape == other.shape, "\(other.shape) added in place to \(shape)")
    mutateScalars { target in
      other.withScalars { source in
        guard let to = target.baseAddress, let from = source.baseAddress else { return }
        inBlocks(of: target.count) { start, count in sd_add_scaled(to + start, from + start, factor, count) }
      }
    }
  }
}

/// Operations from the root to the leaves, each before everything it was computed from. Iterative: a long chain must not
/// exhaust the stack.
private func reverseOrder(from root: Node) -> [Node] {
  var order: [Node] = []
  var seen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
  var stack: [(node: Node, next: Int)] = [(root, 0)]
  while let (node, next) = stack.last {
    guard next < node.inputs.count else {
      order.append(node)
      stack.removeLast()
      continue
    }
    stack[stack.count - 1].next += 1
    if let input = node.inputs[next], seen.insert(ObjectIdentifier(input)).inserted { stack.append((input, 0)) }
  }
  return order.reversed()
}
