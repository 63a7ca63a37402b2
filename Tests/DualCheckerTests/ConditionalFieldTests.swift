import DualChecker
import Foundation
import TestSupport
import Testing

@Suite struct ConditionalFieldTests {
  // MARK: Where a function is least

  @Test func `a quadratic function is least where its gradient is 0`() {
    // x² + 10·y² + x·y - 3·x: 2x + y = 3 and x + 20y = 0, so x = 20/13 and y = -1/13, with the value -3x/2 = -30/13.
    var place = [5.0, -7]
    var optimiser = LimitedMemoryBFGS()
    optimiser.tolerance = 1e-14
    let least = optimiser.minimise(&place) { at, gradient in
      let (x, y) = (at[0], at[1])
      gradient = [2 * x + y - 3, 20 * y + x]
      return x * x + 10 * y * y + x * y - 3 * x
    }
    #expect(abs(place[0] - 20.0 / 13) < 1e-6 && abs(place[1] + 1.0 / 13) < 1e-6 && abs(least + 30.0 / 13) < 1e-12)
  }

  @Test func `a minimum is found far from where it begins, and stays where it is found`() {
    // log(eˣ + e⁻ʸ) + x²/50 + y²/50 in 30 pairs: eˣ/(eˣ + e⁻ʸ) = -x/25, and y = -x by symmetry.
    func value(_ at: [Double], _ gradient: inout [Double]) -> Double {
      stride(from: 0, to: 60, by: 2).reduce(0.0) { sum, pair in
        let (x, y) = (at[pair], at[pair + 1])
        let all = exp(x) + exp(-y)
        gradient[pair] = exp(x) / all + x / 25
        gradient[pair + 1] = -exp(-y) / all + y / 25
        return sum + log(all) + (x * x + y * y) / 50
      }
    }
    var place = (0..<60).map { Double($0 % 7) - 3 }
    var optimiser = LimitedMemoryBFGS()
    optimiser.tolerance = 1e-12
    optimiser.minimise(&place, value)
    // Both exponentials are the same then: 1/2 = -x/25.
    for pair in stride(from: 0, to: 60, by: 2) {
      #expect(abs(place[pair] + 12.5) < 1e-4 && abs(place[pair + 1] - 12.5) < 1e-4)
    }
    let found = place
    optimiser.minimise(&place, value)
    for (one, other) in zip(found, place) { #expect(abs(one - other) < 1e-4) }
  }

  // MARK: Sums over all sequences

  /// Sums, shares and the best of all sequences, one by one.
  private struct Enumerated {
    var logPartition = 0.0
    var marginals: [Double]
    var expected: [Double]
    var best: [Int] = []

    /// - Parameter transitions: of all steps, [before × tag].
    init(_ tags: Int, _ scores: [Double], _ transitions: [Double], follows: (Int?, Int) -> Bool) {
      let places = scores.count / tags
      (marginals, expected) = (scores.map { _ in 0 }, transitions.map { _ in 0 })
      var (all, most) = (0.0, -1.0)
      for number in 0..<Int(pow(Double(tags), Double(places))) {
        var (rest, sequence) = (number, [Int]())
        for _ in 0..<places {
          sequence.append(rest % tags)
          rest /= tags
        }
        guard sequence.indices.allSatisfy({ follows($0 == 0 ? nil : sequence[$0 - 1], sequence[$0]) }) else { continue }
        let steps = zip(sequence, sequence.dropFirst()).map { $0 * tags + $1 }
        let weight = exp(
          sequence.indices.reduce(0) { $0 + scores[$1 * tags + sequence[$1]] }
            + steps.reduce(0) { $0 + transitions[$1] })
        all += weight
        for (place, tag) in sequence.enumerated() { marginals[place * tags + tag] += weight }
        for step in steps { expected[step] += weight }
        if weight > most { (most, best) = (weight, sequence) }
      }
      logPartition = log(all)
      marginals = marginals.map { $0 / all }
      expected = expected.map { $0 / all }
    }
  }

  @Test(arguments: 0..<20) func `sums over sequences are those of all sequences one by one`(_ number: Int) {
    var generator = FixedGenerator(seed: UInt64(number))
    let (tags, places) = (2 + number % 4, 1 + number % 5)
    func draw(_ count: Int) -> [Double] { (0..<count).map { _ in Double.random(in: -4...4, using: &generator) } }
    let scores = draw(tags * places)
    // Of half of them the last tag goes on with the one before it; the others may follow any, and a third of their steps have a score.
    let follows: (Int?, Int) -> Bool = { before, tag in
      number % 2 == 0 || tag < tags - 1 || before.map { $0 >= tags - 2 } ?? false
    }
    let lattice = Lattice(tags: tags, follows: follows, isMet: { ($0 + 2 * $1) % 3 == 0 })
    let steps = draw(lattice.transitions.count)
    var transitions = [Double](repeating: 0, count: tags * tags)
    for (score, step) in zip(steps, lattice.transitions) { transitions[step.before * tags + step.tag] = score }
    let right = Enumerated(tags, scores, transitions, follows: follows)
    var space = Lattice.Space(lattice, places: places)
    space.scores = scores
    let found = lattice.writeMarginals(steps.map { exp($0) }, &space)
    #expect(abs(found - right.logPartition) < 1e-12 * max(1, abs(found)))
    for (one, other) in zip(space.marginals, right.marginals) { #expect(abs(one - other) < 1e-12) }
    for (one, step) in zip(space.expected, lattice.transitions) {
      #expect(abs(one - right.expected[step.before * tags + step.tag]) < 1e-12)
    }
    #expect(lattice.best(scores, steps: steps) == right.best)
    // A shift of a place's scores changes nothing but the sum, however large it is.
    space.scores = scores.enumerated().map { $1 + ($0 / tags == 0 ? 5000 : -3000) }
    let shifted = lattice.writeMarginals(steps.map { exp($0) }, &space)
    #expect(abs(shifted - (found + 5000 - 3000 * Double(places - 1))) < 1e-8)
    for (one, other) in zip(space.marginals, right.marginals) { #expect(abs(one - other) < 1e-9) }
  }

  @Test func `a text without places has one sequence`() {
    let lattice = Lattice(tags: 3, follows: { _, _ in true }, isMet: { _, _ in true })
    var space = Lattice.Space(lattice, places: 0)
    #expect(lattice.writeMarginals([Double](repeating: 1, count: 9), &space) == 0)
    #expect(lattice.best([], steps: [Double](repeating: 0, count: 9)) == [])
  }

  // MARK: Learning

  @Test func `a weight is where the data and the penalty pull alike`() {
    // Three examples of the tag 0 and one of 1, one feature: with w for 0 and -w for 1 the gradient
    // 4 · 1 / (1 + exp(-2w)) - 3 + 2w is 0.
    let text = FieldText([[0]])
    let examples = [0, 0, 0, 1].map { ConditionalField.Example(text, targets: [([$0], 1)]) }
    var (low, high) = (0.0, 1.0)
    while high - low > 1e-13 {
      let middle = (low + high) / 2
      if 4 / (1 + exp(-2 * middle)) - 3 + 2 * middle < 0 { low = middle } else { high = middle }
    }
    let right = 1 / (1 + exp(-2 * low))
    let field = ConditionalField(
      tags: 2, follows: { _, _ in true }, features: 1, of: examples, by: Self.exact)
    #expect(abs(exp(field.logProbabilities(of: [[0]], in: text)[0]) - right) < 1e-7)
    // The same learned as one text with two answers, counted once: (3/4, 1/4) of four.
    let shared = ConditionalField(
      tags: 2, follows: { _, _ in true }, features: 1,
      of: (0..<4).map { _ in .init(text, targets: [([0], 0.75), ([1], 0.25)]) }, by: Self.exact)
    #expect(abs(exp(shared.logProbabilities(of: [[0]], in: text)[0]) - right) < 1e-7)
    // And as one text that counts four times.
    let weighed = ConditionalField(
      tags: 2, follows: { _, _ in true }, features: 1, of: [.init(text, targets: [([0], 3), ([1], 1)])], by: Self.exact)
    #expect(abs(exp(weighed.logProbabilities(of: [[0]], in: text)[0]) - right) < 1e-7)
  }

  private static let exact: LimitedMemoryBFGS = {
    var optimiser = LimitedMemoryBFGS()
    (optimiser.tolerance, optimiser.updates) = (1e-15, 1000)
    return optimiser
  }()

  private static let texts: [(features: [[Int32]], tags: [Int])] = [
    ([[0, 3], [1], [2, 4]], [0, 1, 1]), ([[0], [2, 3]], [0, 0]), ([[1, 4], [1], [0], [2]], [1, 1, 0, 2]), ([[2]], [2]),
    ([[4], [0, 1]], [1, 0]),
  ]

  /// What python-crfsuite 0.9.12 says after learning the same texts by its method lbfgs with c1 = 0, c2 = 1, epsilon = 1e-9,
  /// delta = 1e-12 and no other features; its probabilities.
  @Test func `what is learned is what CRFsuite learns`() {
    let field = ConditionalField(
      tags: 3, follows: { _, _ in true }, features: 5,
      of: Self.texts.map { .init(FieldText($0.features), targets: [($0.tags, 1)]) }, by: Self.exact)
    let text = FieldText([[0, 4], [1, 3], [2]])
    let right = [
      ([0, 1, 1], 0.05803035817315824), ([0, 1, 2], 0.059513699298590766), ([1, 1, 2], 0.06577040703515062),
      ([2, 2, 2], 0.014803553946176403), ([0, 0, 0], 0.04182356860741507),
    ]
    for (found, right) in zip(field.logProbabilities(of: right.map(\.0), in: text), right) {
      #expect(abs(exp(found) - right.1) < 1e-6)
    }
    #expect(field.mostProbable(text) == [1, 0, 2])
    // Every text twice, by a half each.
    let halves = ConditionalField(
      tags: 3, follows: { _, _ in true }, features: 5,
      of: (Self.texts + Self.texts).map { .init(FieldText($0.features), targets: [($0.tags, 0.5)]) }, by: Self.exact)
    for (found, right) in zip(halves.logProbabilities(of: right.map(\.0), in: text), right) {
      #expect(abs(exp(found) - right.1) < 1e-6)
    }
  }

  @Test func `weights to begin with change what it costs and not what is learned`() {
    let examples = Self.texts.map { ConditionalField.Example(FieldText($0.features), targets: [($0.tags, 1)]) }
    let follows: (Int?, Int) -> Bool = { _, _ in true }
    // The last text has pairs that the others lack.
    let before = ConditionalField(tags: 3, follows: follows, features: 5, of: examples.dropLast(), by: Self.exact)
    let one = ConditionalField(tags: 3, follows: follows, features: 5, of: examples, by: Self.exact)
    let other = ConditionalField(tags: 3, follows: follows, features: 5, of: examples, from: before, by: Self.exact)
    let text = FieldText([[0, 4], [1, 3], [2]])
    let sequences = [[0, 1, 1], [1, 0, 2], [2, 2, 0]]
    for (one, other) in zip(
      one.logProbabilities(of: sequences, in: text), other.logProbabilities(of: sequences, in: text))
    {
      #expect(abs(one - other) < 1e-6)
    }
  }
}
