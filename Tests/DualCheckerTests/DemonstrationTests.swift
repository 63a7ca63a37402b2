import DualChecker
import Foundation
import TeacherProtocol
import Testing

@Suite struct SentenceEncoderTests {
  let texts = ["solar cells on the roof", "Solar  cell on a roof", "the harbour at night", "", "太陽電池", "a"]

  @Test func `the hashed encoder keeps what encoders must keep`() async throws {
    #expect(try await SentenceEncoderCheck(texts: texts).problems(of: HashedNGramEncoder()) == [])
    #expect(
      try await SentenceEncoderCheck(texts: texts).problems(of: HashedNGramEncoder(dimensions: 7, lengths: 1...1)) == []
    )
  }

  @Test func `like texts are near and letter case and spaces do not matter`() async throws {
    let vectors = try await HashedNGramEncoder().vectors(for: texts + ["SOLAR CELLS  on the roof"])
    func cosine(_ a: Int, _ b: Int) -> Float { zip(vectors[a], vectors[b]).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(cosine(0, 1) > 0.5)
    #expect(abs(cosine(0, 2)) < 0.35)
    #expect(vectors[6] == vectors[0])
    #expect(vectors[3].allSatisfy { $0 == 0 })
  }

  @Test func `the check finds an encoder that looks at its neighbours`() async throws {
    struct Relative: SentenceEncoder {
      func vectors(for texts: [String]) async throws -> [[Float]] { texts.indices.map { [Float($0), 1] } }
    }
    #expect(try await SentenceEncoderCheck(texts: ["a", "b"]).problems(of: Relative()).count == 2)
    struct Short: SentenceEncoder {
      func vectors(for texts: [String]) async throws -> [[Float]] { [] }
    }
    #expect(try await SentenceEncoderCheck(texts: ["a"]).problems(of: Short()) == ["0 vectors for 1 texts"])
  }
}

@Suite struct DemonstrationSelectorTests {
  @Test(arguments: [60, 600])
  func `variety is that of the formula, over every demonstration chosen before`(size: Int) async throws {
    /// A text is the seed of its vector.
    struct Seeded: SentenceEncoder {
      func vectors(for texts: [String]) async throws -> [[Float]] {
        texts.map { text in
          var state = UInt64(text) ?? 0
          return (0..<20).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24) - 0.5
          }
        }
      }
    }
    let pool = (1...size).map { Demonstration(item: "\($0)", text: "\($0)", label: "green") }
    let vectors = try await Seeded().vectors(for: pool.map(\.text) + ["1000000"])
    func product(_ a: Int, _ b: Int) -> Float { zip(vectors[a], vectors[b]).reduce(0) { $0 + $1.0 * $1.1 } }
    var expected: [Int] = []
    while expected.count < 12 {
      let open = pool.indices.filter { !expected.contains($0) }
      func gain(_ candidate: Int) -> Float {
        0.6 * product(candidate, size) - 0.4 * (expected.map { product(candidate, $0) }.max() ?? 0)
      }
      expected.append(open.max { gain($0) < gain($1) } ?? 0)
    }
    let selector = try await DiverseDemonstrations(pool, encoder: Seeded(), relevance: 0.6)
    let chosen = try await selector.demonstrations(for: Item(id: "x", fields: ["text": "1000000"]), count: 12)
    #expect(chosen.map(\.item) == expected.map { pool[$0].item })
  }

  let pool = [
    Demonstration(item: "1", text: "solar cells on the roof", label: "green"),
    Demonstration(item: "2", text: "solar cells on a house", label: "green"),
    Demonstration(item: "3", text: "a solar cell factory burns coal", label: "grey"),
    Demonstration(item: "4", text: "a harbour at night", label: "grey"),
    Demonstration(item: "5", text: "wind turbines at sea", label: "green"),
  ]
  let item = Item(id: "x", fields: ["text": "solar cells on my roof"])

  @Test func `every selector keeps what selectors must keep`() async throws {
    let items = [item] + pool.map { Item(id: $0.item, fields: ["text": $0.text]) }
    let check = DemonstrationSelectorCheck(items: items)
    let encoder = HashedNGramEncoder()
    #expect(try await check.problems(of: NearestDemonstrations(pool, encoder: encoder)) == [])
    #expect(try await check.problems(of: LabelBalancedDemonstrations(pool, encoder: encoder)) == [])
    #expect(try await check.problems(of: NoDemonstrations()) == [])
    struct Careless: DemonstrationSelector {
      let pool: [Demonstration]
      func demonstrations(for item: Item, count: Int) async throws -> [Demonstration] { pool + pool }
    }
    #expect(try await check.problems(of: Careless(pool: pool)).count > 5 * 3)
  }

  @Test func `the nearest come first, and the item itself never`() async throws {
    let selector = try await NearestDemonstrations(pool, encoder: HashedNGramEncoder())
    #expect(try await selector.demonstrations(for: item, count: 3).map(\.item) == ["1", "2", "3"])
    let same = Item(id: "1", fields: ["text": "solar cells on the roof"])
    #expect(try await selector.demonstrations(for: same, count: 5).map(\.item).first == "2")
    let copy = Item(id: "copy", fields: ["text": "solar cells on the roof"])
    #expect(try await !selector.demonstrations(for: copy, count: 5).map(\.item).contains("1"))
  }

  @Test func `the ranking equals the naive one`() async throws {
    let encoder = HashedNGramEncoder(dimensions: 64)
    let selector = try await NearestDemonstrations(pool, encoder: encoder)
    let query = try await encoder.vectors(for: [item.text])[0]
    var scores: [(Double, String)] = []
    for demonstration in pool {
      let vector = try await encoder.vectors(for: [demonstration.text])[0]
      var score = 0.0
      for i in 0..<64 { score += Double(query[i]) * Double(vector[i]) }
      scores.append((score, demonstration.item))
    }
    let naive = scores.sorted { $0.0 > $1.0 }.map(\.1)
    #expect(try await selector.demonstrations(for: item, count: 5).map(\.item) == naive)
  }

  @Test func `labels take turns`() async throws {
    let selector = try await LabelBalancedDemonstrations(pool, encoder: HashedNGramEncoder())
    let chosen = try await selector.demonstrations(for: item, count: 4)
    #expect(chosen.map(\.label) == ["green", "grey", "green", "grey"])
    #expect(chosen.map(\.item).prefix(3) == ["1", "3", "2"])
  }

  @Test func `demonstrations become a part of the prompt`() throws {
    let task = try LabellingTask(
      classes: LabelSet([.init(name: "green", answer: "Yes"), .init(name: "grey", answer: "No", meaning: "not green")]))
    var format = DemonstrationFormat()
    format.maximumCharacters = 12
    let shown = [
      Demonstration(item: "1", text: "short", detail: "short, in\nshort", label: "green", reason: "It saves energy."),
      Demonstration(item: "2", text: "a text that is too long", label: "grey"),
      Demonstration(item: "3", text: "another task's", label: "blue"),
    ]
    #expect(
      try format.text(shown, task: task)
        == "Text: short\nAnswer: Yes. It saves energy.\n\nText: a text that…\nAnswer: No.")
    format.showsDetail = true
    #expect(
      try format.text(shown, task: task)
        == "Text: short\nDetail: short, in…\nAnswer: Yes. It saves energy.\n\nText: a text that…\nAnswer: No.")
    #expect(try format.text([], task: task) == "")
  }
}

