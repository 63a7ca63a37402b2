import Evaluation
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct OneTemperatureTests {
  private typealias Sample = CalibrationSample

  private static func calibration(_ mapping: StudentCalibration.Mapping) -> StudentCalibration {
    StudentCalibration(labels: Sample.labels, mapping: mapping)
  }

  @Test(arguments: [0.4, 1, 2.5]) func `a calibration that is a temperature is found again`(_ temperature: Double) {
    let fitted = OneTemperature(of: Self.calibration(.temperature(temperature)), on: Sample.sixty)
    #expect(abs(fitted.temperature - temperature) < 1e-9 * temperature)
    #expect(abs(fitted.fitted - fitted.exact) < 1e-9 && fitted.answers == 60)
  }

  /// With two labels and a bias that moves log-odds by b, the targets are sigmoid(x + b), and the temperature solves
  /// sum x (sigmoid(x + b) - sigmoid(x / T)) = 0. For log-odds of log 3 and log 9 and b = log 3 the targets are 9/10 and 27/28.
  @Test func `the temperature makes the mean cross-entropy from the calibrated probabilities least`() {
    let answers = [0.75, 0.9].enumerated().map { place, probability in
      StudentCalibration.Answer(
        id: "\(place)", group: "\(place)", probabilities: ["a": probability, "b": 1 - probability], truth: "a")
    }
    let shifted = StudentCalibration(
      labels: ["a", "b"], mapping: .vector(weights: ["a": 1, "b": 1], biases: ["a": log(3.0), "b": 0]))
    let fitted = OneTemperature(of: shifted, on: answers)
    func slope(_ temperature: Double) -> Double {
      [(log(3.0), 9.0 / 10), (log(9.0), 27.0 / 28)].reduce(0) { sum, row in
        sum + row.0 * (row.1 - 1 / (1 + exp(-row.0 / temperature)))
      }
    }
    #expect(abs(slope(fitted.temperature)) < 1e-9 && fitted.temperature < 1)
    #expect(abs(fitted.exact + (log(9.0 / 10) + log(27.0 / 28)) / 2) < 1e-12)
    #expect(abs(fitted.stated + (log(0.75) + log(0.9)) / 2) < 1e-12)
  }

  @Test func `log losses are of the true labels, and the order of the answers changes no bit`() {
    let mapping = StudentCalibration.mapping(.isotonic, learnedFrom: Sample.sixty, labels: Sample.labels)
    let fitted = OneTemperature(of: Self.calibration(mapping), on: Sample.sixty)
    let one = StudentCalibration(labels: Sample.labels, mapping: .temperature(fitted.temperature))
    func loss(_ calibration: StudentCalibration) -> Double {
      Sample.sixty.reduce(0) { $0 - log(calibration.calibrated($1.probabilities)[$1.truth] ?? 0) } / 60
    }
    #expect(abs(fitted.fitted - loss(one)) < 1e-12)
    #expect(abs(fitted.exact - loss(Self.calibration(mapping))) < 1e-12)
    #expect(abs(fitted.stated - loss(Self.calibration(.identity))) < 1e-12)
    #expect(OneTemperature(of: Self.calibration(mapping), on: Sample.sixty.reversed()) == fitted)
  }

  @Test func `what was learned from is counted in labels and in the agreed items beside them`() {
    // Two lines of one agreed item, one for each label that may be true.
    let agreed = [("a", 0.7), ("b", 0.3)].map { label, weight in
      StudentCalibration.Answer(
        id: "x", group: "x", probabilities: ["a": 0.8, "b": 0.2], truth: label, weight: weight, isAgreed: true)
    }
    let fitted = OneTemperature(of: Self.calibration(.temperature(2)), on: Sample.sixty + agreed)
    #expect(fitted.answers == 60 && fitted.agreed == 1)
    #expect(OneTemperature(of: Self.calibration(.temperature(2)), on: Sample.sixty).agreed == 0)
    func words(_ agreed: Int) -> String {
      StudentCalibration(
        labels: Sample.labels, mapping: .temperature(2), answers: 320, agreed: agreed, source: "budget"
      ).evidence
    }
    #expect(
      [0, 1, 400].map(words) == [
        "320 labels (budget)", "320 labels (budget) and 1 agreed item", "320 labels (budget) and 400 agreed items",
      ])
  }

  @Test func `answers are read as they were written, and a line that is none is refused by its field`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "calibration.jsonl")
      let encoder = JSONEncoder()
      let lines = try Sample.sixty.map { try encoder.encode($0) + Data("\n".utf8) }
      try Data(lines.joined()).write(to: file)
      #expect(try StudentCalibration.answers(contentsOf: file, labels: Sample.labels) == Sample.sixty)
      let line = #"{"id": "1", "group": "g", "truth": "a", "probabilities": {"a": 0.5, "b": 0.5}}"#
      for (old, new, place, expected) in [
        (#""g""#, "3", "line 2, field group", "a text"),
        ("0.5,", "1.5,", "line 2, field probabilities", "numbers from 0 to 1"),
        (#""truth": "a""#, #""truth": "z""#, "line 2", "one of the labels a, b, c"),
        ("0.5}", "0.5", "line 2, line 1", ""),
        (line, "\n\n" + line.replacing("0.5,", with: "1.5,"), "line 4, field probabilities", "numbers from 0 to 1"),
      ] {
        try Data((line + "\n" + line.replacing(old, with: new)).utf8).write(to: file)
        let error = #expect(throws: RunFileError.self) {
          try StudentCalibration.answers(contentsOf: file, labels: Sample.labels)
        }
        guard case .malformed(_, let found, let wanted, _)? = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(found.hasPrefix(place) && wanted.hasPrefix(expected), "\(found): \(wanted)")
      }
    }
  }
}
