import Foundation
import Tensor
import TestSupport
import Testing

@Suite(.serialized) struct ComputeTests {
  /// A computation that goes through every parallel path: long elementwise loops, tiles, batches, rows.
  static func work(seed: UInt64) -> [Tensor] {
    let x = randomTensor([513, 300], seed: seed).tracked()
    let w = randomTensor([300, 270], seed: seed + 1).tracked()
    let batch = randomTensor([6, 40, 45], seed: seed + 2).tracked()
    let hidden = x.matmul(w).silu() + 1
    let rows = hidden.softmax().log() + hidden.logSoftmax()
    let scores = batch.matmul(batch, transposeB: true).tanh()
    let wide = w.matmul(x, transposeA: true, transposeB: true).gelu()
    let total = rows.sum() + scores.sum() + wide.mean(along: 0).sum()
    return [total.detached(), rows.detached(), wide.detached()] + total.gradients(at: [x, w, batch])
  }

  @Test
  func `the bytes of results do not depend on the number of threads`() {
    let usual = Tensor.Compute.threads
    defer { Tensor.Compute.threads = usual }
    Tensor.Compute.threads = 1
    let expected = Self.work(seed: 40)
    for threads in [2, 3, 7, 2, 1] {
      Tensor.Compute.threads = threads
      #expect(Tensor.Compute.threads == threads)
      for (a, b) in zip(Self.work(seed: 40), expected) { #expect(a.isIdentical(to: b), "\(threads) threads") }
    }
    Tensor.Compute.threads = 0
    #expect(Tensor.Compute.threads == 1)
  }

  @Test
  func `tasks that compute at once disturb neither one another nor the pool`() async {
    let expected = (0..<4).map { Self.work(seed: UInt64(50 + $0)) }
    await withTaskGroup(of: (Int, [Tensor]).self) { group in
      for task in 0..<12 { group.addTask { (task % 4, Self.work(seed: UInt64(50 + task % 4))) } }
      for await (number, results) in group {
        for (a, b) in zip(results, expected[number]) { #expect(a.isIdentical(to: b)) }
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 100])
  func `the pool runs each index once, from many callers and from inside itself`(count: Int) async {
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var calls = Tensor.zeros([count * 3])
          calls.mutateScalars { out in
            Tensor.Compute.parallel(count) { i in Tensor.Compute.parallel(3) { j in out[i * 3 + j] += 1 } }
          }
          return calls.isIdentical(to: .ones([count * 3]))
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test
  func `memory goes back to where it was when tensors, histories and gradients are gone`() async {
    await #expect(processExitsWith: .success) {
      func step(_ seed: UInt64) { _ = ComputeTests.work(seed: seed) }
      step(60)  // what is made once and kept: a few bytes
      let before = Tensor.Compute.liveBytes
      for seed in UInt64(61)..<64 { step(seed) }
      precondition(Tensor.Compute.liveBytes == before)
      precondition(before < 1024)
      precondition(Tensor.Compute.peakBytes > 513 * 300 * 4)
    }
  }

  @Test
  func `behind a frozen weight no activation stays in memory`() async {
    await #expect(processExitsWith: .success) {
      let size = 256 * 256 * 4
      let weight = randomTensor([256, 256], seed: 70)
      var x = randomTensor([256, 256], seed: 71).tracked()
      let before = Tensor.Compute.liveBytes
      for _ in 0..<10 { x = (x.matmul(weight) + weight) * weight - 1 }
      precondition(Tensor.Compute.liveBytes <= before + size)
      precondition(x.sum().isTracked)
    }
  }

  @Test
  func `OpenBLAS has the kernels of the instruction set in use, or says nothing`() {
    func cores(_ set: Tensor.Compute.InstructionSet) -> [String] {
      switch set {
      case .avx512F, .avx512VNNI, .avx512BF16: ["SkylakeX", "Cooperlake", "Sapphirerapids"]
      case .avx2, .avxVNNI: ["Haswell", "Zen"]
      default: ["Prescott"]
      }
    }
    // One that the environment chose stays.
    guard ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil, Tensor.Compute.openBLASCore != nil
    else { return }
    for set in Tensor.Compute.instructionSets {
      withInstructionSet(set) {
        let core = Tensor.Compute.openBLASCore ?? ""
        #expect(cores(set).contains(core), "\(set): \(core)")
      }
    }
  }

  @Test func `without TENSOR_MAX_ISA the set is the largest, on Intel the largest without AVX512_BF16`() async {
    await #expect(processExitsWith: .success) {
      unsetenv("TENSOR_MAX_ISA")
      let isIntel = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("GenuineIntel") ?? false
      let sets = Tensor.Compute.instructionSets.filter { !isIntel || $0 != .avx512BF16 }
      precondition(Tensor.Compute.instructionSet == sets.last, "\(Tensor.Compute.instructionSet)")
    }
  }

  @Test
  func
    `the instruction set is lowered and raised within the process, to the largest of the CPU up to the one asked for`()
  {
    let (before, sets) = (Tensor.Compute.instructionSet, Tensor.Compute.instructionSets)
    defer { Tensor.Compute.instructionSet = before }
    #expect(sets.first == .baseline && sets.contains(before))
    for asked in Tensor.Compute.InstructionSet.allCases {
      Tensor.Compute.instructionSet = asked
      let all = Tensor.Compute.InstructionSet.allCases
      let expected = all.prefix { $0 != asked } + [asked]
      #expect(Tensor.Compute.instructionSet == expected.last { sets.contains($0) }, "\(asked)")
    }
  }

  // The three names that it took before there were more are among them.
  @Test(arguments: Tensor.Compute.InstructionSet.allCases.map(\.rawValue) + ["avx512"])
  func `TENSOR_MAX_ISA lowers the instruction set, for every product too`(name: String) async {
    await #expect(processExitsWith: .success) { [name = name as String] in
      setenv("TENSOR_MAX_ISA", name, 1)
      let sets = Tensor.Compute.InstructionSet.allCases
      // One name stands for all of AVX-512.
      guard let limit = sets.firstIndex(where: { $0.rawValue == (name == "avx512" ? "avx512-bf16" : name) }) else {
        preconditionFailure(name)
      }
      let there = Tensor.Compute.instructionSets
      precondition(Tensor.Compute.instructionSet == sets[...limit].last { there.contains($0) })
      let (a, b) = (randomTensor([9, 40], seed: 1), randomTensor([40, 21], seed: 2))
      let right = naiveMatrixProduct(a.scalars, b.scalars, rows: 9, columns: 21, inner: 40)
      expectClose(a.matmul(b), Tensor(right, shape: [9, 21]), relative: 1e-5, absolute: 1e-5)
    }
  }

  @Test
  func `a misspelt TENSOR_MAX_ISA ends the process`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      setenv("TENSOR_MAX_ISA", "sse9", 1)
      _ = Tensor.zeros([1])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains(#"TENSOR_MAX_ISA is "sse9"; it takes one of baseline, avx2, avx-vnni, avx512f,"#))
  }
}
