import Layers
import Tensor
import TestSupport
import Testing

/// A layout with a name for test reports.
struct Layout: Sendable, CustomTestStringConvertible {
  let name: String
  let layout: AttentionLayout
  var testDescription: String { name }

  static func trees(_ name: String, _ trees: AttentionLayout.Tree...) -> Layout {
    Layout(name: name, layout: .trees(trees))
  }

  static let all = [
    trees("one row", .init(prompt: 1, answers: [])),
    trees("causal text", .init(prompt: 13, answers: [])),
    trees("causal text over several tiles", .init(prompt: 137, answers: [])),
    trees("two answers", .init(prompt: 3, answers: [2, 2])),
    trees("empty, one-row and unequal answers", .init(prompt: 5, answers: [0, 1, 9, 0, 4])),
    trees("short answers side by side", .init(prompt: 20, answers: (0..<40).map { 1 + $0 % 4 })),
    trees("answers without a prompt", .init(prompt: 0, answers: [3, 1, 2, 70])),
    trees("answers over several tiles", .init(prompt: 71, answers: [35, 1, 70])),
    trees(
      "many trees", .init(prompt: 1, answers: [1]), .init(prompt: 40, answers: [3, 33]), .init(prompt: 2, answers: []),
      .init(prompt: 65, answers: [1, 1, 1]), .init(prompt: 7, answers: [0])),
    Layout(name: "one image", layout: .full([25])),
    Layout(name: "images of unequal size", layout: .full([1, 100, 33, 64])),
    Layout(name: "first rows of texts", layout: .first([1, 100, 33, 64, 5])),
    Layout(name: "one row after a beginning", layout: .trees([.init(prompt: 1, answers: [])], after: 5)),
    Layout(name: "few rows after a long beginning", layout: .trees([.init(prompt: 2, answers: [1])], after: 130)),
    Layout(
      name: "trees after a beginning",
      layout: .trees(
        [.init(prompt: 1, answers: [1]), .init(prompt: 40, answers: [3, 0, 33]), .init(prompt: 2, answers: [50])],
        after: 130)),
    Layout(name: "texts in windows to both sides", layout: .full([1, 100, 33, 150, 9], reach: 16)),
    Layout(name: "first rows of texts in windows", layout: .first([1, 100, 33, 64, 5], reach: 4)),
    windowed("causal text that sees itself alone", 1, .init(prompt: 70, answers: [])),
    windowed("causal text over several tiles in a window", 50, .init(prompt: 200, answers: [])),
    windowed(
      "trees in a window", 9, .init(prompt: 40, answers: [3, 0, 33, 1, 1, 2]), .init(prompt: 2, answers: [100, 5]),
      .init(prompt: 100, answers: [1, 1])),
    windowed(
      "trees after a beginning, some of which is in the window", 70, after: 130, .init(prompt: 1, answers: [1]),
      .init(prompt: 40, answers: [3, 0, 33]), .init(prompt: 2, answers: [90])),
    trees("images between texts", withImages, .init(prompt: 5, answers: [1], blocks: [0..<5])),
    windowed("images between texts in a window shorter than they", 30, withImages),
    windowed("images between texts in a window that is longer", 120, after: 50, withImages),
  ]
  private static let withImages = AttentionLayout.Tree(
    prompt: 150, answers: [3, 40], blocks: [0..<20, 25..<95, 140..<143])

  static func windowed(
    _ name: String, _ window: Int, after shared: Int = 0, _ trees: AttentionLayout.Tree...
  ) -> Layout {
    Layout(name: name, layout: .trees(trees, after: shared).windowed(window))
  }
}

@Suite struct AttentionTests {
  private func inputs(_ layout: AttentionLayout, heads: Int, keyHeads: Int, size: Int) -> [Tensor] {
    [
      randomTensor([layout.queries, heads, size], seed: 1, from: -2, to: 2),
      randomTensor([layout.keys, keyHeads, size], seed: 2, from: -2, to: 2),
      randomTensor([layout.keys, keyHeads, size], seed: 3),
    ]
  }

  @Test(arguments: Layout.all, [2, 6, 16, 20, 32, 64, 80])
  func `attention and its gradients equal those of the naive twin`(layout: Layout, size: Int) {
    for (heads, keyHeads) in [(1, 1), (4, 1), (6, 2), (3, 3)] {
      let x = inputs(layout.layout, heads: heads, keyHeads: keyHeads, size: size)
      let weights = randomTensor(x[0].shape, seed: 4)
      func valueAndGradients(_ f: (Tensor, Tensor, Tensor) -> Tensor) -> [Tensor] {
        let variables = x.map { $0.tracked() }
        let value = f(variables[0], variables[1], variables[2])
        return [value.detached()] + (value * weights).sum().gradients(at: variables)
      }
      let fast = valueAndGradients { layout.layout.attention(queries: $0, keys: $1, values: $2) }
      let naive = valueAndGradients { layout.layout.naiveAttention(queries: $0, keys: $1, values: $2) }
      for (fast, naive) in zip(fast, naive) { expectClose(fast, naive, relative: 1e-5, absolute: 1e-5) }
    }
  }

  @Test(arguments: [Layout.all[3], Layout.all[4], Layout.all[9]], [2, 6, 20])
  func `gradients match finite differences`(layout: Layout, size: Int) {
    let inputs = inputs(layout.layout, heads: 4, keyHeads: 2, size: size)
    expectGradientsMatchFiniteDifferences(at: inputs) {
      layout.layout.attention(queries: $0[0], keys: $0[1], values: $0[2], scale: 0.3)
    }
  }

