import Layers
import Tensor
import TestSupport
import Testing

@Suite struct SelfAttentionTests {
  /// Four heads over two key heads of size 6, for rows of width 5.
  private func attention(_ tensors: [Tensor]? = nil) -> SelfAttention {
    let w = tensors ?? Self.weights
    return SelfAttention(
      query: Linear(weight: w[0]), key: Linear(weight: w[1]), value: Linear(weight: w[2]), output: Linear(weight: w[3]),
      heads: 4, keyHeads: 2)
  }
  private static let weights = [
    randomTensor([24, 5], seed: 1), randomTensor([12, 5], seed: 2), randomTensor([12, 5], seed: 3),
    randomTensor([5, 24], seed: 4),
  ]
  private let rotary = RotaryPositions(dimensions: 6, base: 100)

  @Test func `gradients reach the rows and all four projections`() {
    let layout = AttentionLayout.trees([.init(prompt: 3, answers: [2, 1])])
    let table = rotary.table(positions: [0, 1, 2, 3, 4, 3])
    expectGradientsMatchFiniteDifferences(at: [randomTensor([6, 5], seed: 9)] + Self.weights) {
      attention(Array($0[1...]))($0[0], layout: layout, positions: table)
    }
  }

  @Test func `paths are those of the model family`() {
    #expect(
      attention().parameters().map(\.path) == ["q_proj.weight", "k_proj.weight", "v_proj.weight", "o_proj.weight"])
    let w = Linear(weight: .zeros([4, 4]))
    let vision = SelfAttention(query: w, key: w, value: w, output: w, heads: 2, outputName: "out_proj")
    #expect(vision.parameters().last?.path == "out_proj.weight")
    #expect(vision.keyHeads == 2)
  }

  @Test(arguments: [[[7]], [[1, 1, 1, 1, 1, 1, 1]], [[3, 1, 2, 1]], [[70, 1, 40, 1]]], [nil, 1, 3, 50])
  func `a sequence read in pieces through a cache gives the rows of the whole pass`(pieces: [[Int]], window: Int?) {
    let count = pieces[0].reduce(0, +)
    let x = randomTensor([count, 5], seed: 9)
    let whole = attention()(
      x, layout: .trees([.init(prompt: count, answers: [])]).windowed(window),
      positions: rotary.table(positions: TokenPosition.run(0..<count)))
    var cache = KeyValueCache(layers: 1, capacity: count)
    var rows: [Tensor] = []
    var start = 0
    for piece in pieces[0] {
      let step = cache.advance(by: [piece]).windowed(window)
      #expect(step.positions == TokenPosition.run(start..<(start + piece)))
      rows.append(
        attention()(
          x.rows(start..<(start + piece)), positions: rotary.table(positions: step.positions), cache: &cache.layers[0],
          step: step))
      start += piece
    }
    expectClose(.concatenated(rows), whole, relative: 1e-5, absolute: 1e-5)
    #expect(cache.lengths == [count])
  }

  @Test(arguments: [nil, 2, 4])
  func `sequences side by side grow at their own pace and do not see each other`(window: Int?) {
    let lengths = [5, 2, 9]
    let x = lengths.enumerated().map { randomTensor([$1, 5], seed: UInt64(20 + $0)) }
    let whole = x.map {
      attention()(
        $0, layout: .trees([.init(prompt: $0.shape[0], answers: [])]).windowed(window),
        positions: rotary.table(positions: TokenPosition.run(0..<$0.shape[0])))
    }
    var cache = KeyValueCache(layers: 1, sequences: 3, capacity: 9)
    var rows: [[Tensor]] = [[], [], []]
    for counts in [[3, 1, 2], [0, 1, 5], [1, 0, 1], [1, 0, 1]] {
      let first = cache.lengths
      let step = cache.advance(by: counts).windowed(window)
      let new = Tensor.concatenated((0..<3).map { x[$0].rows(first[$0]..<(first[$0] + counts[$0])) })
      let y = attention()(
        new, positions: rotary.table(positions: step.positions), cache: &cache.layers[0], step: step)
      var at = 0
      for sequence in 0..<3 {
        rows[sequence].append(y.rows(at..<(at + counts[sequence])))
        at += counts[sequence]
      }
    }
    for sequence in 0..<3 {
      expectClose(.concatenated(rows[sequence]), whole[sequence], relative: 1e-5, absolute: 1e-5)
    }
  }

  @Test func `a sequence goes on after the largest position that it was given`() {
    var cache = KeyValueCache(layers: 1, sequences: 2, capacity: 5)
    let image = TokenPosition(time: 1, row: 4, column: 2)
    #expect(cache.advance(by: [2, 1], positions: [0, image, 0]).positions == [0, image, 0])
    #expect(cache.advance(by: [2, 1]).positions == [5, 6, 1])
    #expect(cache.advance(by: [0, 1]).positions == [2] && cache.lengths == [4, 3])
  }

  /// Two trees after shared rows or none; what follows a prompt is read into the room of its answers.
  @Test(arguments: [0, 7, 70], [nil, 6, 40, 72])
  func `a tree read into a cache gives the rows of the whole pass and leaves its prompt there`(
    shared: Int, window: Int?
  ) {
    let shapes = [
      AttentionLayout.Tree(prompt: 5, answers: [2, 0, 66]), AttentionLayout.Tree(prompt: 70, answers: [3]),
    ]
    let sizes = shapes.map { $0.prompt + $0.answers.reduce(0, +) }
    let x = randomTensor([shared + sizes.reduce(0, +) + 2, 5], seed: 9)
    let positions = shapes.flatMap { shape in
      TokenPosition.run(shared..<(shared + shape.prompt))
        + shape.answers.flatMap { TokenPosition.run((shared + shape.prompt)..<(shared + shape.prompt + $0)) }
    }
    let (beginning, trees) = (x.rows(0..<shared), x.rows(shared..<(shared + sizes.reduce(0, +))))
    let attend = attention()
    var first = KeyValueCache(layers: 1, capacity: shared)
    if shared > 0 {
      let step = first.advance(by: [shared], positions: TokenPosition.run(0..<shared)).windowed(window)
      _ = attend(beginning, positions: rotary.table(positions: step.positions), cache: &first.layers[0], step: step)
    }
    let whole = attend(
      trees, layout: .trees(shapes, after: shared).windowed(window), positions: rotary.table(positions: positions),
      after: first.layers[0])
    var cache =
      shared > 0
      ? KeyValueCache(after: first, sequences: 2, capacity: shared + 80)
      : KeyValueCache(layers: 1, sequences: 2, capacity: 80)
    let step = cache.advance(reading: shapes, positions: positions).windowed(window)
    let read = attend(
      trees, positions: rotary.table(positions: step.positions), cache: &cache.layers[0], step: step)
    #expect(read.isIdentical(to: whole))
    #expect(cache.lengths == [shared + 5, shared + 70])
    let more = x.rows((x.shape[0] - 2)..<x.shape[0])
    let next = cache.advance(by: [1, 1], positions: [TokenPosition(shared + 5), TokenPosition(shared + 70)])
      .windowed(window)
    let after = attend(more, positions: rotary.table(positions: next.positions), cache: &cache.layers[0], step: next)
    for (number, start) in [0, sizes[0]].enumerated() {
      let own = Tensor.concatenated([
        beginning, trees.rows(start..<(start + shapes[number].prompt)), more.rows(number..<(number + 1)),
      ])
      let count = own.shape[0]
      let alone = attend(
        own, layout: .trees([.init(prompt: count, answers: [])]).windowed(window),
        positions: rotary.table(positions: TokenPosition.run(0..<count)))
      expectClose(after.rows(number..<(number + 1)), alone.rows((count - 1)..<count), relative: 1e-5, absolute: 1e-5)
    }
  }

  @Test(arguments: [nil, 3, 50, 100], [[], [3..<20, 90..<170]])
  func `the end of a text read after its beginning has the bytes of the whole pass`(
    window: Int?, blocks: [Range<Int>]
  ) {
    let (count, cut) = (230, 70)
    func inRest(_ block: Range<Int>) -> Range<Int> { (block.lowerBound - cut)..<(block.upperBound - cut) }
    let (before, after) = (blocks.filter { $0.upperBound <= cut }, blocks.filter { $0.lowerBound >= cut }.map(inRest))
    let x = randomTensor([count, 5], seed: 9)
    let attend = attention()
    let positions = rotary.table(positions: TokenPosition.run(0..<count))
    let whole = attend(
      x, layout: .trees([.init(prompt: count, answers: [], blocks: blocks)]).windowed(window), positions: positions)
    var cache = KeyValueCache(layers: 1, capacity: cut)
    let step = cache.advance(by: [cut], positions: TokenPosition.run(0..<cut), blocks: [before]).windowed(window)
    _ = attend(
      x.rows(0..<cut), positions: rotary.table(positions: step.positions), cache: &cache.layers[0], step: step)
    let rest = attend(
      x.rows(cut..<count),
      layout: .trees([.init(prompt: count - cut, answers: [], blocks: after)], after: cut).windowed(window),
      positions: rotary.table(positions: TokenPosition.run(cut..<count)), after: cache.layers[0])
    expectSame(rest, whole.rows(cut..<count))
    // And in a cache that has room for all of it.
    var longer = KeyValueCache(
      beginningAs: cache, positions: TokenPosition.run(0..<cut), capacity: count)
    let next = longer.advance(by: [count - cut], positions: TokenPosition.run(cut..<count), blocks: [after])
      .windowed(window)
    let read = attend(
      x.rows(cut..<count), positions: rotary.table(positions: next.positions), cache: &longer.layers[0], step: next)
    expectSame(read, whole.rows(cut..<count))
  }

  /// The same bytes; on x86 without AVX2 OpenBLAS multiplies, whose sums depend on how many rows stand together.
  private func expectSame(_ x: Tensor, _ y: Tensor) {
    if Tensor.Compute.instructionSet == .baseline {
      expectClose(x, y, relative: 1e-5, absolute: 1e-6)
    } else {
      #expect(x.isIdentical(to: y))
    }
  }

  @Test func `a copy of a cache goes on by itself`() {
    let x = randomTensor([4, 5], seed: 9)
    var cache = KeyValueCache(layers: 1, capacity: 4)
    func read(_ rows: Range<Int>, _ cache: inout KeyValueCache) -> Tensor {
      let step = cache.advance(by: [rows.count])
      return attention()(
        x.rows(rows), positions: rotary.table(positions: step.positions), cache: &cache.layers[0], step: step)
    }
    _ = read(0..<2, &cache)
    var other = cache
    let first = read(2..<3, &cache)
    _ = read(3..<4, &other)
    #expect(cache.lengths == [3] && other.lengths == [3])
    var again = KeyValueCache(layers: 1, capacity: 4)
    _ = read(0..<2, &again)
    #expect(read(2..<3, &again).isIdentical(to: first))
    #expect(read(3..<4, &again).isIdentical(to: read(3..<4, &cache)))
  }

  @Test func `a sequence that outgrows its cache is a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      var cache = KeyValueCache(layers: 1, capacity: 3)
      _ = cache.advance(by: [4])
    }
  }
}
