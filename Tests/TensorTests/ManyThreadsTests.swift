import Foundation
import Tensor
import TestSupport
import Testing

@Suite("Work for more threads than there are cores", .serialized)
struct ManyThreadsTests {
  /// What `body` gives where work is cut for so many threads.
  private func with<Result>(threads: Int, _ body: () throws -> Result) rethrows -> Result {
    let before = Tensor.Compute.threads
    defer { Tensor.Compute.threads = before }
    Tensor.Compute.threads = threads
    return try body()
  }

  /// The number of tasks of each job that `body` runs, cut for so many threads.
  private func jobs(threads: Int, _ body: () -> Void) throws -> [Int] {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(with(threads: threads) { Tensor.Compute.recordingTasks(to: file.path, body) })
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      let parts = line.split(separator: "|").map { $0.split(separator: " ") }
      let count = try #require(Int(parts[0][1]))
      #expect(parts[1].count == count)
      #expect(parts[1].allSatisfy { Int($0) != nil })
      return count
    }
  }

  @Test func `zeros are written by tasks, so that memory lies where threads use it`() throws {
    #expect(try jobs(threads: 2) { _ = Tensor.zeros([1 << 8, 1 << 8]) } == [16])
  }

  @Test(.enabled(if: Tensor.Compute.instructionSet != .baseline))
  func `a product of few panels has tasks for many threads`() throws {
    let (x, w) = (randomTensor([378, 576], seed: 1), randomTensor([576, 576], seed: 2))
    #expect(try jobs(threads: 2) { _ = x.matmul(w, transposeB: true) }.max() == 12)
    #expect(try #require(try jobs(threads: 32) { _ = x.matmul(w, transposeB: true) }.last) >= 96)
  }

  @Test(arguments: [(378, 576, 576), (25, 2400, 4500), (70, 49, 9000), (600, 16, 576)])
  func `a product has the same bytes for one thread and for many`(rows: Int, columns: Int, inner: Int) {
    let (x, w) = (randomTensor([rows, inner], seed: 3), randomTensor([columns, inner], seed: 4))
    for weights in [w, w.inBFloat16()] {
      let expected = with(threads: 1) { x.matmul(weights, transposeB: true) }
      for threads in [3, 16, 64] {
        #expect(with(threads: threads) { x.matmul(weights, transposeB: true) }.scalars == expected.scalars)
      }
    }
    let expected = with(threads: 1) { x.transposed().matmul(w.transposed(), transposeA: true) }
    #expect(with(threads: 64) { x.transposed().matmul(w.transposed(), transposeA: true) }.scalars == expected.scalars)
  }

  @Test func `a file that cannot be written is said to be`() {
    #expect(!Tensor.Compute.recordingTasks(to: "/nowhere/tasks") {})
  }
}
