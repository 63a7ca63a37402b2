import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing

/// Prompts that begin alike, in every family: what they share is computed once and nothing else changes.
@Suite struct SharedPrefixTests {
  static let families: [TinyFamily?] = [nil] + TinyFamily.allCases

  /// SmolVLM stands for nil.
  private func student(_ family: TinyFamily?, seed: UInt64 = 1) throws -> any PretrainedStudent {
    try family?.student(seed: seed) ?? Tiny.student(seed: seed)
  }

  /// Five prompts of random text, of which the first `shared` tokens are the same, where the family reads images with a
  /// picture in what they share and one of each prompt's own, or the same one for all, after it.
  private func trees(
    _ student: any PretrainedStudent, shared: Int, ownPictures: Bool, answers: Bool = true
  ) throws -> [AnswerTree] {
    var generator = Tensor.Generator(seed: 3)
    func text(_ count: Int) -> [Int] { (0..<count).map { _ in Int.random(in: 20..<200, using: &generator) } }
    func picture(_ number: Int) throws -> PromptImage? {
      guard student.imageToken != nil else { return nil }
      return try student.image(Tiny.picture(UInt64(number), width: 16, height: number == 9 ? 24 : 16))
    }
    func tokens(_ image: PromptImage?) -> [Int] {
      image.map { Array(repeating: student.imageToken ?? 0, count: student.tokenCount(of: $0)) } ?? []
    }
    let first = try picture(9)
    let beginning = text(shared / 2) + tokens(first) + text(shared - shared / 2)
    return try (0..<5).map { number in
      let second = try picture(ownPictures ? number : 7)
      return AnswerTree(
        prompt: beginning + tokens(second) + text(1 + number), images: [first, second].compactMap { $0 },
        answers: answers ? [text(1), text(3 + number), text(2)] : [])
    }
  }

  private func expectSameTotals(_ student: any PretrainedStudent, _ trees: [AnswerTree]) {
    for batch in [2, 16] {
      let shared = student.answerTotals(of: trees, batch: batch)
      for (tree, totals) in zip(trees, shared) {
        let alone = student.logProbabilities(of: [tree]).answerTotals().scalars
        #expect(totals.count == alone.count)
        for (a, b) in zip(totals, alone) { #expect(abs(a - Double(b)) < 1e-5 * Double(max(3, tree.answers[1].count))) }
      }
    }
  }

  @Test(arguments: families, [true, false])
  func `answers after a shared beginning are as probable as after each prompt alone`(
    family: TinyFamily?, ownPictures: Bool
  ) throws {
    let student = try student(family)
    let trees = try trees(student, shared: 40, ownPictures: ownPictures)
    #expect(try runs(of: trees, student).map(\.trees) == [0..<5])
    let length = try runs(of: trees, student)[0].beginning
    let images = student.imageToken == nil ? 0 : ownPictures ? 1 : 2
    #expect(length.images == images && length.tokens >= 40)
    expectSameTotals(student, trees)
    // Features in place of pixels are shared as well.
    let kept = trees.map { AnswerTree(prompt: $0.prompt, images: $0.images.map(student.encoded), answers: $0.answers) }
    #expect(try runs(of: kept, student)[0].beginning == length)
    expectSameTotals(student, kept)
  }

  @Test(arguments: families)
  func `tokens after a shared beginning have the scores, bit for bit, that they have after each prompt alone`(
    family: TinyFamily?
  ) throws {
    let student = try student(family)
    let trees = try trees(student, shared: 40, ownPictures: true)
    let alone = trees.flatMap { student.logProbabilities(of: [$0]).tokens }
    for batch in [1, 2, 16] {
      let shared = student.answerTokens(of: trees, batch: batch)
      #expect(isAlike(shared.joined().joined().map(Double.init), alone.joined().joined().map(Double.init)))
      #expect(shared.map { $0.map(\.count) } == trees.map { $0.answers.map(\.count) })
    }
  }

  /// Whether numbers are the same, or nearly where OpenBLAS multiplies, which sums otherwise at the edges of its tiles.
  private func isAlike(_ a: [Double], _ b: [Double]) -> Bool {
    guard Tensor.Compute.instructionSet == .baseline else { return a == b }
    return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 }
  }

