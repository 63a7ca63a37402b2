import ImageDecoding
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing

@Suite struct SmolVLMScoresTests {
  @Test func `a tree with images has the log-probabilities of separate sequences`() throws {
    let student = try Tiny.student()
    let trees = try Tiny.trees(student)
    let shared = student.logProbabilities(of: trees)
    let separate = SeparateSequences(student).logProbabilities(of: trees)
    #expect(shared.ranges == separate.ranges && shared.isGreedy == separate.isGreedy)
    expectClose(shared.logProbabilities, separate.logProbabilities, relative: 0, absolute: 1e-5)
    let spread = shared.logProbabilities.scalars
    #expect((spread.max() ?? 0) - (spread.min() ?? 0) > 0.1, "scores so alike that nothing could be told from them")
  }

  @Test func `a tree with images has the adapter gradients of separate sequences`() throws {
    var student = try Tiny.student()
    var generator = Tensor.Generator(seed: 5)
    try student.attachAdapters(LoRAConfiguration(), using: &generator)
    // B begins as zero, where the gradient of A vanishes: move both.
    student.perturbTrainable(seed: 6)
    let trees = try Tiny.trees(student)
    let weights = randomTensor([student.logProbabilities(of: trees).logProbabilities.count], seed: 3)
    let shared = student.valueAndGradients { ($0.logProbabilities(of: trees).logProbabilities * weights).sum() }
    let separate = student.valueAndGradients {
      (SeparateSequences($0).logProbabilities(of: trees).logProbabilities * weights).sum()
    }
    #expect(shared.gradients.paths == separate.gradients.paths && !shared.gradients.paths.isEmpty)
    #expect(shared.gradients.paths.allSatisfy { $0.contains("lora_") && !$0.contains("vision") })
    for (path, (a, b)) in zip(shared.gradients.paths, zip(shared.gradients.tensors, separate.gradients.tensors)) {
      let size = b.squared().sum().squareRoot().scalar
      let error = (a - b).squared().sum().squareRoot().scalar
      #expect(size > 0 && error <= 1e-4 * size, "\(path): \(error) of \(size)")
    }
  }

  @Test func `an image changes the scores of its own tree alone`() throws {
    let student = try Tiny.student()
    var trees = try Tiny.trees(student)
    let before = student.logProbabilities(of: trees)
    trees[0].images = [try student.image(Tiny.picture(9))]
    let after = student.logProbabilities(of: trees)
    for (tree, ranges) in before.ranges.enumerated() {
      for range in ranges {
        let change = (before.logProbabilities.rows(range) - after.logProbabilities.rows(range)).scalars.map { abs($0) }
        #expect((change.max() ?? 0) > 1e-4 || tree != 0)
        #expect((change.max() ?? 0) < 1e-5 || tree == 0)
      }
    }
  }

  @Test func `kept features score as pixels do`() throws {
    let student = try Tiny.student()
    let (a, b) = (try student.image(Tiny.picture(1)), try student.image(Tiny.picture(2)))
    let kept = [student.encoded(a), student.encoded(b)]
    guard case .features(let features) = kept[0].content else {
      Issue.record("encoded left pixels")
      return
    }
    #expect(features.shape == [4, 32] && !features.isTracked)
    let fromPixels = try student.tree(question: "Is it?", images: [a, b], answers: ["Yes", "No"])
    let fromFeatures = try student.tree(question: "Is it?", images: kept, answers: ["Yes", "No"])
    let mixed = try student.tree(question: "Is it?", images: [a, kept[1]], answers: ["Yes", "No"])
    #expect(fromPixels.prompt == fromFeatures.prompt && fromPixels.prompt == mixed.prompt)
    let expected = student.logProbabilities(of: [fromPixels]).logProbabilities
    expectClose(student.logProbabilities(of: [fromFeatures]).logProbabilities, expected, relative: 0, absolute: 1e-5)
    expectClose(student.logProbabilities(of: [mixed]).logProbabilities, expected, relative: 0, absolute: 1e-5)
    #expect(student.encoded(kept[0]).rows == kept[0].rows)
  }

