import Layers
import LoRA
import Tensor

/// A module shows its parameters and projections by path. This one has two layers, of which the first gets an adapter.
struct Network: Module {
  var hidden: any Projection
  var output: any Projection

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    visitor.visit(projection: &hidden, at: path.appending(component: "hidden"))
    visitor.visit(projection: &output, at: path.appending(component: "output"))
  }

  /// Maps [rows, 8] to [rows, 1].
  func callAsFunction(_ x: Tensor) -> Tensor { output(hidden(x).tanh()) }
}

var generator = Tensor.Generator(seed: 1)
let base = Network(
  hidden: Linear(inputDimensions: 8, outputDimensions: 16, using: &generator),
  output: Linear(inputDimensions: 16, outputDimensions: 1, using: &generator))
let x = Tensor.normal([128, 8], using: &generator)
// The wanted function is that of the same network with other weights in its first layer.
var other = base
other.hidden = Linear(inputDimensions: 8, outputDimensions: 16, using: &generator)
let wanted = other(x)

var network = base
var configuration = LoRAConfiguration()
configuration.rank = 4
configuration.targets = .names(["hidden"])
let places = try network.attachAdapters(configuration, using: &generator)
print("adapters at \(places): \(network.parameterCount(trainableOnly: true)) numbers train")
precondition(network(x).scalars == base(x).scalars, "a fresh adapter changes nothing")

var optimizer = AdamW()
func loss(_ network: Network) -> Tensor { (network(x) - wanted).squared().mean() }
let before = loss(network).scalar
for _ in 0..<500 {
  let gradients = network.valueAndGradients(loss).gradients
  optimizer.update(&network, gradients: gradients, learningRate: 0.02)
}
print("loss \(before) -> \(loss(network).scalar)")
precondition(loss(network).scalar < before / 4, "the adapter did not learn")

// Merged, it is a plain network that computes the same; without the adapter, the network that it was.
var (merged, plain) = (network, network)
try merged.mergeAdapters()
plain.removeAdapters()
precondition(zip(merged(x).scalars, network(x).scalars).allSatisfy { abs($0 - $1) < 1e-3 })
precondition(plain(x).scalars == base(x).scalars)
print("merged it computes the same, and without the adapter what it computed at first")