  @Test(arguments: families)
  func `texts after scored answers, and the scores, are those of two passes`(family: TinyFamily?) throws {
    let student = try student(family, seed: 2)
    // Short and long prompts, alike or not, with answers that are longer than what is written and shorter.
    for (shared, most) in [(40, 6), (40, 1), (2, 3)] {
      let trees = try trees(student, shared: shared, ownPictures: shared == 40)
      let prompts = trees.enumerated().map { number, tree in
        ScoredPrompt(tree: tree, beginnings: tree.answers + [[30 + number, 31]]) { totals in
          totals[0] > totals[2] ? 0 : number % 4
        }
      }
      let kept = KeptBeginnings(bytes: 1 << 30)
      for (prompts, batch) in [(prompts, 16), (prompts, 2), ([prompts[3]], 16), (prompts.reversed(), 3), ([], 4)] {
        let once = try student.scoredGenerations(of: prompts, batch: batch, maximumTokens: most)
        let later = try student.scoredGenerations(of: prompts, batch: batch, maximumTokens: most, keeping: kept)
        #expect(later.map(\.generation) == once.map(\.generation))
        #expect(isAlike(later.flatMap(\.totals), once.flatMap(\.totals)))
        let twice = student.separateGenerations(of: prompts, batch: batch, maximumTokens: most)
        #expect(once.map(\.generation) == twice.map(\.generation))
        #expect(once.map(\.totals.count) == prompts.map(\.tree.answers.count))
        #expect(isAlike(once.flatMap(\.totals), twice.flatMap(\.totals)))
      }
    }
  }

  @Test func `a text after scored answers may follow the prompt itself, and the prompt may be a token`() throws {
    let student = try student(.llama)
    func prompt(_ tokens: [Int], _ beginnings: [[Int]]) -> ScoredPrompt {
      ScoredPrompt(tree: AnswerTree(prompt: tokens, answers: [[20], [21, 22]]), beginnings: beginnings) { _ in 0 }
    }
    for prompts in [[prompt([30], [[31]])], [prompt([30, 31, 32, 33, 34, 35], [[], [20]]), prompt([30], [[40]])]] {
      let once = try student.scoredGenerations(of: prompts, batch: 2, maximumTokens: 4)
      let twice = student.separateGenerations(of: prompts, batch: 2, maximumTokens: 4)
      #expect(once.map(\.generation) == twice.map(\.generation) && once.map(\.totals) == twice.map(\.totals))
    }
  }

  @Test(arguments: families)
  func `prompts that share a beginning continue side by side as each alone`(family: TinyFamily?) throws {
    for seed in UInt64(1)...3 {
      let student = try student(family, seed: seed)
      for ownPictures in [true, false] {
        let trees = try trees(student, shared: 40, ownPictures: ownPictures, answers: false)
        var generator = Tensor.Generator(seed: 0)
        let together = student.generate(trees, maximumTokens: 6, sampling: Sampling(), using: &generator)
        let alone = trees.map { student.generate([$0], maximumTokens: 6, sampling: Sampling(), using: &generator)[0] }
        #expect(together == alone)
      }
    }
  }

  @Test(arguments: families)
  func `results are the same bytes for any number of threads`(family: TinyFamily?) throws {
    let student = try student(family)
    let trees = try trees(student, shared: 40, ownPictures: true)
    let threads = Tensor.Compute.threads
    defer { Tensor.Compute.threads = threads }
    Tensor.Compute.threads = 1
    let one = student.answerTotals(of: trees, batch: 2)
    Tensor.Compute.threads = 3
    #expect(student.answerTotals(of: trees, batch: 2) == one)
  }

