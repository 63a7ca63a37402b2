import Annotations
import TeacherProtocol
import Testing

@Suite struct LabelExpectationTests {
  /// Conflicts of one way to vote: two for x, one for y.
  private func majority(_ name: String, _ count: Int) -> [Conflict] {
    (0..<count).map { conflict("\(name)\($0)", ["x", "x", "y"]) }
  }

  /// The same with t0 alone.
  private func other(_ name: String, _ count: Int) -> [Conflict] {
    (0..<count).map { conflict("\(name)\($0)", ["y", "x", "x"]) }
  }

  @Test func `each way to vote is as often wrong as its labels say, drawn towards all of them`() throws {
    let known = majority("m", 10) + other("o", 10)
    // Of the first way 4 of 10 majorities are wrong, of the second none.
    let labels = Dictionary(
      uniqueKeysWithValues: known.map { ($0.item.id, ["m0", "m1", "m2", "m3"].contains($0.item.id) ? "y" : "x") })
    let found = try #require(
      LabelExpectation(next: majority("n", 6) + other("p", 4), labelled: known, labels: labels))
    // r = 4.5/21; ways (4 + 2r)/12 and 2r/12.
    let rate = 4.5 / 21
    let (first, second) = ((4 + 2 * rate) / 12, 2 * rate / 12)
    #expect(abs(found.corrections - (6 * first + 4 * second)) < 1e-12 && found.labels == 10 && found.known == 20)
    // Variances of beta-binomial distributions: n p (1 - p) (a + b + n) / (a + b + 1), with a + b = 12.
    let variance = 6 * first * (1 - first) * 18 / 13 + 4 * second * (1 - second) * 16 / 13
    #expect(abs(found.high - (found.corrections + 1.96 * variance.squareRoot())) < 1e-12)
    #expect(found.low == max(0, found.corrections - 1.96 * variance.squareRoot()))
    #expect(
      found.sentence
        == "the next 10 labels are expected to correct 2 (0 to 5) of the teachers' majorities, by the 20 labels so far")
  }

  @Test func `a way without a label is judged by all labels, widely`() throws {
    let known = majority("m", 4)
    let labels = Dictionary(uniqueKeysWithValues: known.map { ($0.item.id, "x") })
    let found = try #require(LabelExpectation(next: other("p", 10), labelled: known, labels: labels))
    // r = 0.5/5 and no label of its own: mean r.
    #expect(abs(found.corrections - 1) < 1e-12 && found.low == 0 && found.high > 3)
  }

  @Test func `a tie is half right, and without labels or conflicts nothing is expected`() throws {
    let ties = (0..<4).map { conflict("t\($0)", ["x", "y"]) }
    let labels = Dictionary(uniqueKeysWithValues: ties.map { ($0.item.id, "x") })
    let found = try #require(LabelExpectation(next: ties, labelled: ties, labels: labels))
    // 2 of 4 wrong: r = 2.5/5, mean (2 + 1)/6.
    #expect(abs(found.corrections - 4 * 0.5) < 1e-12)
    let one = LabelExpectation(next: Array(ties.prefix(1)), labelled: ties, labels: labels)
    #expect(one?.sentence.hasPrefix("the next 1 label is expected to correct") == true)
    #expect(LabelExpectation(next: ties, labelled: ties, labels: [:]) == nil)
    #expect(LabelExpectation(next: [], labelled: ties, labels: labels) == nil)
  }
}
