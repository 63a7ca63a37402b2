import Evaluation
import Foundation
import Reporting
import TeacherProtocol
import TestSupport
import Testing

@Suite struct LevelResultTests {
  let labels = ["low", "mid", "high"]

  func evaluator(_ truth: [String], groups: [String]? = nil, resamples: Int = 2_000) -> Evaluator {
    let items = truth.enumerated().map {
      TestSplit.Item(id: "\($0.offset)", label: $0.element, group: groups?[$0.offset] ?? "\($0.offset)", slice: "s")
    }
    var generator = FixedGenerator(seed: 5)
    return Evaluator(
      split: TestSplit(items: items, labels: labels, positive: nil, ordered: true), resamples: resamples,
      using: &generator)
  }

  @Test func `answers are compared level by level, and what is not answered counts as farthest`() throws {
    let predictions = [
      Prediction(itemID: "0", label: "low", probabilities: ["low": 0.9, "mid": 0.0, "high": 0.1]),
      Prediction(itemID: "1", label: "high", probabilities: ["low": 0.0, "mid": 0.5, "high": 0.5]),
      Prediction(itemID: "3", label: "high", probabilities: ["low": 0.0, "mid": 0.1, "high": 0.9]),
    ]
    let result = evaluator(["low", "mid", "high", "high"], resamples: 0).result(of: predictions, labels: 0)
    let levels = try #require(result.levels)
    #expect(levels.meanAbsoluteError == 0.75)
    // Expected levels 0.2, 1.5, none and 1.9.
    #expect(abs(try #require(levels.expectedLevelError) - 0.7) < 1e-8)
    #expect(abs(try #require(levels.quadraticKappa) - 2.0 / 7) < 1e-12)
    #expect(levels.unanswered == 1)
    // Without resamples an interval has no width.
    #expect(levels.meanAbsoluteErrorInterval == Interval(low: 0.75, high: 0.75))
    #expect(levels.quadraticKappaInterval?.low == levels.quadraticKappa)
  }

  @Test func `a voter without probabilities has no expected level`() throws {
    let result = evaluator(["low", "mid"]).result(of: [Prediction(itemID: "0", label: "low")], labels: 0)
    #expect(result.levels?.expectedLevelError == nil && result.levels?.expectedLevelErrorInterval == nil)
    // Level 1 of three is one from either end.
    #expect(result.levels?.meanAbsoluteError == 0.5)
  }

  @Test func `labels without an order have none of it, in the file too`() throws {
    var generator = FixedGenerator(seed: 1)
    let split = TestSplit(items: [.init(id: "0", label: "low", group: "0")], labels: labels, positive: nil)
    let file = Evaluator(split: split, using: &generator).evaluation(
      of: [.init(.twoStage, predictions: [Prediction(itemID: "0", label: "low")], labels: 0)], items: 1, labelsSpent: 0)
    #expect(file[.twoStage]?.levels == nil)
    #expect(!String(decoding: file.jsonData(), as: UTF8.self).contains("\"levels\""))
    #expect(!EvaluationTable(file).description.contains("quadratic kappa"))
  }

  /// The naive way: draw groups, gather their items, compute the figures of those.
  @Test func `intervals are those of drawing the items themselves group by group`() throws {
    var generator = FixedGenerator(seed: 9)
    let truth = (0..<200).map { _ in Int.random(in: 0..<3, using: &generator) }
    let given = truth.map { min(2, max(0, $0 + Int.random(in: -1...1, using: &generator))) }
    let groups = (0..<200).map { "g\($0 / 2)" }
    let predictions = given.enumerated().map { Prediction(itemID: "\($0.offset)", label: labels[$0.element]) }
    let levels = try #require(
      evaluator(truth.map { labels[$0] }, groups: groups, resamples: 4_000).result(of: predictions, labels: 0).levels)

