import Layers
import StudentModels
import Tensor
import TestSupport
import Testing

/// What was read of earlier prompts spares later ones reading it, and changes no bit of what they come to.
@Suite struct KeptBeginningsTests {
  private static let enough = 1 << 30

  private func reader(_ family: TinyFamily) throws -> any QuestionReader {
    try #require(try family.student(seed: 2) as? any QuestionReader)
  }

  private static func text(_ count: Int, seed: UInt64) -> [Int] {
    var generator = Tensor.Generator(seed: seed)
    return (0..<count).map { _ in Int.random(in: 20..<200, using: &generator) }
  }

  private func totals(_ reader: any QuestionReader, _ prompts: [[Int]], _ kept: KeptBeginnings) -> [[Double]] {
    reader.answerTotals(
      of: prompts.map { AnswerTree(prompt: $0, images: [], answers: [[21], [22]]) }, batch: 16, keeping: kept)
  }

  @Test(arguments: TinyFamily.allCases)
  func `answers are the same bits whatever was asked before`(family: TinyFamily) throws {
    let reader = try reader(family)
    let shared = Self.text(150, seed: 1)
    let prompts = [
      shared + Self.text(9, seed: 2), shared + Self.text(80, seed: 3), Array(shared.prefix(70)) + Self.text(4, seed: 4),
      Self.text(40, seed: 5), shared,
    ]
    let alone = prompts.map { totals(reader, [$0], KeptBeginnings(bytes: 0))[0] }
    let kept = KeptBeginnings(bytes: Self.enough)
    for number in [0, 1, 4, 2, 3, 0, 2, 1] { #expect(totals(reader, [prompts[number]], kept)[0] == alone[number]) }
    #expect(kept.bytes > 0)
    // As with prompts read whole; on the smallest set but for the order of sums.
    for (prompt, own) in zip(prompts, alone) {
      let tree = AnswerTree(prompt: prompt, images: [], answers: [[21], [22]])
      let whole = reader.answerTotals(of: [tree], batch: 16)[0]
      if Tensor.Compute.instructionSet != .baseline { #expect(whole == own) }
      for (a, b) in zip(whole, own) { #expect(abs(a - b) < 1e-4) }
    }
  }

  @Test func `questions of one request share what an earlier request read`() throws {
    let reader = try reader(.llama)
    let state = Self.text(200, seed: 1)
    let together = (2...4).map { state + Self.text(12, seed: $0) }
    let fresh = totals(reader, together, KeptBeginnings(bytes: 0))
    let kept = KeptBeginnings(bytes: Self.enough)
    _ = totals(reader, [state + Self.text(30, seed: 9)], kept)
    #expect(totals(reader, together, kept) == fresh)
  }

  @Test(arguments: [64, 128], 1...6) func `a few tokens behind a step are summed as those of a whole prompt`(
    steps: Int, behind: Int
  ) throws {
    let reader = try reader(.llama)
    // Both begin with so many tokens, which is where the second one's beginning ends.
    let shared = Self.text(steps + behind, seed: 1)
    let prompts = (2...4).map { shared + [Int($0) + 20] }
    let whole = reader.answerTotals(
      of: prompts.map { AnswerTree(prompt: $0, images: [], answers: [[21], [22]]) }, batch: 16)
    let kept = KeptBeginnings(bytes: Self.enough)
    _ = totals(reader, [Array(shared.prefix(steps)) + Self.text(9, seed: 9)], kept)
    let after = totals(reader, prompts, kept)
    if Tensor.Compute.instructionSet != .baseline { #expect(after == whole) }
    #expect(after == totals(reader, prompts, KeptBeginnings(bytes: 0)))
  }

  @Test func `a kept beginning is copied and not read again`() throws {
    // Keys and values of another model in place of this one's tell whether they are used.
    let (own, other) = (try reader(.llama), try #require(try TinyFamily.llama.student(seed: 7) as? any QuestionReader))
    let shared = Self.text(128, seed: 1)
    let prompt = shared + Self.text(5, seed: 2)
    let kept = KeptBeginnings(bytes: Self.enough)
    _ = totals(other, [prompt], kept)
    let mixed = totals(own, [prompt], kept)
    #expect(mixed != totals(own, [prompt], KeptBeginnings(bytes: 0)))
    #expect(mixed != totals(other, [prompt], KeptBeginnings(bytes: 0)))
  }

  @Test(arguments: TinyFamily.allCases)
  func `an image's rows are taken for the same image alone`(family: TinyFamily) throws {
    let reader = try reader(family)
    guard let token = reader.imageToken else { return }
    let images = try (0..<2).map { reader.encoded(try reader.image(Tiny.picture(UInt64($0), width: 32, height: 32))) }
    let beginning = Self.text(70, seed: 1)
    let trees = images.map { image in
      let rows = Array(repeating: token, count: reader.tokenCount(of: image))
      return AnswerTree(
        prompt: beginning + rows + Self.text(70, seed: 2), images: [image], answers: [[21], [22]])
    }
    let alone = trees.map { reader.answerTotals(of: [$0], batch: 16, keeping: KeptBeginnings(bytes: 0))[0] }
    #expect(alone[0] != alone[1])
    let kept = KeptBeginnings(bytes: Self.enough)
    for number in [0, 1, 0, 1] {
      #expect(reader.answerTotals(of: [trees[number]], batch: 16, keeping: kept)[0] == alone[number])
    }
  }

  @Test(arguments: [56, 63, 64, 70]) func `a step never ends within rows that see each other both ways`(
    start: Int
  ) throws {
    let reader = try reader(.gemma3)
    let image = reader.encoded(try reader.image(Tiny.picture(1, width: 32, height: 32)))
    let rows = Array(repeating: try #require(reader.imageToken), count: reader.tokenCount(of: image))
    func tree(_ seed: UInt64) -> AnswerTree {
      AnswerTree(
        prompt: Self.text(start, seed: 1) + rows + Self.text(70, seed: seed), images: [image], answers: [[21], [22]])
    }
    let trees = [tree(2), tree(3)]
    let alone = trees.map { reader.answerTotals(of: [$0], batch: 16, keeping: KeptBeginnings(bytes: 0))[0] }
    for (tree, own) in zip(trees, alone) {
      for (a, b) in zip(reader.answerTotals(of: [tree], batch: 16)[0], own) { #expect(abs(a - b) < 1e-4) }
    }
    let kept = KeptBeginnings(bytes: Self.enough)
    for number in [0, 1, 0, 1] {
      #expect(reader.answerTotals(of: [trees[number]], batch: 16, keeping: kept)[0] == alone[number])
    }
    #expect(kept.bytes > 0)
  }

  @Test func `the least recently used go where the limit is reached, and what a longer one begins with`() throws {
    let reader = try reader(.llama)
    let prompts = (1...3).map { Self.text(65, seed: $0) }
    let one = KeptBeginnings(bytes: Self.enough)
    _ = totals(reader, [prompts[0]], one)
    let size = one.bytes
    _ = totals(reader, [prompts[0] + Self.text(64, seed: 9)], one)
    #expect(one.bytes == 2 * size)
    let kept = KeptBeginnings(bytes: 2 * size)
    for prompt in prompts { _ = totals(reader, [prompt], kept) }
    #expect(kept.bytes == 2 * size)
    let none = KeptBeginnings(bytes: size - 1)
    _ = totals(reader, [prompts[0]], none)
    #expect(none.bytes == 0)
  }
}