@Suite struct CoverageOrderTests {
  private func items(_ texts: [String]) -> [Item] {
    texts.enumerated().map { Item(id: "\($0)", fields: ["text": $1]) }
  }

  @Test func `one of each kind comes before a second of any`() async throws {
    let kinds = ["a solar cell on the roof", "the harbour at night", "one more pump for the well"]
    let texts = (0..<5).flatMap { number in kinds.map { "\($0), number \(number)" } } + ["the harbour at night, late"]
    let order = try await CoverageOrder(encoder: HashedNGramEncoder()).order(of: items(texts), count: 3)
    #expect(Set(order.map { texts[$0].prefix(5) }) == ["a sol", "the h", "one m"])
    #expect(texts[order[0]].hasPrefix("the harbour"), "the largest kind first")
  }

  @Test func `it equals the naive greedy choice`() async throws {
    let words = ["solar", "cell", "roof", "pump", "well", "night", "harbour", "lamp", "brick", "kiln"]
    let texts = (0..<40).map { number in
      (1...6).map { words[(number * number * $0 + number / 3) % words.count] }.joined(separator: " ")
    }
    let (encoder, all) = (HashedNGramEncoder(dimensions: 256), items(texts))
    let vectors = try await encoder.vectors(for: texts)
    func likeness(_ a: Int, _ b: Int) -> Double {
      max(0, zip(vectors[a], vectors[b]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
    }
    func covered(_ chosen: [Int]) -> Double {
      all.indices.reduce(0.0) { sum, item in sum + (chosen.map { likeness($0, item) }.max() ?? 0) }
    }
    let order = try await CoverageOrder(encoder: encoder).order(of: all, count: 12)
    #expect(order.count == 12 && Set(order).count == 12)
    var chosen: [Int] = []
    for found in order {
      // Rounding may decide between two that cover alike.
      let best = all.indices.filter { !chosen.contains($0) }.map { covered(chosen + [$0]) }.max() ?? 0
      #expect(covered(chosen + [found]) > best - 1e-4)
      chosen.append(found)
    }
  }

  @Test func `it asks for no more than there is`() async throws {
    var coverage = CoverageOrder(encoder: HashedNGramEncoder())
    #expect(try await coverage.order(of: items(["a", "b"]), count: 5).sorted() == [0, 1])
    #expect(try await coverage.order(of: [], count: 5) == [])
    coverage.limit = 3
    let three = try await coverage.order(of: items(["a", "b", "c", "d"]), count: 4)
    #expect(three.count == 3 && Set(three).isSubset(of: [0, 1, 2, 3]))
    // Which one of the four is left out is drawn by the seed.
    var drawn: Set<[Int]> = []
    for seed in 0..<UInt64(8) {
      var other = CoverageOrder(encoder: HashedNGramEncoder(), seed: seed)
      other.limit = 3
      drawn.insert(try await other.order(of: items(["a", "b", "c", "d"]), count: 4).sorted())
    }
    #expect(drawn.count > 1)
  }
}
