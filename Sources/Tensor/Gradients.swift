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
    let history = History(of: root)
    // Of each result of each operation what has arrived at it.
    var pending = [Tensor?](repeating: nil, count: history.resultCount)
    pending[0] = seed
    func add(_ gradient: Tensor, at result: Int) {
      // Taken out, so that the sum has one owner and is added to in place.
      if var sum = pending[result].take() {
        sum.add(gradient)
        pending[result] = sum
      } else {
        pending[result] = gradient.detached()
      }
    }
    var isWanted = [Bool](repeating: false, count: history.nodes.count)
    for place in wanted.compactMap({ history.places[$0] }) { isWanted[place] = true }
    for place in history.order.reversed() {
      let (node, results) = (history.nodes[place], history.results(of: place))
      let gradients = Array(pending[results])
      guard gradients.contains(where: { $0 != nil }) else { continue }
      for result in results where !isWanted[place] { pending[result] = nil }
      let inputs = history.inputs(of: place)
      if let part = node.part, let operation = inputs.first, let gradient = gradients[0] {
        add(gradient, at: history.results(of: operation).lowerBound + part)
      }
      guard let backward = node.backward else { continue }
      let parts = backward(gradients)
      precondition(
        parts.count == inputs.count, "a gradient rule gave \(parts.count) results for \(inputs.count) inputs")
      for (input, part) in zip(inputs, parts) where input >= 0 {
        if let part { add(part, at: history.results(of: input).lowerBound) }
      }
    }
    return zip(variables, wanted).map { variable, id in
      guard let place = history.places[id], let result = pending[history.results(of: place).lowerBound] else {
        return .zeros(variable.shape)
      }
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

  /// Adds lists of tensors to those at the same places, one list after the other. Not recorded.
  ///
  /// All threads share the elements of all places: gradients are many small matrices.
  package static func add(_ others: [[Tensor]], to sums: inout [Tensor]) {
    // Those of few rows stay so where nothing is added.
    guard !others.isEmpty else { return }
    var parts: [(to: UnsafeMutablePointer<Float>, place: Int, start: Int, count: Int)] = []
    var added = [[UnsafePointer<Float>]](repeating: [], count: sums.count)
    for place in sums.indices {
      let own = others.map { $0[place] }
      guard own.allSatisfy({ $0.storage.compact == nil }) else {
        for tensor in own { sums[place].add(tensor) }
        continue
      }
      let shape = sums[place].shape
      precondition(own.allSatisfy { $0.shape == shape }, "\(own.map(\.shape)) added in place to \(shape)")
      added[place] = own.map { UnsafePointer($0.storage.pointer) }
      sums[place].mutateScalars { sum in
        guard let to = sum.baseAddress else { return }
        let each = RowBlocks(rows: sum.count, columns: 1).each
        for start in stride(from: 0, to: sum.count, by: each) {
          parts.append((to + start, place, start, min(each, sum.count - start)))
        }
      }
    }
    withExtendedLifetime((sums, others)) {
      Compute.parallel(parts.count) { number in
        let (to, place, start, count) = parts[number]
        for from in added[place] { sd_add_scaled(to, from + start, 1, count) }
      }
    }
  }
}

/// What a result was computed from. Found iteratively: a long chain must not exhaust the stack.
private struct History {
  /// Operations and variables, the root first.
  private(set) var nodes: [Node] = []
  /// The place of each among ``nodes``.
  private(set) var places: [ObjectIdentifier: Int] = [:]
  /// Their places, each behind everything that it was computed from.
  private(set) var order: [Int] = []
  /// The number of all nodes' results, those of one after those of another.
  private(set) var resultCount = 0
  private var firstResults: [Int] = []
  /// The places of all nodes' inputs, -1 for those that are not tracked, and where each node's begin.
  private var edges: [Int] = []
  private var firstEdges: [Int] = []

  init(of root: Node) {
    var stack = [(place: add(root), next: 0)]
    while let (place, next) = stack.last {
      let node = nodes[place]
      guard next < node.inputs.count else {
        order.append(place)
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].next += 1
      guard let input = node.inputs[next] else { continue }
      let known = places[ObjectIdentifier(input)]
      let found = known ?? add(input)
      edges[firstEdges[place] + next] = found
      if known == nil { stack.append((found, 0)) }
    }
  }

  private mutating func add(_ node: Node) -> Int {
    let place = nodes.count
    nodes.append(node)
    places[ObjectIdentifier(node)] = place
    firstResults.append(resultCount)
    resultCount += node.results
    firstEdges.append(edges.count)
    edges.append(contentsOf: repeatElement(-1, count: node.inputs.count))
    return place
  }

  /// The places of a node's inputs.
  func inputs(of place: Int) -> ArraySlice<Int> {
    edges[firstEdges[place]..<(place + 1 < firstEdges.count ? firstEdges[place + 1] : edges.count)]
  }

  /// The numbers of a node's results among those of all.
  func results(of place: Int) -> Range<Int> { firstResults[place]..<firstResults[place] + nodes[place].results }
}
