import Foundation
import TeacherProtocol
import Testing

@Suite struct LevelTests {
  @Test func `an expected level is the sum of level times probability`() {
    #expect(LevelProbabilities([0.25, 0.5, 0.25]).expected == 1)
    #expect(abs(LevelProbabilities([0.1, 0.2, 0.3, 0.4]).expected - 2) < 1e-12)
    #expect(LevelProbabilities([0.4, 0.4, 0.2]).best == 0, "of equals the lowest")
  }

  @Test func `confidence is how near the other levels lie to the most probable one`() {
    // Expected distance from level 1: 0.4; mean distance of three levels from their middle: 2/3.
    #expect(abs(LevelProbabilities([0.1, 0.6, 0.3]).confidence - 0.4) < 1e-12)
    // The same probabilities farther away: 0.3 * 2 + 0.1 = 0.7.
    #expect(abs(LevelProbabilities([0.6, 0.1, 0.3]).confidence - 0) < 1e-12)
    #expect(LevelProbabilities([0, 1, 0]).confidence == 1)
    #expect(LevelProbabilities([1]).confidence == 1)
    #expect(LevelProbabilities([0.5, 0, 0.5]).confidence == 0)
  }

  /// scikit-learn 1.9.1: cohen_kappa_score(a, b, weights="quadratic") of the same levels.
  @Test func `quadratic kappa is that of scikit-learn`() throws {
    let a = [0, 1, 2, 1, 0, 2, 1, 0, 2, 2, 1, 0]
    let b = [0, 1, 1, 2, 0, 2, 0, 1, 2, 1, 1, 2]
    let sums = zip(a, b).reduce(LevelSums()) { $0 + LevelSums($1.0, $1.1) }
    #expect(abs(try #require(sums.quadraticKappa) - 0.4) < 1e-12)
    let first = (0..<60).map { ($0 * $0 * 7 + 3 * $0 + 1) % 5 }
    let second = first.enumerated().map { min(4, max(0, $1 + ($0 * 5 + $0 / 7) % 3 - 1)) }
    let more = zip(first, second).reduce(LevelSums()) { $0 + LevelSums($1.0, $1.1) }
    #expect(abs(try #require(more.quadraticKappa) - 0.7950310559006211) < 1e-12)
  }

  @Test func `quadratic kappa is that of the table of both, and none of one level alone`() throws {
    let pairs = (0..<40).map { (($0 * 7 + $0 / 3) % 4, ($0 * 5 + $0 / 7) % 4) }
    var table = [[Double]](repeating: [0, 0, 0, 0], count: 4)
    for (a, b) in pairs { table[a][b] += 1 }
    let (rows, columns) = (table.map { $0.reduce(0, +) }, (0..<4).map { c in table.reduce(0) { $0 + $1[c] } })
    var (observed, chance) = (0.0, 0.0)
    for i in 0..<4 {
      for j in 0..<4 {
        observed += table[i][j] * Double((i - j) * (i - j))
        chance += rows[i] * columns[j] / 40 * Double((i - j) * (i - j))
      }
    }
    let sums = pairs.reduce(LevelSums()) { $0 + LevelSums($1.0, $1.1) }
    #expect(abs(try #require(sums.quadraticKappa) - (1 - observed / chance)) < 1e-12)
    #expect((LevelSums(2, 2) + LevelSums(2, 2)).quadraticKappa == nil)
    #expect(LevelSums().quadraticKappa == nil && LevelSums().meanDistance == nil)
  }

  @Test func `kappa of many pairs does not overflow`() throws {
    // Ten million items, half of them ten thousand levels apart, by sums that were added up elsewhere.
    let (half, far) = (Int64(5_000_000), Int64(10_000))
    let sums = LevelSums(
      lanes: SIMD8(2 * half, half * far, half * far, half * far * far, half * far * far, 0, 0, 0))
    #expect(sums.quadraticKappa == 1)
  }

  @Test func `an item without an answer counts as the level that is farthest from the true one`() throws {
    let answers = LevelAnswers(
      truth: [0, 1, 2, 2], given: [0, 2, nil, 2], expected: [0.2, 1.5, nil, 1.9], levels: 3)
    let score = try #require(answers.score)
    // Distances 0, 1, 2 and 0.
    #expect(score.meanAbsoluteError == 0.75)
    // 0.2 + 0.5 + 2 + 0.1, in units of a billionth of a level.
    #expect(abs(try #require(score.expectedLevelError) - 0.7) < 1e-8)
    // Pairs (0, 0), (1, 2), (2, 0), (2, 2): 1 - 4 * 5 / (4 * (9 + 8) - 2 * 5 * 4).
    #expect(abs(try #require(score.quadraticKappa) - 2.0 / 7) < 1e-12)
    #expect(score.unanswered == 1)
    // From the middle both ends are as far.
    let middle = LevelAnswers(truth: [1], given: [nil], expected: [nil], levels: 3)
    #expect(middle.score?.meanAbsoluteError == 1 && middle.score?.expectedLevelError == nil)
    #expect(LevelAnswers(truth: [], given: [], expected: [], levels: 3).score == nil)
  }

  @Test func `a set of labels says whether they are levels, and keeps it`() throws {
    let labels = ["low", "mid", "high"].map { LabelSet.Label(name: $0) }
    let (plain, ordered) = (try LabelSet(labels), try LabelSet(labels, ordered: true))
    #expect(plain.levels == nil && ordered.levels == ["low", "mid", "high"])
    #expect(try JSONDecoder().decode(LabelSet.self, from: JSONEncoder().encode(ordered)) == ordered)
    #expect(try JSONDecoder().decode(LabelSet.self, from: JSONEncoder().encode(plain)) == plain)
    #expect(try !String(decoding: JSONEncoder().encode(plain), as: UTF8.self).contains("ordered"))
    #expect(plain != ordered)
  }

  @Test func `numbers in data are levels however they are written`() throws {
    let stars = try LabelSet((1...5).map { .init(name: "\($0)") }, ordered: true)
    #expect(stars.label("4")?.name == "4" && stars.label("4.0")?.name == "4" && stars.label("6") == nil)
  }
}
