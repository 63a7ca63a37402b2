import Evaluation
import Testing

@Suite struct ConfusionMatrixTests {
  // Truth:   p p p f f f f
  // Answers: p p f f f p -
  let matrix = ConfusionMatrix(
    labels: EvaluationSample.labels,
    truth: ["pristine", "pristine", "pristine", "falsified", "falsified", "falsified", "falsified"],
    answers: ["pristine", "pristine", "falsified", "falsified", "falsified", "pristine", nil])

  @Test func `rows are truth, columns are answers, the last column counts no answer`() {
    #expect(matrix.counts == [[2, 1, 0], [1, 2, 1]])
    #expect(matrix.total == 7)
  }

  @Test func `accuracy counts an item without an answer as wrong`() {
    #expect(matrix.accuracy == 4.0 / 7)
    #expect(matrix.accuracy(onTruth: "falsified") == 2.0 / 4)
    #expect(matrix.accuracy(onTruth: "falsified", inverted: true) == 2.0 / 3)
  }

  @Test func `macro F1 is the mean of 2 TP over answers plus truths`() {
    // pristine: 2 hits, 3 truths, 3 answers: 4/6. falsified: 2 hits, 4 truths, 3 answers: 4/7.
    #expect(matrix.f1(of: "pristine") == 4.0 / 6)
    #expect(matrix.f1(of: "falsified") == 4.0 / 7)
    #expect(matrix.macroF1 == (4.0 / 6 + 4.0 / 7) / 2)
  }

  @Test func `a label that nobody has and nobody gives is left out of macro F1`() {
    let matrix = ConfusionMatrix(labels: ["a", "b", "c"], truth: ["a", "b"], answers: ["a", "a"])
    // a: 1 hit, 1 truth, 2 answers: 2/3. b: 0. c has no F1.
    #expect(matrix.f1(of: "c") == nil)
    #expect(matrix.macroF1 == 2.0 / 3 / 2)
    #expect(matrix.f1(of: "unheard of") == nil)
  }

  @Test func `a truth that no item has gives no accuracy`() {
    let matrix = ConfusionMatrix(labels: EvaluationSample.labels, truth: ["pristine"], answers: ["pristine"])
    #expect(matrix.accuracy(onTruth: "falsified") == nil)
    #expect(matrix.accuracy(onTruth: "falsified", inverted: true) == 1)
  }

  @Test func `no items give zeros, not a division by zero`() {
    let matrix = ConfusionMatrix(labels: EvaluationSample.labels, truth: [], answers: [])
    #expect(matrix.accuracy == 0 && matrix.macroF1 == 0 && matrix.total == 0)
  }
}
