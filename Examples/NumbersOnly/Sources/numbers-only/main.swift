import Layers
import LoRA
import Tensor

/// A linear map that is too strong, and an adapter of rank 1 that learns to halve it.
struct Model: Module {
  var layer: any Projection
  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &layer, at: path.appending(component: "layer"))
  }
}

var generator = Tensor.Generator(seed: 1)
let x = Tensor.normal([64, 4], using: &generator)
let target = Tensor([1, 0, 0, 0], shape: [1, 4])
var model = Model(layer: Linear(weight: target * 2))
var configuration = LoRAConfiguration()
configuration.rank = 1
try model.attachAdapters(configuration, using: &generator)

var optimizer = AdamW()
func loss(_ model: Model) -> Tensor { (model.layer(x) - x.matmul(target, transposeB: true)).squared().mean() }
let before = loss(model).scalar
for _ in 0..<300 {
  let gradients = model.valueAndGradients(loss).gradients
  optimizer.update(&model, gradients: gradients, learningRate: 0.02)
}
let after = loss(model).scalar
precondition(after < before * 1e-3, "the adapter did not learn: \(before) -> \(after)")
print("loss \(before) -> \(after) with \(model.parameterCount(trainableOnly: true)) trained numbers")
