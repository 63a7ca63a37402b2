package import Tensor
package import Testing

/// Computes with the instruction set, or with the largest that the CPU has below it. Not beside other computations.
package func withInstructionSet<Result>(
  _ set: Tensor.Compute.InstructionSet, _ body: () throws -> Result
) rethrows -> Result {
  let before = Tensor.Compute.instructionSet
  Tensor.Compute.instructionSet = set
  defer { Tensor.Compute.instructionSet = before }
  return try body()
}

/// Runs each test once with every instruction set that the CPU has, up to the one that `TENSOR_MAX_ISA` names.
package struct EveryInstructionSet: TestTrait, SuiteTrait, TestScoping {
  package let isRecursive = true

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let before = Tensor.Compute.instructionSet
    defer { Tensor.Compute.instructionSet = before }
    for set in Tensor.Compute.instructionSets.prefix(while: { $0 != before }) + [before] {
      Tensor.Compute.instructionSet = set
      try await function()
    }
  }
}

extension Trait where Self == EveryInstructionSet {
  package static var everyInstructionSet: Self { Self() }
}
