import Layers
import Tensor

/// A small model for tests: a linear layer, a norm, a linear layer without offset.
struct TwoLayers: Module {
  var first: any Projection
  var norm = LayerNorm(dimensions: 5)
  var second: any Projection

  init(seed: UInt64) {
    var generator = Tensor.Generator(seed: seed)
    first = Linear(inputDimensions: 3, outputDimensions: 5, using: &generator)
    second = Linear(inputDimensions: 5, outputDimensions: 2, bias: false, using: &generator)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { second(norm(first(x)).tanh()) }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &first, at: path.appending(component: "first"))
    norm.visit(&visitor, at: path.appending(component: "norm"))
    visitor.visit(projection: &second, at: path.appending(component: "second"))
  }
}

extension Module {
  /// All parameters with their elements, for comparing models.
  var contents: [String: [Float]] {
    Dictionary(uniqueKeysWithValues: parameters().map { ($0.path, $0.parameter.value.scalars) })
  }
}