    var (kappas, errors) = ([Double](), [Double]())
    for _ in 0..<4_000 {
      let drawn = (0..<100).flatMap { _ in
        let group = Int.random(in: 0..<100, using: &generator)
        return [2 * group, 2 * group + 1]
      }
      var (rows, columns, apart, squares) = ([0.0, 0, 0], [0.0, 0, 0], 0.0, 0.0)
      for item in drawn {
        rows[truth[item]] += 1
        columns[given[item]] += 1
        let distance = Double(abs(truth[item] - given[item]))
        (apart, squares) = (apart + distance, squares + distance * distance)
      }
      var chance = 0.0
      for (i, row) in rows.enumerated() {
        for (j, column) in columns.enumerated() { chance += row * column * Double((i - j) * (i - j)) }
      }
      kappas.append(1 - 200 * squares / chance)
      errors.append(apart / 200)
    }
    func ends(_ values: [Double]) -> (Double, Double) {
      let sorted = values.sorted()
      return (GroupBootstrap.quantile(0.025, of: sorted), GroupBootstrap.quantile(0.975, of: sorted))
    }
    // The standard error of such an end is sqrt(0.025 * 0.975 / 4,000) / 0.0584 = 0.042 deviations of the normal distribution,
    // which are about 0.05 for either figure. Both sides are drawn; four errors of their difference are 0.012.
    let interval = try #require(levels.quadraticKappaInterval)
    #expect(abs(interval.low - ends(kappas).0) < 0.015 && abs(interval.high - ends(kappas).1) < 0.015)
    #expect(abs(levels.meanAbsoluteErrorInterval.low - ends(errors).0) < 0.015)
    #expect(abs(levels.meanAbsoluteErrorInterval.high - ends(errors).1) < 0.015)
    #expect(interval.low < levels.quadraticKappa ?? 0 && levels.quadraticKappa ?? 0 < interval.high)
  }

  @Test func `the order of items and predictions leaves no trace`() throws {
    let truth = (0..<30).map { labels[$0 * 7 % 3] }
    let predictions = (0..<30).map { i in
      let p = [Double(i % 7) / 10, Double(i % 3) / 10]
      return Prediction(
        itemID: "\(i)", label: labels[i * 5 % 3],
        probabilities: ["low": p[0], "mid": p[1], "high": 1 - p[0] - p[1]])
    }
    let items = truth.enumerated().map {
      TestSplit.Item(id: "\($0.offset)", label: $0.element, group: "\($0.offset % 11)")
    }
    func levels(_ items: [TestSplit.Item], _ predictions: [Prediction]) -> EvaluationFile.LevelResult? {
      var generator = FixedGenerator(seed: 3)
      let split = TestSplit(items: items, labels: labels, positive: nil, ordered: true)
      return Evaluator(split: split, using: &generator).result(of: predictions, labels: 0).levels
    }
    #expect(levels(items, predictions) == levels(items.reversed(), predictions.reversed()))
  }

  @Test func `table, file and page say it`() throws {
    let truth = (0..<12).map { labels[$0 % 3] }
    let evaluator = evaluator(truth)
    let file = evaluator.evaluation(
      of: [
        .init(
          .twoStage, predictions: (0..<12).map { Prediction(itemID: "\($0)", label: labels[$0 % 4 % 3]) }, labels: 3)
      ], items: 12, labelsSpent: 3)
    let levels = try #require(file[.twoStage]?.levels)
    let table = EvaluationTable(file).description
    #expect(table.contains("quadratic kappa") && table.contains(String(format: "%.3f", levels.meanAbsoluteError)))
    let text = String(decoding: file.jsonData(), as: UTF8.self)
    #expect(text.contains("\"mean_absolute_error\"") && text.contains("\"quadratic_kappa_interval\""))
    let read = try JSONDecoder().decode(EvaluationFile.self, from: file.jsonData())
    #expect(read == file)
    var content = ReportContent(title: "t")
    content.evaluation = file
    let page = content.html()
    #expect(page.contains("Mean absolute error") && page.contains("Quadratic κ"))
    // The slice has its own.
    #expect(page.components(separatedBy: "Quadratic κ").count == 3)
  }

  @Test func `a prediction has its expected level in JSON, where labels are levels`() throws {
    let set = try LabelSet(labels.map { .init(name: $0) }, ordered: true)
    let plain = Prediction(itemID: "7", label: "high", probabilities: ["low": 0.25, "mid": 0, "high": 0.75])
    let scored = plain.scored(over: set)
    #expect(scored.score == 1.5)
    #expect(try plain.scored(over: LabelSet(labels.map { .init(name: $0) })).score == nil)
    #expect(Prediction(itemID: "8", label: "low").scored(over: set).score == nil)
    #expect(try JSONDecoder().decode(Prediction.self, from: JSONEncoder().encode(scored)) == scored)
    #expect(try String(decoding: JSONEncoder().encode(scored), as: UTF8.self).contains("\"score\":1.5"))
  }
}
