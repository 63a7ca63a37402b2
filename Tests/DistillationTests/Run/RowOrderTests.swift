import Annotations
import Distillation
import DualChecker
import Foundation
import TeacherProtocol
import Testing
import TestSupport

/// No figure may depend on the order in which rows come: each is worked out over the same rows in several orders, and every
/// bit must be the same. Numbers are compared by their shortest decimal form, which differs where a bit does.
@Suite struct RowOrderTests {
  @Test(arguments: RowFigures.all)
  func `a figure is the same bit for bit in whichever order the rows come`(_ figure: RowFigures.Figure) async throws {
    let rows = RowFigures.rows
    let expected = try await figure.value(rows)
    #expect(expected.count > 1)
    for seed in 1...6 {
      var generator = FixedGenerator(seed: UInt64(seed))
      let found = try await figure.value(rows.shuffled(using: &generator))
      #expect(found == expected, "\(figure.name), order \(seed)")
    }
    #expect(try await figure.value(rows.reversed()) == expected, "\(figure.name), reversed")
  }
}

/// One row of data: an item, its truth, and what teachers and student say of it.
struct OrderedRow: Sendable {
  var id: String
  var group: String
  var slice: String
  var truth: String
  var confidence: Double
  var isRight: Bool
  var distribution: [Double]
  /// By teacher; nil where it says nothing.
  var votes: [String?]
  var text: String

  var item: Item {
    Item(id: id, group: group, image: "\(group).png", fields: ["text": text], attributes: ["kind": slice])
  }
  var prediction: Prediction {
    Prediction(
      itemID: id, label: isRight ? truth : "no",
      probabilities: ["yes": distribution[0], "no": distribution[1], "maybe": distribution[2]])
  }
  var annotations: [Annotation] {
    votes.enumerated().map { teacher, vote in
      Annotation(
        key: "\(teacher)-\(id)", item: id, teacher: "t\(teacher)", model: "m", promptVersion: "p",
        reply: TeacherReply(
          outcome: vote.map { .answered($0) } ?? .abstained, rationale: "",
          confidence: Confidence(confidence, source: .verbalised), raw: ""), time: 1)
    }
  }
  /// What another teacher said earlier and what it says now: of two votes the later one counts.
  var second: Annotation {
    Annotation(
      key: "again-\(id)", item: id, teacher: "t0", model: "m", promptVersion: "q",
      reply: TeacherReply(outcome: .answered("maybe"), rationale: "", raw: ""), time: 2)
  }
  var answer: TaskAnswer { .label(truth) }
}

/// Every figure that is worked out over rows.
enum RowFigures {
  struct Figure: Sendable, CustomTestStringConvertible {
    let name: String
    let value: @Sendable ([OrderedRow]) async throws -> String
    var testDescription: String { name }
    init(_ name: String, _ value: @escaping @Sendable ([OrderedRow]) async throws -> String) {
      (self.name, self.value) = (name, value)
    }
  }

  static let labels = ["yes", "no", "maybe"]

  /// Rows with many ties: equal confidences, equal texts, groups of several items.
  static let rows: [OrderedRow] = {
    var generator = FixedGenerator(seed: 42)
    return (0..<300).map { number in
      let raw = (0..<3).map { _ in Double.random(in: 0.01...1, using: &generator) }
      let sum = raw.reduce(0, +)
      let truth = labels[Int.random(in: 0..<3, using: &generator)]
      let confidence =
        number % 3 == 0 ? 0.9 : number % 50 == 1 ? 1 : Double.random(in: 0.3...1, using: &generator)
      return OrderedRow(
        id: "row \(number * 7919 % 1000)", group: "group \(number * 31 % 90)", slice: number % 2 == 0 ? "even" : "odd",
        truth: truth, confidence: confidence, isRight: Double.random(in: 0...1, using: &generator) < confidence - 0.1,
        distribution: raw.map { $0 / sum },
        votes: (0..<3).map { _ in
          Double.random(in: 0...1, using: &generator) < 0.7
            ? truth : Bool.random(using: &generator) ? nil : labels[Int.random(in: 0..<3, using: &generator)]
        },
        text: ["a solar cell", "the harbour at night", "one more pump"][number % 3] + " \(number % 40)")
    }
  }()

  static let all: [Figure] = calibration + agreement + evaluation + choices
}
