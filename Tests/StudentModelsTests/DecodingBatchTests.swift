import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing

/// Sequences that are written side by side.
@Suite struct DecodingBatchTests {
  /// How a student's matrices are kept, and what is added to them.
  enum Weights: CaseIterable {
    case plain, bfloat16, int8, adapted, stretched, adaptedInBFloat16, trainable

    func student(_ fresh: some PretrainedStudent) throws -> any PretrainedStudent {
      var student = fresh
      var generator = Tensor.Generator(seed: 5)
      if self != .trainable { student.freeze() }
      switch self {
      case .plain, .trainable, .adapted, .stretched: break
      case .bfloat16, .adaptedInBFloat16: student.convertFrozenWeights(to: .bfloat16)
      case .int8: student.convertFrozenWeights(to: .int8)
      }
      if [.adapted, .stretched, .adaptedInBFloat16].contains(self) {
        var configuration = LoRAConfiguration()
        configuration.usesDoRA = self == .stretched
        try student.attachAdapters(configuration, using: &generator)
        student.perturbTrainable(seed: 6)
        student.freeze()
      }
      return student
    }
  }

  /// What is written after a prompt alone: each token and the bits of the logits before it.
  struct Alone {
    var tokens: [Int] = []
    var logits: [Tensor] = []
  }

  func alone(_ student: any PretrainedStudent, _ prompt: AnswerTree, length: Int) -> Alone {
    var alone = Alone()
    var batch = student.emptyBatch()
    student.read(prompt.prompt, images: prompt.images, room: length, into: &batch)
    while true {
      alone.logits.append(batch.logits[0])
      alone.tokens.append(Self.choice(batch.logits[0], alone.tokens.count))
      if alone.tokens.count == length { return alone }
      student.write([alone.tokens[alone.tokens.count - 1]], in: &batch)
    }
  }

  /// Not the likeliest token alone, which soon repeats itself.
  static func choice(_ logits: Tensor, _ step: Int) -> Int {
    let scores = logits.scalars
    return scores.indices.sorted { scores[$0] > scores[$1] }[step % 3]
  }

  @Test(arguments: TinyFamily.allCases, Weights.allCases)
  func `sequences that come and go at random have the bits that each has alone`(
    family: TinyFamily, weights: Weights
  ) throws {
    try check(weights.student(family.student()), family)
  }

  @Test(arguments: Weights.allCases)
  func `so have those of heads and rows as large as a block of eight bits`(weights: Weights) throws {
    var sizes = Tiny.sizes
    (sizes.hiddenSize, sizes.intermediateSize) = (192, 128)
    var generator = Tensor.Generator(seed: 3)
    let student = try SmolVLM(sizes, textsForTokenizer: Tiny.texts, using: &generator)
    try check(weights.student(student), try Tiny.trees(student))
  }

  func check(_ student: any PretrainedStudent, _ family: TinyFamily) throws {
    try check(student, family.trees(student))
  }

  func check(_ student: any PretrainedStudent, _ trees: [AnswerTree]) throws {
    var generator = Tensor.Generator(seed: 9)
    // Prompts of one token up, some of which go on after the one before; answers of one token up.
    let jobs = (0..<15).map { number -> (prompt: AnswerTree, length: Int) in
      var prompt = trees[number / 3 % trees.count]
      let words = prompt.prompt.filter { $0 != student.imageToken }
      if number % 3 == 1 {
        prompt.prompt += (0..<Int.random(in: 1...70, using: &generator)).map { _ in
          words.randomElement(using: &generator) ?? 0
        }
      } else if number % 3 == 2 {
        prompt = AnswerTree(prompt: Array(words.suffix(1 + number % 6)), images: [], answers: [])
      }
      return (prompt, Int.random(in: 1...12, using: &generator))
    }
    let expected = jobs.map { alone(student, $0.prompt, length: $0.length) }
    var batch = student.emptyBatch()
    var members: [Int] = []
    var next = 0
    var largest = 0
    while next < jobs.count || !members.isEmpty {
      for _ in 0..<Int.random(in: 0...3, using: &generator) where next < jobs.count {
        student.read(jobs[next].prompt.prompt, images: jobs[next].prompt.images, room: jobs[next].length, into: &batch)
        members.append(next)
        next += 1
      }
      largest = max(largest, members.count)
      for (place, job) in members.enumerated() {
        let step = batch.tokens[place].count
        #expect(batch.logits[place].isIdentical(to: expected[job].logits[step]), "job \(job), token \(step)")
        #expect(batch.tokens[place] == Array(expected[job].tokens.prefix(step)))
      }
      // Those whose last token is chosen leave, and now and then one more.
      var kept = members.indices.filter { batch.tokens[$0].count + 1 < jobs[members[$0]].length }
      if kept.count > 5, Int.random(in: 0..<4, using: &generator) == 0 {
        kept.remove(at: Int.random(in: 0..<kept.count, using: &generator))
      }
      batch.keep(kept)
      members = kept.map { members[$0] }
      student.write(members.enumerated().map { expected[$1].tokens[batch.tokens[$0].count] }, in: &batch)
    }
    #expect(largest > 4, "more than the few rows whose order of sums is their own anyway")
  }

  @Test func `sequences that begin with one prompt go their own ways`() throws {
    let student = try TinyFamily.llama.student()
    let prompt = try TinyFamily.llama.trees(student)[0]
    var batch = student.emptyBatch()
    student.read(prompt.prompt, images: [], room: 3, into: &batch)
    batch.add(batch)
    student.write([7, 9], in: &batch)
    #expect(batch.tokens == [[7], [9]] && batch.count == 2)
    let whole = student.logits(of: prompt.prompt + [9], images: [])
    expectClose(batch.logits[1], whole.rows((whole.shape[0] - 1)..<whole.shape[0]), relative: 0, absolute: 2e-5)
    #expect((batch.logits[0] - batch.logits[1]).squared().sum().scalar > 1e-3)
    batch.keep([1])
    student.write([3], in: &batch)
    var other = student.emptyBatch()
    student.read(prompt.prompt, images: [], room: 3, into: &other)
    student.write([9], in: &other)
    student.write([3], in: &other)
    #expect(batch.tokens == [[9, 3]] && batch.logits[0].isIdentical(to: other.logits[0]))
  }

  @Test(arguments: TinyFamily.allCases)
  func `what a prompt has in common with the one before it is not read again`(family: TinyFamily) throws {
    let student = try family.student()
    let tree = try family.trees(student)[0]
    let words = tree.prompt.filter { $0 != student.imageToken }
    let prompt = tree.prompt + words + words
    let longer = prompt + words.prefix(3) + [2, 2, 2]
    var batch = student.emptyBatch()
    student.read(prompt, images: tree.images, room: 1, into: &batch)
    var (other, known) = (student.emptyBatch(), batch.emptied)
    // Tokens that stand for others show whether these are looked at.
    student.read(prompt.map { $0 == student.imageToken ? $0 : 3 }, images: tree.images, room: 1, into: &other)
    known.lastRead = other.lastRead.map {
      (AnswerTree(prompt: prompt, images: tree.images, answers: []), $0.cache)
    }
    student.read(longer, images: tree.images, room: 1, into: &known)
    student.read(longer, images: tree.images, room: 1, into: &batch)
    var alone = student.emptyBatch()
    student.read(longer, images: tree.images, room: 1, into: &alone)
    #expect(batch.logits[1].isIdentical(to: alone.logits[0]))
    // Where a row's sums depend on how many are computed together, all is read.
    #expect(known.logits[0].isIdentical(to: alone.logits[0]) == (Tensor.Compute.instructionSet == .baseline))
  }
}
