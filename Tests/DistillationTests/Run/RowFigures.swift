import Annotations
import Distillation
import DualChecker
import Foundation
import TeacherProtocol
import TestSupport

extension RowFigures {
  private static func stated(_ rows: [OrderedRow]) -> ([Double], [Bool]) {
    (rows.map(\.confidence), rows.map(\.isRight))
  }

  static let calibration: [Figure] = [
    Figure("isotonic calibration") { rows in
      let (confidences, correct) = stated(rows)
      return "\(IsotonicCalibration(confidences: confidences, correct: correct).points)"
    },
    Figure("logistic calibration") { rows in
      let (confidences, correct) = stated(rows)
      return "\(LogisticCalibration(confidences: confidences, correct: correct))"
    },
    Figure("logistic calibration where sureness says the contrary") { rows in
      let (confidences, correct) = stated(rows)
      return "\(LogisticCalibration(confidences: confidences, correct: correct.map { !$0 }))"
    },
    Figure("temperature") { rows in
      let (confidences, correct) = stated(rows)
      return "\(TemperatureCalibration(confidences: confidences, correct: correct))"
    },
    Figure("temperature of distributions") { rows in
      "\(TemperatureCalibration(distributions: rows.map(\.distribution), truths: rows.map { labels.firstIndex(of: $0.truth) ?? 0 }))"
    },
    Figure("reliability and its error") { rows in
      let (confidences, correct) = stated(rows)
      let table = Reliability(confidences: confidences, correct: correct)
      return "\(table) \(table.expectedCalibrationError)"
    },
    Figure("reliability of predictions") { rows in
      "\(Reliability(of: rows.map(\.prediction), on: split(rows)))"
    },
    Figure("threshold of a precision") { rows in
      let (confidences, correct) = stated(rows)
      return "\([0.6, 0.8, 0.9, 0.95].map { PrecisionThreshold($0, confidences: confidences, correct: correct) })"
    },
    Figure("calibrations of teachers by temperature") { calibrations($0, .temperature) },
    Figure("calibrations of teachers by pooling") { calibrations($0, .isotonic) },
  ]

