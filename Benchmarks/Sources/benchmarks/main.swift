import Tensor

// benchmarks [ROUNDS [PART]]: each line shows the medians of both sides, their ranges, and how many times faster the first is.
let arguments = CommandLine.arguments.dropFirst()
let rounds = arguments.first.map { Int($0) ?? 0 } ?? 15
let parts = ["products", "onednn", "trees", "windows", "step"]
let wanted = arguments.dropFirst().first.map { [$0] } ?? parts
guard rounds > 0, arguments.count <= 2, parts.contains(wanted[0]) else {
  fatalError("benchmarks [ROUNDS [PART]]: a positive number of rounds, one of \(parts.joined(separator: ", "))")
}
var generator = Tensor.Generator(seed: 1)
consume([Tensor.ones([2, 2]).matmul(.ones([2, 2]))])
print(
  "OpenBLAS kernels: \(Tensor.Compute.openBLASCore ?? "unknown"), \(Tensor.Compute.threads) threads, \(rounds) rounds")
for part in wanted {
  switch part {
  case "products": benchmarkMatrixProducts(rounds: rounds, using: &generator)
  case "trees": benchmarkTreeAttention(rounds: rounds, using: &generator)
  case "windows":
    benchmarkWindows(rounds: rounds, using: &generator)
    benchmarkWindowedLayer(rounds: rounds, using: &generator)
  case "step": benchmarkTrainingStep(rounds: rounds, using: &generator)
  default:
    #if OneDNN
      benchmarkOneDNN(rounds: rounds, using: &generator)
    #endif
  }
}
