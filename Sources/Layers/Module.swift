internal import CKernels
public import Tensor

/// One tensor of a model and whether training may change it.
public struct Parameter: Sendable {
  /// The elements. Tracked only inside ``Module/valueAndGradients(_:)``.
  public var value: Tensor
  /// Whether gradients are computed for it. The default is true; adapters freeze what they wrap.
  public var isTrainable: Bool
  /// Another value that takes turns with ``value``; nil for none.
  package var alternative: Alternative?

  /// The value of a parameter that does not count now: the base model's where an adapter brought a copy of its own, or
  /// that copy while the adapter is off.
  package struct Alternative: Sendable {
    /// The name of the adapter that brought the copy.
    package var owner: String
    /// The other value, of the same shape.
    package var value: Tensor
    /// Whether the other value is the base model's, so that the copy counts now.
    package var isBase: Bool
    /// Whether the copy counts for everything that has this parameter in common, such as an output head that is the
    /// embedding table. The default is false, as for PEFT's copies of whole modules.
    package var isShared: Bool

    /// A value that waits.
    package init(owner: String, value: Tensor, isBase: Bool, isShared: Bool = false) {
      (self.owner, self.value, self.isBase, self.isShared) = (owner, value, isBase, isShared)
    }
  }

  /// The value for what has this parameter in common with its owner: the base model's, unless a copy is shared.
  package var sharedValue: Tensor {
    guard let alternative, alternative.isBase, !alternative.isShared else { return value }
    return alternative.value
  }

  /// Lets the base model's value count, or the adapter's copy. Does nothing where there is no alternative.
  package mutating func use(base: Bool) {
    guard var other = alternative, other.isBase == base else { return }
    (value, other.value) = (other.value, value)
    other.isBase = !base
    alternative = other
  }

  /// A parameter with these elements.
  public init(_ value: Tensor, isTrainable: Bool = true) {
    (self.value, self.isTrainable) = (value, isTrainable)
  }
}

/// A part of a model: a value that can show its parameters by path.
///
/// ```swift
/// struct Pair: Module {
///   var first: Linear, second: Linear
///   mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
///     first.visit(&visitor, at: path.appending(component: "first"))
///     second.visit(&visitor, at: path.appending(component: "second"))
///   }
/// }
/// ```
///
/// Paths are those of the model's weight files: "model.text_model.layers.0.self_attn.q_proj.weight". The order of visits
/// is fixed; files, optimiser state and gradients rely on it. Models are values: a copy shares memory until it is trained.
public protocol Module: Sendable {
  /// Shows every parameter and projection below this module to the visitor, in a fixed order.
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String)
}

/// Visits the parameters of a model: a loader, an optimiser, an adapter that wraps projections.
public protocol ModuleVisitor {
  /// Called for each parameter; may change it.
  mutating func visit(_ parameter: inout Parameter, at path: String)
  /// Called for each slot that holds a projection; may put another one there. By default it goes on to its parameters.
  mutating func visit(projection: inout any Projection, at path: String)
  /// Called for each table of token vectors; may put an adapter on it. By default it goes on to its parameters.
  mutating func visit(embedding: inout Embedding, at path: String)
  /// Called for a language model's output head after its token table; nil where the head is the table. May put a map there.
  /// By default it goes on to the map's parameters.
  mutating func visit(head: inout (any Projection)?, of table: TokenTable, at path: String)
}

extension ModuleVisitor {
  /// Goes on to the parameters below the projection.
  public mutating func visit(projection: inout any Projection, at path: String) {
    projection.visit(&self, at: path)
  }

  /// Called for a slot that may be empty.
  public mutating func visit(projection: inout (any Projection)?, at path: String) {
    // Taken out, so that it has one owner and training changes the weights in place.
    guard var present = projection.take() else { return }
    visit(projection: &present, at: path)
    projection = present
  }

  /// Goes on to the parameters of the table and its adapter.
  public mutating func visit(embedding: inout Embedding, at path: String) {
    embedding.visitParameters(&self, at: path)
  }

  /// Goes on to the parameters below the head, where it is a map of its own.
  public mutating func visit(head: inout (any Projection)?, of table: TokenTable, at path: String) {
    visit(projection: &head, at: path)
  }
}

extension String {
  /// This path with one component more, separated by a dot; the first component has none.
  public func appending(component: String) -> String { isEmpty ? component : "\(self).\(component)" }
}

extension Module {
  /// All parameters with their paths, in the order of the visit.
  public func parameters() -> [(path: String, parameter: Parameter)] {
    var copy = self
    var collector = Collector()
    copy.visit(&collector, at: "")
    return collector.found
  }