  private static func calibrations(_ rows: [OrderedRow], _ method: TeacherCalibrations.Method) -> String {
    let truth = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.truth) })
    let found = TeacherCalibrations(rows.flatMap(\.annotations), truth: truth, method: method, precision: 0.5)
    let values = RowFigures.rows.flatMap(\.annotations).map { found.calibrated($0)?.value ?? -1 }
    return "\(found.rows) \(values)"
  }

  private static func table(_ rows: [OrderedRow]) -> VoteTable {
    VoteTable(teachers: ["t0", "t1", "t2"], items: rows.map(\.id), votes: rows.map(\.votes))
  }

  private static func gold(_ rows: [OrderedRow], each: Int) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: rows.filter { (Int($0.id.dropFirst(4)) ?? 0) % each == 0 }.map { ($0.id, $0.truth) })
  }

  static let agreement: [Figure] = [
    Figure("agreement of a table of votes") { rows in
      try AgreementReport(table(rows), gold: gold(rows, each: 2), anchors: gold(rows, each: 5)).json()
    },
    Figure("agreement of annotations as they come, one by one") { rows in
      // Every row of a store is an item and a teacher; some teachers were asked twice.
      let annotations = rows.map(\.second) + (0..<3).flatMap { teacher in rows.map { $0.annotations[teacher] } }
      return try AgreementReport(VoteTable(annotations), gold: gold(rows, each: 2)).json()
    },
    Figure("agreement of annotations whose first teacher differs") { rows in
      let first = Int(rows[0].id.dropFirst(4)) ?? 0
      let annotations = rows.flatMap { row in (0..<3).map { row.annotations[($0 + first) % 3] } }
      return try AgreementReport(VoteTable(annotations), gold: gold(rows, each: 2)).json()
    },
    Figure("agreement of a file of replies") { rows in
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "replies.jsonl")
        let lines = rows.flatMap { row in
          row.votes.enumerated().map { teacher, vote in
            #"{"id": "\#(row.id)", "teacher": "t\#((teacher + row.text.count) % 3)", "label": \#(vote.map { "\"\($0)\"" } ?? "null"), "gold": "\#(row.truth)"}"#
          }
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return try AgreementReport.reading(file, anchors: gold(rows, each: 5)).report.text
      }
    },
    Figure("agreement of a file of objects of teachers, some of which are missing") { rows in
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "replies.jsonl")
        let lines = rows.map { row in
          let teachers = [2, 0, 1].compactMap { at in row.votes[at].map { "\"t\(at)\": {\"label\": \"\($0)\"}" } }
          return #"{"id": "\#(row.id)", "teachers": {\#(teachers.joined(separator: ", "))}, "gold": "\#(row.truth)"}"#
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return try AgreementReport.reading(file).report.json()
      }
    },
    Figure("Dawid and Skene's model") { rows in
      let fit = DawidSkene(table(rows))
      return "\(fit) \(RowFigures.rows.map { fit.posterior(of: $0.votes) ?? [] })"
    },
    Figure("anchored estimate") { rows in
      let known = rows.filter { $0.slice == "even" }.map { (guess: $0.confidence, truth: $0.isRight ? 1.0 : 0) }
      return "\(String(describing: AnchoredEstimate(guesses: rows.map(\.confidence), known: known)))"
    },
  ]

  private static func split(_ rows: [OrderedRow]) -> TestSplit {
    TestSplit(
      items: rows.map { .init(id: $0.id, label: $0.truth, group: $0.group, slice: $0.slice) }, labels: labels,
      positive: "yes")
  }

  static let evaluation: [Figure] = [
    Figure("evaluation, its intervals and slices") { rows in
      var generator = FixedGenerator(seed: 5)
      let evaluator = Evaluator(split: split(rows), resamples: 300, using: &generator)
      let file = evaluator.evaluation(
        of: [
          .init(.twoStage, predictions: rows.map(\.prediction), labels: 3),
          .init(.majority, predictions: rows.map { Prediction(itemID: $0.id, label: $0.votes[0]) }, labels: 0),
        ], items: 1, labelsSpent: 3)
      return String(decoding: file.jsonData(), as: UTF8.self)
    },
    Figure("interval over groups") { rows in
      var generator = FixedGenerator(seed: 6)
      let bootstrap = GroupBootstrap(groups: rows.map(\.group), resamples: 300, using: &generator)
      return "\(bootstrap.interval(of: rows.map(\.isRight))) \(bootstrap.means(of: rows.map { $0.isRight ? 1 : 0 }))"
    },
    Figure("confusion and macro F1") { rows in
      let matrix = ConfusionMatrix(labels: labels, truth: rows.map(\.truth), answers: rows.map { $0.votes[1] })
      return "\(matrix) \(matrix.macroF1) \(matrix.accuracy)"
    },
    Figure("threshold of the dev split") { rows in
      // Rounded, so that many are equal.
      "\(bestThreshold(rows.map { (probability: ($0.confidence * 20).rounded() / 20, isPositive: $0.isRight) }))"
    },
    Figure("F1 of classes") { rows in
      let task = try LabellingTask(classes: LabelSet(labels.map { .init(name: $0) }))
      let score = task.score(
        rows.map { $0.votes[2].map { .label($0) } }, against: rows.map(\.answer), texts: rows.map(\.text))
      return "\(score) \(score.macroF1) \(score.microF1)"
    },
    Figure("F1 of spans") { rows in
      let task = try LabellingTask(spanTypes: [.init(name: "a"), .init(name: "b")])
      func spans(_ row: OrderedRow, _ shift: Int) -> TaskAnswer {
        .spans([
          .init(label: row.isRight ? "a" : "b", range: 0..<row.text.prefix { $0 != " " }.count),
          .init(label: (row.text.count + shift) % 2 == 0 ? "a" : "b", range: 2 + shift..<6 + shift),
        ])
      }
      let score = task.score(
        rows.map { spans($0, $0.slice == "even" ? 0 : 1) }, against: rows.map { spans($0, 0) }, texts: rows.map(\.text))
      return "\(score) \(score.macroF1) \(score.tokenF1 ?? -1)"
    },
  ]

  static let choices: [Figure] = [
    Figure("division by groups") { rows in
      let whole = Dataset(items: rows.map(\.item), root: URL(filePath: "/"))
      let parts = try whole.splitByGroup([("train", 0.7), ("dev", 0.1), ("test", 0.2)], seed: 3)
      return "\(parts.items.map { "\($0.id) \($0.split)" }.sorted())"
    },
    Figure("orders of review") { rows in
      let conflicts = rows.map { Conflict(item: $0.item, annotations: $0.annotations) }
      let unsure = UncertaintyOrder(
        probabilities: Dictionary(
          uniqueKeysWithValues: rows.map { ($0.id, ["yes": $0.confidence, "no": 1 - $0.confidence]) }))
      let fit = DawidSkene(VoteTable(rows.flatMap(\.annotations)))
      let orders: [any ReviewOrder] = [
        RandomOrder(seed: 4), DisagreementConfidenceOrder(), unsure, VotePatternOrder(seed: 4), ExpectedErrorOrder(fit),
      ]
      return "\(orders.map { $0.ordered(conflicts).map(\.item.id) })"
    },
    Figure("order of coverage") { rows in
      var order = CoverageOrder(encoder: HashedNGramEncoder(dimensions: 128))
      order.limit = 150
      return "\(try await order.order(of: rows.map(\.item), count: 20).map { rows[$0].id })"
    },
    Figure("demonstrations") { rows in
      let pool = rows.map { Demonstration(item: $0.id, text: $0.text, label: $0.truth) }
      let encoder = HashedNGramEncoder(dimensions: 128)
      let selectors: [any DemonstrationSelector] = [
        try await NearestDemonstrations(pool, encoder: encoder),
        try await LabelBalancedDemonstrations(pool, encoder: encoder),
        try await DiverseDemonstrations(pool, encoder: encoder),
      ]
      var found: [String] = []
      for item in RowFigures.rows.prefix(5).map(\.item) {
        for selector in selectors { found += try await selector.demonstrations(for: item, count: 6).map(\.item) }
      }
      return "\(found)"
    },
    Figure("weights of n-grams") { rows in
      let encoder = HashedNGramEncoder(dimensions: 128).fitted(to: rows.map(\.text))
      return "\(try await encoder.vectors(for: ["a solar cell at night"]))"
    },
    Figure("borderline cases") { rows in
      let cases = rows.map { row in
        StudentCase(
          item: row.item, answer: row.answer, sureness: row.confidence,
          prediction: StudentPrediction(
            answer: .label(row.votes[0] ?? "no"),
            probabilities: row.slice == "even" ? [0.4, 0.3, 0.3] : row.distribution))
      }
      let checks: [any StudentCheck] = [MarginCheck(), EntropyCheck(), DisagreementCheck()]
      return "\(checks.map { $0.borderline(among: cases).map(\.item.id) })"
    },
  ]
}
