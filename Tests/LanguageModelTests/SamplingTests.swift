import Foundation
import LanguageModel
import Tensor
import Testing

@Suite struct SamplingTests {
  private let logits = Tensor([0.5, 0.3, 0.15, 0.05].map { Float(log($0)) }, shape: [1, 4])

  private func frequencies(_ sampling: Sampling, draws: Int = 20_000) -> [Double] {
    var generator = Tensor.Generator(seed: 3)
    var counts = [0, 0, 0, 0]
    for _ in 0..<draws { counts[sampling.token(from: logits, using: &generator)] += 1 }
    return counts.map { Double($0) / Double(draws) }
  }

  // 20,000 draws: a share's standard deviation is at most 0.0036.
  private func isClose(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 0.015 } }

  @Test func `without a temperature the most probable token is taken, the first of equal ones`() {
    #expect(frequencies(Sampling(), draws: 3) == [1, 0, 0, 0])
    var generator = Tensor.Generator(seed: 1)
    #expect(Sampling().token(from: Tensor([1, 3, 3, 2], shape: [4]), using: &generator) == 1)
    #expect(generator == Tensor.Generator(seed: 1))
  }

  @Test func `numbers are sorted as by comparing them, the first of equal ones first`() {
    var generator = Tensor.Generator(seed: 2)
    for count in [0, 1, 5, 3000] {
      let numbers = (0..<count).map { i in
        i % 3 == 0
          ? 0
          : i % 3 == 1
            ? Float(Int.random(in: 0..<9, using: &generator)) / 8
            : Float.random(in: 0..<1e-3, using: &generator) * (i % 2 == 0 ? 1e-37 : 1)
      }
      let compared = numbers.indices.sorted { numbers[$0] != numbers[$1] ? numbers[$0] > numbers[$1] : $0 < $1 }
      #expect(Sampling.descending(numbers) == compared)
    }
  }

  @Test func `tokens come with their probabilities`() {
    #expect(isClose(frequencies(Sampling(temperature: 1)), [0.5, 0.3, 0.15, 0.05]))
  }

  @Test func `a temperature of one half squares the probabilities`() {
    // 0.25, 0.09, 0.0225, 0.0025 over their sum 0.365.
    #expect(isClose(frequencies(Sampling(temperature: 0.5)), [0.6849, 0.2466, 0.0616, 0.0068]))
  }

  @Test func `top k keeps the k most probable, top p the smallest set that reaches p`() {
    #expect(isClose(frequencies(Sampling(temperature: 1, topK: 2)), [0.625, 0.375, 0, 0]))
    #expect(isClose(frequencies(Sampling(temperature: 1, topP: 0.7)), [0.625, 0.375, 0, 0]))
    #expect(isClose(frequencies(Sampling(temperature: 1, topP: 0.9)), [0.5263, 0.3158, 0.1579, 0]))
    #expect(isClose(frequencies(Sampling(temperature: 1, topP: 0)), [1, 0, 0, 0]))
  }

  @Test(arguments: [.leastNonzeroMagnitude, 1e-38, 1e-30, 1e-7] as [Float])
  func `the least temperatures take the most probable token`(temperature: Float) {
    // Divided by them, logits would be infinite, and their probabilities no numbers.
    var generator = Tensor.Generator(seed: 1)
    let logits = Tensor([-.infinity, 20, 0, 30, -.infinity], shape: [1, 5])
    for topK in [0, 2] {
      #expect(Sampling(temperature: temperature, topK: topK).token(from: logits, using: &generator) == 3)
    }
  }

  @Test func `a token that is ruled out is never drawn, however sums are rounded`() {
    /// The last draw of all.
    struct Highest: RandomNumberGenerator {
      mutating func next() -> UInt64 { .max }
    }
    var (random, highest) = (Tensor.Generator(seed: 4), Highest())
    for _ in 0..<500 {
      let ruledOut = [Float](repeating: -.infinity, count: 3)
      let known = (0..<40).map { _ in Float.random(in: -3...3, using: &random) }
      let token = Sampling(temperature: 1).token(
        from: Tensor(known + ruledOut, shape: [1, 43]), using: &highest)
      #expect(token < 40)
    }
  }

  @Test func `the same seed draws the same tokens`() {
    func draws(_ seed: UInt64) -> [Int] {
      var generator = Tensor.Generator(seed: seed)
      return (0..<50).map { _ in Sampling(temperature: 1).token(from: logits, using: &generator) }
    }
    #expect(draws(1) == draws(1) && draws(1) != draws(2))
  }
}
