internal import CKernels

/// One recorded operation: which tracked tensors it read, and how gradients of its results become gradients of theirs.
///
/// An operation of several results has a node of its own, and one for each result, which hands its gradient on to it.
final class Node: @unchecked Sendable {
  private(set) var inputs: [Node?]
  private(set) var backward: (@Sendable ([Tensor?]) -> [Tensor?])?
  /// Which of the only input's results this is; nil for an operation or a variable.
  let part: Int?
  let results: Int

  init(inputs: [Node?] = [], results: Int = 1, backward: (@Sendable ([Tensor?]) -> [Tensor?])? = nil) {
    (self.inputs, self.results, self.backward) = (inputs, results, backward)
    part = nil
  }

  init(part: Int, of operation: Node) {
    inputs = [operation]
    self.part = part
    results = 1
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
  package var isTracked: Bool { node != nil }

  /// The same elements as a new variable: a place at which gradients can be asked for.
  public func tracked() -> Tensor { Tensor(storage: storage, shape: shape, node: Node()) }

  /// The same elements, cut from their history.
  public func detached() -> Tensor { Tensor(storage: storage, shape: shape) }

  /// This tensor as an input of an operation that overwrites its elements: its place in the history, without them.
  package var gradientPlace: Tensor { Tensor(storage: Tensor.nothing.storage, shape: shape, node: node) }

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
    let node = Node(inputs: inputs.map(\.node)) { gradients in gradients[0].map(backward) ?? [] }
    return Tensor(storage: value.storage, shape: value.shape, node: node)
  }

  /// An operation with several results.
  ///
  /// - Parameters:
  ///   - values: the results; their own history is dropped.
  ///   - inputs: what the results depend on.
  ///   - backward: from the gradients of the results, nil for those that nothing depends on, the gradients of `inputs`.
  static func operation(
    values: [Tensor], inputs: [Tensor], backward: @escaping @Sendable ([Tensor?]) -> [Tensor?]
  ) -> [Tensor] {
    guard inputs.contains(where: \.isTracked) else { return values.map { $0.detached() } }
    let node = Node(inputs: inputs.map(\.node), results: values.count, backward: backward)
    return values.enumerated().map { part, value in
      Tensor(storage: value.storage, shape: value.shape, node: Node(part: part, of: node))
    }
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
  package func gradients(at variables: [Tensor], from seed: Tensor) -> [Tensor] {
    let wanted = variables.map { variable -> ObjectIdentifier in
      guard let node = variable.node else { preconditionFailure("gradient at a tensor that is not tracked") }
      return ObjectIdentifier(node)
    }
    guard let root = node else { return variables.map { .zeros($0.shape) } }
    var pending: [ObjectIdentifier: [Tensor?]] = [ObjectIdentifier(root): [seed]]
    let leaves = Set(wanted)
    var results: [ObjectIdentifier: Tensor] = [:]
    func add(_ gradient: Tensor, to node: Node, _ part: Int = 0) {
      let id = ObjectIdentifier(node)
      var parts = pending.removeValue(forKey: id) ?? Array(repeating: nil, count: node.results)
      if var sum = parts[part] {
        parts[part] = nil  // so that the sum has one owner and is added to in place
        sum.add(gradient)
        parts[part] = sum
      } else {
        parts[part] = gradient.detached()
      }
      pending[id] = parts
    }
    for node in reverseOrder(from: root) {
      let id = ObjectIdentifier(node)
      guard let gradients = pending.removeValue(forKey: id) else { continue }  // never of nil alone
      if leaves.contains(id) { results[id] = gradients[0] }
      if let part = node.part, let operation = node.inputs[0], let gradient = gradients[0] {
        add(gradient, to: operation, part)
      }
      guard let backward = node.backward else { continue }
      let parts = backward(gradients)
      precondition(
        parts.count == node.inputs.count, "a gradient rule gave \(parts.count) results for \(node.inputs.count) inputs")
      for (input, part) in zip(node.inputs, parts) {
        if let input, let part { add(part, to: input) }
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
  package mutating func add(_ other: Tensor, scaledBy factor: Float = 1) {
    precondition(shape == other.shape, "\(other.shape) added in place to \(shape)")
    let added: Void? = other.withRows { numbers, width, elements in
      mutateScalars { target in
        guard let to = target.baseAddress else { return }
        for (i, row) in numbers.enumerated() {
          sd_add_scaled(to + Int(row) * width, elements + i * width, factor, width)
        }
      }
    }
    guard added == nil else { return }
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