  /// The number of elements of all parameters, or of those that training may change.
  public func parameterCount(trainableOnly: Bool = false) -> Int {
    parameters().reduce(0) { $0 + (trainableOnly && !$1.parameter.isTrainable ? 0 : $1.parameter.value.count) }
  }

  /// Marks as trainable exactly the parameters for whose path the closure returns true.
  public mutating func setTrainable(_ isTrainable: (String) -> Bool) {
    withoutActuallyEscaping(isTrainable) { choose in
      var marker = Marker(choose: choose)
      visit(&marker, at: "")
    }
  }

  /// Marks no parameter as trainable.
  public mutating func freeze() { setTrainable { _ in false } }

  /// The tracked values among the parameters, in the order of the visit.
  package func trackedValues() -> [Tensor] {
    parameters().map(\.parameter.value).filter(\.isTracked)
  }

  /// This module with other tensors in the place of its tracked values, in the order of the visit.
  package func replacingTrackedValues(_ values: some Sequence<Tensor>) -> Self {
    var copy = self
    var replacer = Replacer(values: Array(values)[...])
    copy.visit(&replacer, at: "")
    return copy
  }

  /// The loss of this model and its derivatives at the trainable parameters.
  ///
  /// The closure gets a copy whose trainable parameters are tracked; frozen ones cause no gradient work.
  ///
  /// - Parameter loss: a scalar computed from the model.
  /// - Complexity: about three times the arithmetic of the forward pass alone.
  public func valueAndGradients(_ loss: (Self) throws -> Tensor) rethrows -> (value: Tensor, gradients: Gradients) {
    var model = self
    var tracker = Tracker()
    model.visit(&tracker, at: "")
    let value = try loss(model)
    return (value.detached(), Gradients(paths: tracker.paths, tensors: value.gradients(at: tracker.variables)))
  }
}

/// The derivatives of one loss, in the order in which the model shows its trainable parameters.
public struct Gradients: Sendable {
  /// The paths of the parameters.
  public let paths: [String]
  /// The derivatives, each with its parameter's shape.
  public private(set) var tensors: [Tensor]

  /// Derivatives at these paths.
  package init(paths: [String], tensors: [Tensor]) {
    precondition(paths.count == tensors.count, "\(paths.count) paths for \(tensors.count) gradients")
    (self.paths, self.tensors) = (paths, tensors)
  }

  /// The derivative at a path; nil if that parameter is not trained.
  public subscript(path: String) -> Tensor? { paths.firstIndex(of: path).map { tensors[$0] } }

  /// Adds other losses' derivatives at the same parameters, one after the other.
  package mutating func add(_ others: [Gradients]) {
    precondition(others.allSatisfy { $0.paths == paths }, "gradients of different models")
    Tensor.add(others.map(\.tensors), to: &tensors)
  }

  /// The Euclidean norm over all derivatives, added up in Float64.
  public func norm() -> Double {
    tensors.reduce(0.0) { sum, tensor in
      sum + (tensor.withRows { squares($2, $0.count * $1) } ?? tensor.withScalars { squares($0.baseAddress, $0.count) })
    }.squareRoot()
  }
}

/// The sum of the squares of so many elements, block by block on all threads, and these sums in their order.
private func squares(_ elements: UnsafePointer<Float>?, _ count: Int) -> Double {
  guard let elements else { return 0 }
  let blocks = RowBlocks(rows: count, columns: 1)
  var sums = [Double](repeating: 0, count: blocks.count)
  sums.withUnsafeMutableBufferPointer { sums in
    let to = sums.baseAddress
    inBlocks(of: count) { start, count in to?[start / blocks.each] = sd_sum_of_squares(elements + start, count) }
  }
  return sums.reduce(0, +)
}

private struct Collector: ModuleVisitor {
  var found: [(path: String, parameter: Parameter)] = []
  mutating func visit(_ parameter: inout Parameter, at path: String) { found.append((path, parameter)) }
}

private struct Marker: ModuleVisitor {
  let choose: (String) -> Bool
  mutating func visit(_ parameter: inout Parameter, at path: String) { parameter.isTrainable = choose(path) }
}

private struct Replacer: ModuleVisitor {
  var values: ArraySlice<Tensor>
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard parameter.value.isTracked, let value = values.popFirst() else { return }
    parameter.value = value
  }
}

private struct Tracker: ModuleVisitor {
  var paths: [String] = []
  var variables: [Tensor] = []
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard parameter.isTrainable else { return }
    parameter.value = parameter.value.tracked()
    paths.append(path)
    variables.append(parameter.value)
  }
}
