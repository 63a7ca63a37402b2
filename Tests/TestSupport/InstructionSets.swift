package import Tensor

/// Computes with the instruction set, or with the largest that the CPU has below it. Not beside other computations.
package func withInstructionSet<Result>(
  _ set: Tensor.Compute.InstructionSet, _ body: () throws -> Result
) rethrows -> Result {
  let before = Tensor.Compute.instructionSet
  Tensor.Compute.instructionSet = set
  defer { Tensor.Compute.instructionSet = before }
  return try body()
}