  @Test func `trees in order are cut where the fewest rows are computed`() throws {
    let student = try #require(TinyFamily.llama.student() as? TextDecoder)
    func tree(_ beginning: Int, _ count: Int, own: Int) -> AnswerTree {
      AnswerTree(prompt: Array(repeating: beginning, count: count) + [100 + own], answers: [[1]])
    }
    func runs(_ trees: [AnswerTree]) -> [SharedRun] { student.model.sharedRuns(of: trees) }
    func run(_ trees: Range<Int>, _ tokens: Int) -> SharedRun {
      SharedRun(trees: trees, beginning: SharedPrefix(tokens: tokens))
    }
    #expect(runs([]).isEmpty)
    #expect(runs([tree(1, 90, own: 0)]) == [run(0..<1, 0)])
    // Unlike ones stay together: there is nothing to read apart.
    #expect(runs((0..<4).map { tree($0, 90, own: 0) }) == [run(0..<4, 0)])
    // A few tokens are not worth a pass.
    #expect(runs((0..<4).map { tree(1, 20, own: $0) }) == [run(0..<4, 0)])
    #expect(runs((0..<5).map { tree(1, 20, own: $0) }) == [run(0..<5, 20)])
    // An odd one at either end does not keep the others from sharing.
    let alike = (0..<4).map { tree(1, 90, own: $0) }
    #expect(runs([tree(2, 90, own: 0)] + alike) == [run(0..<1, 0), run(1..<5, 90)])
    #expect(runs(alike + [tree(2, 90, own: 0)]) == [run(0..<4, 90), run(4..<5, 0)])
    // Two groups.
    #expect(runs(alike + (0..<3).map { tree(2, 70, own: $0) }) == [run(0..<4, 90), run(4..<7, 70)])
    // The same prompt keeps its last token for each.
    #expect(runs(Array(repeating: tree(1, 90, own: 1), count: 3)) == [run(0..<3, 90)])
    // Where a few trees cost as much as many, small runs that lie side by side share nothing.
    let pairs = [run(0..<2, 90), run(2..<4, 80), run(4..<20, 70), run(20..<22, 60), run(22..<24, 0), run(24..<26, 50)]
    #expect(pairs.joined(below: 16) == [run(0..<4, 0), run(4..<20, 70), run(20..<26, 0)])
    #expect(pairs.joined(below: 2) == pairs && [run(0..<3, 9)].joined(below: 16) == [run(0..<3, 9)])
    // However many there are.
    let many = runs((0..<600).map { tree(1, 90, own: $0 % 7) })
    #expect(many.allSatisfy { $0.beginning.tokens == 90 && $0.trees.count <= 256 })
    #expect(many.flatMap { Array($0.trees) } == Array(0..<600))
  }

  @Test func `a beginning ends before the first image that is not the same, and never within one`() throws {
    let student = try Tiny.student()
    let image = student.imageToken ?? 0
    let (a, b) = (try student.image(Tiny.picture(1)), try student.image(Tiny.picture(2)))
    let count = student.tokenCount(of: a)
    func tree(_ images: [PromptImage], end: Int) -> AnswerTree {
      let tokens = images.flatMap { _ in [30] + Array(repeating: image, count: count) }
      return AnswerTree(prompt: tokens + [end], images: images, answers: [])
    }
    func shared(_ x: AnswerTree, _ y: AnswerTree) -> [Int] {
      let beginning = student.model.sharedBeginning(x, y)
      return [beginning.tokens, beginning.images]
    }
    #expect(shared(tree([a], end: 40), tree([a], end: 41)) == [1 + count, 1])
    #expect(shared(tree([a], end: 40), tree([b], end: 40)) == [1, 0])
    #expect(shared(tree([a, a], end: 40), tree([a, b], end: 40)) == [2 + count, 1])
    #expect(shared(tree([a, b], end: 40), tree([a, b], end: 40)) == [2 + 2 * count, 2])
    // A prompt that ends with its image keeps the whole image.
    var bare = tree([a, b], end: 40)
    bare.prompt.removeLast()
    #expect(shared(bare, bare) == [2 + count, 1])
    // One number of one of them makes another image, as does the form in which it comes.
    var other = a
    guard case .pixels(var pixels) = a.content else {
      Issue.record("no pixels")
      return
    }
    pixels.mutateScalars { $0[$0.count - 1] += 1 }
    other.content = .pixels(pixels)
    #expect(shared(tree([a], end: 40), tree([other], end: 40)) == [1, 0])
    #expect(shared(tree([a], end: 40), tree([student.encoded(a)], end: 40)) == [1, 0])
    other = a
    other.rows += 1
    #expect(shared(tree([a], end: 40), tree([other], end: 40)) == [1, 0])
  }

  private func runs(of trees: [AnswerTree], _ student: some PretrainedStudent) throws -> [SharedRun] {
    try #require(student as? any RunSharer).runs(of: trees)
  }
}

/// A student whose model shares the beginnings of prompts, whatever its family.
private protocol RunSharer {
  func runs(of trees: [AnswerTree]) -> [SharedRun]
}

extension FamilyStudent: RunSharer {
  func runs(of trees: [AnswerTree]) -> [SharedRun] { model.sharedRuns(of: trees) }
}
