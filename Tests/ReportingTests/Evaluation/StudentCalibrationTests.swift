import Evaluation
import Foundation
import TeacherProtocol
import TestSupport
import Testing

@Suite struct StudentCalibrationTests {
  private typealias Sample = CalibrationSample

  /// SciPy 1.17.1: minimize_scalar of the summed log loss over the logarithm of the temperature.
  @Test func `the temperature is the one that SciPy finds`() {
    guard
      case .temperature(let temperature) = StudentCalibration.mapping(
        .temperature, learnedFrom: Sample.sixty, labels: Sample.labels)
    else {
      Issue.record("another kind of mapping")
      return
    }
    #expect(abs(temperature - 1.58848891) < 1e-6)
  }

  /// SciPy 1.17.1: minimize (BFGS, then Nelder and Mead) of the summed log loss plus half the squared distance from weight 1
  /// and bias 0.
  @Test func `weights and biases are those that SciPy finds`() {
    guard
      case .vector(let weights, let biases) = StudentCalibration.mapping(
        .vector, learnedFrom: Sample.sixty, labels: Sample.labels)
    else {
      Issue.record("another kind of mapping")
      return
    }
    let expected = [("a", 0.78207243, 0.20639178), ("b", 0.44602627, -0.40002240), ("c", 0.76470093, 0.19363063)]
    for (label, weight, bias) in expected {
      #expect(abs((weights[label] ?? 0) - weight) < 1e-6)
      #expect(abs((biases[label] ?? 0) - bias) < 1e-6)
    }
  }

  /// scikit-learn 1.9.1: IsotonicRegression(out_of_bounds="clip") for each label at 0.05, 0.3, 0.5, 0.8 and 0.97; one answer
  /// more for each of the three labels makes p of 60 answers (60 p + 1) / 63.
  @Test func `functions are those of scikit-learn with one answer more for each label`() {
    guard
      case .isotonic(let functions) = StudentCalibration.mapping(
        .isotonic, learnedFrom: Sample.sixty, labels: Sample.labels)
    else {
      Issue.record("another kind of mapping")
      return
    }
    let expected: [String: [Double]] = [
      "a": [0.08333333333333333, 0.14285714285714285, 0.6346759596378166, 0.8823529411764706, 0.8823529411764706],
      "b": [0.05, 0.05, 0.05, 1, 1],
      "c": [0.07142857142857142, 0.07142857142857142, 0.5261977853765582, 0.875, 0.875],
    ]
    for (label, values) in expected {
      for (confidence, value) in zip([0.05, 0.3, 0.5, 0.8, 0.97], values) {
        #expect(abs((functions[label]?.calibrated(confidence) ?? 0) - (60 * value + 1) / 63) < 1e-9)
      }
    }
  }

  /// By hand: log-odds of 0.9 are log 9; halved they are log 3, which is 3 to 1. A weight of 2 on one label alone with a bias
  /// of log 2 makes 0.9 and 0.1 to 0.9² · 2 = 1.62 and 0.1.
  @Test func `mappings do what their formulas say`() {
    func calibrated(_ mapping: StudentCalibration.Mapping) -> [String: Double] {
      StudentCalibration(labels: ["a", "b"], mapping: mapping).calibrated(["a": 0.9, "b": 0.1])
    }
    #expect(calibrated(.identity) == ["a": 0.9, "b": 0.1])
    #expect(abs((calibrated(.temperature(2))["a"] ?? 0) - 0.75) < 1e-12)
    let vector = calibrated(.vector(weights: ["a": 2, "b": 1], biases: ["a": log(2), "b": 0]))
    #expect(abs((vector["a"] ?? 0) - 1.62 / 1.72) < 1e-12)
    let level = IsotonicCalibration(points: [.init(confidence: 0.5, probability: 0.6)])
    let rising = IsotonicCalibration(points: [
      .init(confidence: 0, probability: 0.1), .init(confidence: 0.2, probability: 0.3),
    ])
    #expect(abs((calibrated(.isotonic(["a": level, "b": rising]))["b"] ?? 0) - 0.2 / 0.8) < 1e-12)
  }