  @Test(arguments: [(4, 2, 3), (6, 3, 1), (2, 1, 5), (4, 4, 2)])
  func `pixel shuffle joins blocks row by row, as a plain loop does`(side: Int, factor: Int, width: Int) {
    let tiles = 2
    let x = randomTensor([tiles * side * side, width], seed: 4)
    let small = side / factor
    var expected: [Float] = []
    for tile in 0..<tiles {
      for row in 0..<small {
        for column in 0..<small {
          for y in 0..<factor {
            for z in 0..<factor {
              let patch = tile * side * side + (row * factor + y) * side + column * factor + z
              expected += x.scalars[(patch * width)..<((patch + 1) * width)]
            }
          }
        }
      }
    }
    let shuffled = pixelShuffled(x, side: side, by: factor)
    #expect(shuffled.shape == [tiles * small * small, factor * factor * width])
    #expect(shuffled.scalars == expected)
  }

  @Test func `an image is one square tile with values from minus one to one`() throws {
    let student = try Tiny.student()
    let picture = Tiny.picture(3)
    guard case .pixels(let pixels) = try student.image(picture).content else {
      Issue.record("no pixels")
      return
    }
    #expect(pixels.shape == [1, 3, 16, 16])
    for channel in 0..<3 {
      for at in [0, 17, 255] {
        #expect(abs(pixels.scalars[channel * 256 + at] - (Float(picture.pixels[3 * at + channel]) / 127.5 - 1)) < 1e-6)
      }
    }
    guard case .pixels(let resized) = try student.image(Tiny.picture(3, width: 40, height: 9)).content else {
      Issue.record("no pixels")
      return
    }
    #expect(resized.shape == [1, 3, 16, 16] && resized.scalars.allSatisfy { abs($0) <= 1 })
  }

  @Test(arguments: [1, 2, 3, 16]) func `probabilities of answers do not depend on the batch`(batch: Int) throws {
    let student = try Tiny.student()
    let trees = try (0..<5).map { number in
      try student.tree(
        question: "Question \(number)", images: [student.image(Tiny.picture(UInt64(number)))],
        answers: ["Yes, it is", "No", "x"])
    }
    let alone = trees.flatMap { student.answerProbabilities([$0]) }
    let together = student.answerProbabilities(trees, batch: batch)
    #expect(together.count == 5 && together.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-9 })
    for (a, b) in zip(alone, together) {
      for (p, q) in zip(a, b) { #expect(abs(p - q) < 1e-5) }
    }
    let scores = student.logProbabilities(of: [trees[0]]).answerTotals().scalars.map(Double.init)
    let most = scores.max() ?? 0
    #expect(alone[0].indices.max { alone[0][$0] < alone[0][$1] } == scores.firstIndex(of: most))
    #expect(abs(alone[0][0] / alone[0][1] / Tensor(Float(scores[0] - scores[1])).exp().scalar.asDouble - 1) < 1e-3)
  }

  @Test func `probabilities of answers are the same bytes for any number of threads`() throws {
    let student = try Tiny.student()
    let trees = try (0..<7).map { try student.tree(question: "Question \($0)", images: [], answers: ["Yes", "No"]) }
    let threads = Tensor.Compute.threads
    defer { Tensor.Compute.threads = threads }
    Tensor.Compute.threads = 1
    let one = student.answerProbabilities(trees, batch: 2)
    Tensor.Compute.threads = 3
    #expect(student.answerProbabilities(trees, batch: 2) == one)
  }
}

extension Float {
  fileprivate var asDouble: Double { Double(self) }
}

extension Module {
  /// Moves every trainable parameter a little.
  mutating func perturbTrainable(seed: UInt64) {
    var mover = Mover(generator: Tensor.Generator(seed: seed))
    visit(&mover, at: "")
  }
}

private struct Mover: ModuleVisitor {
  var generator: Tensor.Generator
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    guard parameter.isTrainable else { return }
    parameter.value = parameter.value + .normal(parameter.value.shape, standardDeviation: 0.1, using: &generator)
  }
}
