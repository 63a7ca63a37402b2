import Layers
import LoRA
import Tensor

/// A table of token vectors, two projections without and with an offset, and a classifier of two layers.
struct TokenModel: Module {
  var table: Embedding
  var first: any Projection
  var second: any Projection
  var classifier: [any Projection]

  init(seed: UInt64 = 1) {
    var generator = Tensor.Generator(seed: seed)
    table = Embedding(weight: .normal([7, 4], using: &generator))
    first = Linear(inputDimensions: 4, outputDimensions: 5, bias: false, using: &generator)
    second = Linear(weight: .normal([3, 5], using: &generator), bias: .normal([3], using: &generator))
    classifier = [
      Linear(weight: .normal([3, 3], using: &generator), bias: .normal([3], using: &generator)),
      Linear(weight: .normal([2, 3], using: &generator), bias: .normal([2], using: &generator)),
    ]
  }

  func callAsFunction(_ tokens: [Int]) -> Tensor {
    classifier.reduce(second(first(table(tokens)).tanh()).tanh()) { $1($0).tanh() }
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    table.visit(&visitor, at: path.appending(component: "model.embed_tokens"))
    visitor.visit(projection: &first, at: path.appending(component: "model.layers.0.q_proj"))
    visitor.visit(projection: &second, at: path.appending(component: "model.layers.1.q_proj"))
    visitor.visit(projection: &classifier[0], at: path.appending(component: "classifier.dense"))
    visitor.visit(projection: &classifier[1], at: path.appending(component: "classifier.out_proj"))
  }

  /// With an adapter of this configuration whose parameters are random numbers.
  static func adapted(
    seed: UInt64 = 1, named name: String = "default", _ change: (inout LoRAConfiguration) -> Void
  ) throws -> (model: TokenModel, configuration: LoRAConfiguration) {
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.alpha, configuration.targets) = (2, 3, .names(["q_proj"]))
    change(&configuration)
    var model = TokenModel()
    var generator = Tensor.Generator(seed: seed + 10)
    try model.attachAdapters(configuration, named: name, using: &generator)
    model.stirTrainable(seed: seed + 20)
    return (model, configuration)
  }
}

extension Module {
  /// Moves every trainable parameter away from where it began.
  mutating func stirTrainable(seed: UInt64) {
    var stirrer = Stirrer(generator: Tensor.Generator(seed: seed))
    visit(&stirrer, at: "")
  }
}

private struct Stirrer: ModuleVisitor {
  var generator: Tensor.Generator
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard parameter.isTrainable else { return }
    parameter.value = parameter.value + .normal(parameter.value.shape, standardDeviation: 0.3, using: &generator)
  }
}