  private func picture(_ layout: AttentionLayout) -> [String] {
    (0..<layout.queries).map { q in
      (0..<layout.keys).map { layout.sees(query: q, key: $0) ? "x" : "." }.joined()
    }
  }

  @Test func `a prompt sees itself causally, an answer the prompt and itself, an image all of itself`() {
    #expect(
      picture(.trees([.init(prompt: 2, answers: [2, 0, 1]), .init(prompt: 1, answers: [1])])) == [
        "x......", "xx.....",  // first prompt
        "xxx....", "xxxx...",  // its first answer
        "xx..x..",  // its last answer
        ".....x.", ".....xx",  // second tree
      ])
    #expect(picture(.full([2, 0, 1])) == ["xx.", "xx.", "..x"])
    #expect(
      picture(.trees([.init(prompt: 1, answers: [1, 1]), .init(prompt: 1, answers: [])], after: 2)) == [
        "xxx...", "xxxx..", "xxx.x.", "xx...x",
      ])
  }

  @Test func `a window counts back from the row itself, through an answer into its prompt`() {
    #expect(
      picture(.trees([.init(prompt: 2, answers: [3, 1])], after: 1).windowed(3)) == [
        "xx.....", "xxx....",
        ".xxx...", "..xxx..", "...xxx.",
        ".xx...x",
      ])
    let images = AttentionLayout.trees([.init(prompt: 6, answers: [1], blocks: [1..<4])])
    #expect(picture(images) == ["x......", "xxxx...", "xxxx...", "xxxx...", "xxxxx..", "xxxxxx.", "xxxxxxx"])
    #expect(
      picture(images.windowed(2)) == ["x......", "xxxx...", ".xxx...", "..xx...", "...xx..", "....xx.", ".....xx"])
    #expect(picture(.full([4, 1], reach: 1)) == ["xx...", "xxx..", ".xxx.", "..xx.", "....x"])
    #expect(picture(.first([4, 1], reach: 2)) == ["xxx..", "....x"])
  }

  @Test(arguments: [1, 5, 64, 100, 1000])
  func `a window gives the rows of a mask over all keys, whatever lies outside`(window: Int) {
    let layout = AttentionLayout.trees([.init(prompt: 200, answers: [70, 3])])
    let x = inputs(layout, heads: 2, keyHeads: 1, size: 16)
    let y = layout.windowed(window).attention(queries: x[0], keys: x[1], values: x[2])
    // Row 199, the prompt's last, and row 269, the first answer's last: keys outside are made the largest by far.
    for (row, keys) in [(199, Array(0..<200)), (269, Array(0..<270))] {
      let seen = keys.suffix(window)
      let loud = Tensor(shape: x[1].shape) { out in
        for (i, k) in x[1].scalars.enumerated() { out[i] = seen.contains(i / 16) ? k : 1000 * k }
      }
      let other = layout.windowed(window).attention(queries: x[0], keys: loud, values: x[2])
      #expect(other.rows(row..<(row + 1)).isIdentical(to: y.rows(row..<(row + 1))))
    }
    if window == 1000 { #expect(y.isIdentical(to: layout.attention(queries: x[0], keys: x[1], values: x[2]))) }
  }

  @Test func `a query that sees one key returns its value`() {
    let layout = AttentionLayout.trees([.init(prompt: 1, answers: [])])
    let x = inputs(layout, heads: 2, keyHeads: 1, size: 6)
    let y = layout.attention(queries: x[0], keys: x[1], values: x[2])
    #expect(y.scalars == x[2].scalars + x[2].scalars)
  }

  @Test func `scores that would overflow an exponential do not`() {
    let layout = AttentionLayout.full([3])
    // Scores 300, 0 and -300 for every query: the first key takes all.
    let q = Tensor(repeating: 10, shape: [3, 1, 2])
    let k = Tensor([15, 15, 0, 0, -15, -15], shape: [3, 1, 2])
    let v = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 1, 2])
    expectClose(
      layout.attention(queries: q, keys: k, values: v, scale: 1), Tensor([1, 2, 1, 2, 1, 2], shape: [3, 1, 2]))
  }

  @Test func `a query that is no number gives none, and leaves the other rows alone`() {
    let layout = AttentionLayout.trees([.init(prompt: 6, answers: [2, 2])])
    let x = inputs(layout, heads: 1, keyHeads: 1, size: 2)
    let q = Tensor((0..<20).map { $0 / 2 == 7 ? .nan : x[0].scalars[$0] }, shape: [10, 1, 2])
    let y = layout.attention(queries: q, keys: x[1], values: x[2])
    #expect(y.scalars.indices.filter { y.scalars[$0].isNaN } == [14, 15])
  }

  @Test func `a layout without rows gives no rows`() {
    let layout = AttentionLayout.trees([])
    let x = inputs(layout, heads: 2, keyHeads: 1, size: 4)
    #expect(layout.attention(queries: x[0], keys: x[1], values: x[2]).shape == [0, 2, 4])
  }

  @Test func `rows that do not fit the layout are a bug of the caller`() async {
    await #expect(processExitsWith: .failure) {
      _ = AttentionLayout.full([3]).attention(
        queries: .zeros([2, 1, 4]), keys: .zeros([3, 1, 4]), values: .zeros([3, 1, 4]))
    }
  }
}