  @Test func `one temperature of two labels leaves the order of confidences, and no other mapping does`() {
    func changes(_ mapping: StudentCalibration.Mapping, _ labels: [String] = ["a", "b"]) -> Bool {
      StudentCalibration(labels: labels, mapping: mapping).changesOrder
    }
    #expect(!changes(.identity, ["a", "b", "c"]) && !changes(.temperature(2)))
    #expect(
      changes(.temperature(2), ["a", "b", "c"]) && changes(.vector(weights: [:], biases: [:]))
        && changes(.isotonic([:])))
  }

  @Test func `an item without probabilities stays without, and a label that is missing has none`() {
    let calibration = StudentCalibration(labels: ["a", "b"], mapping: .temperature(2))
    #expect(calibration.calibrated([:]) == [:])
    #expect((calibration.calibrated(["a": 1])["b"] ?? 1) < 1e-5)
  }

  @Test func `a student that is too sure by a factor gets its temperature back`() {
    let answers = Sample.answers(1_000, sharpness: 3, seed: 1)
    let calibration = StudentCalibration(answers, labels: ["a", "b"], source: "dev")
    // The standard error of the temperature at 1,000 answers is about 0.2.
    guard case .temperature(let temperature) = calibration.mapping else {
      Issue.record("\(calibration.method) and no temperature")
      return
    }
    #expect(abs(temperature - 3) < 0.6)
    #expect(calibration.reason == nil && calibration.answers == 1_000 && calibration.source == "dev")
    #expect(calibration.candidates.map(\.method) == [.identity, .temperature, .vector, .isotonic])
    let (before, after) = (calibration.logLossBefore ?? 0, calibration.logLossAfter ?? 0)
    #expect(after < before - 0.1)
  }

  @Test func `a student that favours a label gets a mapping by label`() {
    // Stated log-odds of b are 3 too high: no temperature mends that.
    let answers = Sample.answers(1_000, sharpness: 1, seed: 2).map { answer in
      var answer = answer
      let (a, b) = (answer.probabilities["a"] ?? 0, (answer.probabilities["b"] ?? 0) * exp(3))
      answer.probabilities = ["a": a / (a + b), "b": b / (a + b)]
      return answer
    }
    let calibration = StudentCalibration(answers, labels: ["a", "b"], source: "dev")
    guard case .vector(_, let biases) = calibration.mapping else {
      Issue.record("\(calibration.method) and no weights")
      return
    }
    // Four standard errors of a bias at 1,000 answers: 0.4.
    #expect(abs((biases["a"] ?? 0) - (biases["b"] ?? 0) - 3) < 0.6)
  }

  @Test(arguments: StudentCalibration.Method.allCases)
  func `an answer with a weight of 2 is as two answers`(_ method: StudentCalibration.Method) {
    let twice = Sample.sixty.map { answer in
      var answer = answer
      answer.weight = Int(answer.id).map { $0 % 3 == 0 } ?? false ? 2 : 1
      return answer
    }
    let copies = Sample.sixty.filter { Int($0.id).map { $0 % 3 == 0 } ?? false }.map { answer in
      var answer = answer
      answer.id += " again"
      return answer
    }
    func learned(_ answers: [StudentCalibration.Answer]) -> StudentCalibration {
      StudentCalibration(
        labels: Sample.labels,
        mapping: StudentCalibration.mapping(method, learnedFrom: answers, labels: Sample.labels))
    }
    let (one, other) = (learned(twice), learned(Sample.sixty + copies))
    for answer in Sample.sixty {
      let (p, q) = (one.calibrated(answer.probabilities), other.calibrated(answer.probabilities))
      #expect(Sample.labels.allSatisfy { abs((p[$0] ?? 0) - (q[$0] ?? 1)) < 1e-9 })
    }
  }

  /// Four items of five are easy: the student says 0.98 and is right on 98 of 100. On the others it says 0.9 and is right on
  /// half. Over all that 0.98 means 0.98; by the hard ones alone nobody could know.
  @Test func `agreed items keep a student as sure as it may be, where the labels are of hard ones alone`() {
    func answers(
      _ prefix: String, _ count: Int, says confidence: Double, right: Double
    ) -> [StudentCalibration.Answer] {
      (0..<count).map { number in
        let (label, other) = number % 2 == 0 ? ("a", "b") : ("b", "a")
        let isRight = Double((number / 2) % 50) < right * 50
        return .init(
          id: "\(prefix)\(number)", group: "\(prefix)\(number)",
          probabilities: [label: confidence, other: 1 - confidence], truth: isRight ? label : other)
      }
    }
    let hard = answers("hard", 200, says: 0.9, right: 0.5).map { answer in
      var answer = answer
      answer.weight = 0.2 * 600 / 200
      return answer
    }
    let easy = answers("easy", 400, says: 0.98, right: 0.98).map { answer in
      var answer = answer
      (answer.weight, answer.isAgreed) = (0.8 * 600 / 400, true)
      return answer
    }
    let alone = StudentCalibration(hard, labels: ["a", "b"], source: "budget")
    let beside = StudentCalibration(hard + easy, labels: ["a", "b"], source: "budget")
    #expect(alone.calibrated(["a": 0.98, "b": 0.02])["a"] ?? 1 < 0.7)
    #expect(abs((beside.calibrated(["a": 0.98, "b": 0.02])["a"] ?? 0) - 0.98) < 0.02)
    #expect(beside.calibrated(["a": 0.9, "b": 0.1])["a"] ?? 1 < 0.85)
    #expect(beside.answers == 200 && beside.agreed == 400 && alone.agreed == 0)
    let words = StudentCalibration.evidence(200, source: "budget", agreed: 400)
    #expect(words == "200 labels (budget) and 400 agreed items")
  }

  @Test func `what must be known is counted in labels of people`() {
    let few = Sample.answers(29, sharpness: 3, seed: 5)
    let agreed = Sample.answers(100, sharpness: 3, seed: 6).map { answer in
      var answer = answer
      (answer.id, answer.isAgreed) = ("agreed \(answer.id)", true)
      return answer
    }
    let calibration = StudentCalibration(few + agreed, labels: ["a", "b"], source: "budget")
    #expect(calibration.reason == "29 labelled answers are too few to learn from; it takes 30")
    #expect(calibration.answers == 29 && calibration.agreed == 100)
  }

  @Test func `the result does not depend on the order of answers`() {
    let answers = Sample.answers(200, sharpness: 2, labels: Sample.labels, seed: 3)
    let one = StudentCalibration(answers, labels: Sample.labels, source: "dev")
    #expect(one == StudentCalibration(answers.reversed(), labels: Sample.labels, source: "dev"))
  }

  @Test func `answers of a group are never on both sides of a fold`() {
    // Every item stands here 50 times, in a group of its own. Isotonic functions that had seen the copies would win.
    let few = Sample.answers(30, sharpness: 1, labels: Sample.labels, seed: 4)
    let many = (0..<50).flatMap { copy in
      few.map { answer in
        var answer = answer
        answer.id += " \(copy)"
        return answer
      }
    }
    let calibration = StudentCalibration(many, labels: Sample.labels, source: "dev")
    let isotonic = calibration.candidates.first { $0.method == .isotonic }
    #expect((isotonic?.logLoss ?? 0) > (calibration.logLossBefore ?? 0))
  }

  @Test func `too little is refused in words`() {
    let enough = Sample.answers(30, sharpness: 3, seed: 5)
    func reason(_ answers: [StudentCalibration.Answer]) -> String {
      let calibration = StudentCalibration(answers, labels: ["a", "b"], source: "dev")
      #expect(calibration.mapping == .identity || calibration.reason == nil)
      return calibration.reason ?? ""
    }
    #expect(reason(Array(enough.dropLast())) == "29 labelled answers are too few to learn from; it takes 30")
    let alike = enough.map { answer in
      var answer = answer
      answer.truth = "b"
      return answer
    }
    #expect(reason(alike) == "all labelled answers have the label 'b'; it takes answers of two labels at least")
    let grouped = enough.enumerated().map { index, answer in
      var answer = answer
      answer.group = "\(index % 9)"
      return answer
    }
    #expect(reason(grouped) == "the labelled answers are of 9 groups; cross-validation takes 10")
    let right = enough.map { answer in
      var answer = answer
      answer.truth = (answer.probabilities["a"] ?? 0) > 0.5 ? "a" : "b"
      return answer
    }
    #expect(reason(right) == "the student is right on all labelled answers, so nothing says how far to trust it")
  }

  @Test func `a calibrated student mostly stays as it is, or nearly so`() {
    for seed in UInt64(0)..<10 {
      let calibration = StudentCalibration(
        Sample.answers(200, sharpness: 1, seed: 100 + seed), labels: ["a", "b"], source: "dev")
      switch calibration.mapping {
      case .identity: #expect(calibration.reason?.hasPrefix("no mapping is better than none: ") == true)
      // Its standard error at 200 answers is about 0.15.
      case .temperature(let temperature): #expect(abs(log(temperature)) < 0.6)
      case .vector, .isotonic: break
      }
      let (before, after) = (calibration.logLossBefore ?? 0, calibration.logLossAfter ?? 1)
      #expect(after <= before)
    }
  }

  @Test(arguments: StudentCalibration.Method.allCases)
  func `what is written is read back`(_ method: StudentCalibration.Method) throws {
    let calibration = StudentCalibration(
      labels: Sample.labels,
      mapping: StudentCalibration.mapping(method, learnedFrom: Sample.sixty, labels: Sample.labels), answers: 60,
      agreed: 12, source: "dev",
      candidates: [.init(method: .identity, logLoss: 0.65), .init(method: method, logLoss: 0.6)],
      reason: method == .identity ? "nothing better" : nil, adapter: "5f1c")
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "calibration.json")
      try calibration.write(to: file)
      #expect(try StudentCalibration(contentsOf: file) == calibration)
    }
  }

  @Test(arguments: [
    (#"{"version": 2}"#, "field version"),
    (#"{"version": 1, "labels": ["a", "a"], "method": "identity"}"#, "field labels"),
    (#"{"version": 1, "labels": ["a", "b"], "method": "temperature", "temperature": 0}"#, "field temperature"),
    (#"{"version": 1, "labels": ["a", "b"], "method": "vector", "weights": {"a": 1}}"#, "field weights"),
    (
      #"{"version": 1, "labels": ["a"], "method": "isotonic", "functions": {"a": {"points": [{"confidence": 0.5, "#
        + #""probability": 1.5}]}}}"#, "field functions.a.points"
    ),
    (#"{"version": 1, "labels": ["a"], "method": "platt"}"#, "field method"),
    ("{", "line 1, column 2"),
  ])
  func `a file that is none is refused by the field`(_ text: String, _ place: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "calibration.json")
      try Data(text.utf8).write(to: file)
      let error = #expect(throws: RunFileError.self) { try StudentCalibration(contentsOf: file) }
      guard case .malformed(_, let found, _, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(found == place)
    }
  }

  @Test(arguments: [
    (
      #"{"version": 1, "labels": ["a", "b"], "method": "temperature", "temperature": -2}"#, "temperature",
      "a number from 0.000001 to 1000000",
      "-2"
    ),
    (
      #"{"version": 1, "labels": ["a", "b"], "method": "temperature", "temperature": 1e308}"#, "temperature",
      "a number from 0.000001 to 1000000", "1e308"
    ),
    (
      #"{"version": 1, "labels": ["a", "b"], "method": "vector", "weights": {"a": 1, "b": -1e308}, "biases": {"a": 0, "b": 0}}"#,
      "weights.b", "a number from -1000000 to 1000000", "-1e308"
    ),
    (
      #"{"version": 1, "labels": ["a", "b"], "method": "vector", "weights": {"a": 1, "b": 1}, "biases": {"a": 1e400, "b": 0}}"#,
      "biases.a", "a number of at most 1.8e308", "1e400"
    ),
    (
      #"{"version": 1, "labels": ["a"], "method": "identity", "answers": 1.5}"#, "answers",
      "a whole number that fits in 64 bits", "1.5"
    ),
    (
      #"{"version": 1, "labels": ["a"], "method": "identity", "answers": 1e308}"#, "answers",
      "a whole number that fits in 64 bits", "1e308"
    ),
    (#"{"version": 1, "labels": ["a"], "method": "identity", "adapter": 7}"#, "adapter", "a text", "7"),
    (#"{"version": 1, "method": "identity"}"#, "labels", "a value", "nothing"),
    (
      #"{"version": 1, "labels": ["a", "b"], "method": "temperature", "temperature": "two"}"#, "temperature",
      "a number",
      "\"two\""
    ),
    (
      #"{"version": 1, "labels": ["a"], "method": "platt"}"#, "method", "identity, temperature, vector, isotonic",
      "\"platt\""
    ),
    (#"{"version": 1, "labels": ["a", 3], "method": "identity"}"#, "labels[1]", "a text", "3"),
    (
      #"{"version": 1, "labels": ["a"], "method": "identity", "candidates": [{"method": "identity"}]}"#,
      "candidates[0].log_loss", "a value", "nothing"
    ),
    (#"{"version": 1, "labels": ["a"], "method": "identity", "answers": -1}"#, "answers", "0 or more", "-1"),
    (#"{"version": 1, "labels": ["a"], "method": "identity", "agreed": -1}"#, "agreed", "0 or more", "-1"),
  ])
  func `what is wrong with a file is said by field, in words of the file`(
    _ text: String, _ field: String, _ expected: String, _ found: String
  ) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "calibration.json")
      try Data(text.utf8).write(to: file)
      #expect(
        throws: RunFileError.malformed(file: file.path, place: "field \(field)", expected: expected, found: found)
      ) { try StudentCalibration(contentsOf: file) }
    }
  }
}
