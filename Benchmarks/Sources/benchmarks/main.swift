import Tensor

// benchmarks [ROUNDS]: each line shows the medians of both sides, their ranges, and how many times faster the first is.
let rounds = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 15
guard rounds > 0 else { fatalError("benchmarks [ROUNDS]: a positive number of rounds") }
var generator = Tensor.Generator(seed: 1)
consume([Tensor.ones([2, 2]).matmul(.ones([2, 2]))])
print(
  "OpenBLAS kernels: \(Tensor.Compute.openBLASCore ?? "unknown"), \(Tensor.Compute.threads) threads, \(rounds) rounds")
benchmarkMatrixProducts(rounds: rounds, using: &generator)
#if OneDNN
  benchmarkOneDNN(rounds: rounds, using: &generator)
#endif
benchmarkTreeAttention(rounds: rounds, using: &generator)
benchmarkWindows(rounds: rounds, using: &generator)
benchmarkTrainingStep(rounds: rounds, using: &generator)
