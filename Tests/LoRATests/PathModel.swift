import Layers
import LoRA
import Tensor

/// A model of named projections, applied one after the other.
struct PathModel: Module {
  var paths: [String]
  var projections: [any Projection]

  /// Maps of `width` to `width` numbers at these paths.
  init(_ paths: [String], width: Int = 3, seed: UInt64 = 1) {
    var generator = Tensor.Generator(seed: seed)
    self.paths = paths
    projections = paths.map { _ in
      Linear(inputDimensions: width, outputDimensions: width, bias: true, using: &generator)
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor { projections.reduce(x) { $1($0).tanh() } }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    for i in paths.indices { visitor.visit(projection: &projections[i], at: path.appending(component: paths[i])) }
  }

  /// The paths of a vision-language model.
  static let pictures = PathModel([
    "model.vision_model.encoder.layers.0.self_attn.q_proj", "model.connector.modality_projection.proj",
    "model.text_model.layers.0.self_attn.q_proj", "model.text_model.layers.0.mlp.up_proj",
    "model.text_model.layers.1.self_attn.q_proj", "model.text_model.layers.1.mlp.up_proj", "lm_head",
  ])
}

extension Module {
  /// The paths of the adapted projections.
  var adapted: [String] {
    adapterParameters().map(\.path).filter { $0.hasSuffix(".lora_A.weight") }
      .map { String($0.dropLast(".lora_A.weight".count)) }
  }

  /// All parameters with their elements.
  var contents: [String: [Float]] {
    Dictionary(uniqueKeysWithValues: parameters().map { ($0.path, $0.parameter.value.scalars) })
  }

  /// Gives every B random numbers, so that the adapters change something.
  mutating func wakeAdapters(seed: UInt64) {
    var generator = Tensor.Generator(seed: seed)
    var waker = Waker(generator: generator)
    visit(&waker, at: "")
    generator = waker.generator
  }
}

private struct Waker: ModuleVisitor {
  var generator: Tensor.Generator
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard path.hasSuffix("lora_B.weight") else { return }
    parameter.value = .normal(parameter.value.shape, standardDeviation: 0.5, using: &generator)
  }
}
