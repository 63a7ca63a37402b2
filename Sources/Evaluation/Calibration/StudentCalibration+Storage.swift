package import Foundation
internal import JSON
internal import TeacherProtocol
internal import Wording

/// The content of a run's `calibration.json`:
///
/// ```json
/// {"version": 1, "method": "temperature", "temperature": 2.13, "labels": ["ham", "spam"], "answers": 200,
///  "source": "dev", "adapter": "5f1c…", "question": "90be…", "base": "a03d…", "log_loss_before": 0.61, "log_loss_after": 0.43,
///  "candidates": [{"method": "identity", "log_loss": 0.61}, {"method": "temperature", "log_loss": 0.43}]}
/// ```
///
/// `vector` has `weights` and `biases` by label in place of the temperature, `isotonic` `functions`: the corners of each
/// label's function, `{"ham": {"points": [{"confidence": 0.6, "probability": 0.5}, …]}}`, joined by straight lines, level
/// beyond the ends, before the sum is made 1. `identity` has a `reason`.
extension StudentCalibration: Codable {
  private enum CodingKeys: String, CodingKey {
    case version, method, labels, answers, agreed, source, candidates, reason, adapter, question, base
    case temperature, weights, biases, functions
    case logLossBefore = "log_loss_before"
    case logLossAfter = "log_loss_after"
  }

  /// The version of the file that is read and written.
  private static let version = 1

  /// Beyond this nothing is learned, and what is computed of probabilities may be no number.
  private static let largest = 1e6

  private struct LabelKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads the object described above. Fields that are not known are passed over.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func refuse(_ key: CodingKeys, _ expected: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: fields, debugDescription: "expected \(expected)")
    }
    guard try fields.decode(Int.self, forKey: .version) == Self.version else {
      throw refuse(.version, "\(Self.version); the file is of a later version of the program")
    }
    let labels = try fields.decode([String].self, forKey: .labels)
    guard Set(labels).count == labels.count, !labels.isEmpty else { throw refuse(.labels, "labels, none twice") }
    func numbers(_ key: CodingKeys) throws -> [String: Double] {
      let numbers = try fields.decode([String: Double].self, forKey: key)
      guard Set(numbers.keys) == Set(labels) else { throw refuse(key, "a number for each of the labels") }
      for label in labels where abs(numbers[label] ?? 0) > Self.largest {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: fields.codingPath + [key, LabelKey(stringValue: label)],
            debugDescription: "expected a number from -1000000 to 1000000"))
      }
      return numbers
    }
    let mapping: Mapping
    guard let method = Method(rawValue: try fields.decode(String.self, forKey: .method)) else {
      throw refuse(.method, Method.allCases.map(\.rawValue).joined(separator: ", "))
    }
    switch method {
    case .identity: mapping = .identity
    case .temperature:
      let temperature = try fields.decode(Double.self, forKey: .temperature)
      guard (1 / Self.largest...Self.largest).contains(temperature) else {
        throw refuse(.temperature, "a number from 0.000001 to 1000000")
      }
      mapping = .temperature(temperature)
    case .vector: mapping = try .vector(weights: numbers(.weights), biases: numbers(.biases))
    case .isotonic:
      let functions = try fields.decode([String: IsotonicCalibration].self, forKey: .functions)
      guard Set(functions.keys) == Set(labels) else {
        throw refuse(.functions, "for each of the labels points from 0 to 1 that rise")
      }
      mapping = .isotonic(functions)
    }
    let answers = try fields.decodeIfPresent(Int.self, forKey: .answers) ?? 0
    guard answers >= 0 else { throw refuse(.answers, "0 or more") }
    let agreed = try fields.decodeIfPresent(Int.self, forKey: .agreed) ?? 0
    guard agreed >= 0 else { throw refuse(.agreed, "0 or more") }
    self.init(
      labels: labels, mapping: mapping, answers: answers, agreed: agreed,
      source: try fields.decodeIfPresent(String.self, forKey: .source) ?? "",
      candidates: try fields.decodeIfPresent([Candidate].self, forKey: .candidates) ?? [],
      reason: try fields.decodeIfPresent(String.self, forKey: .reason),
      adapter: try fields.decodeIfPresent(String.self, forKey: .adapter),
      question: try fields.decodeIfPresent(String.self, forKey: .question),
      base: try fields.decodeIfPresent(String.self, forKey: .base))
  }

  /// Writes the object described above.
  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(Self.version, forKey: .version)
    try fields.encode(method, forKey: .method)
    try fields.encode(labels, forKey: .labels)
    try fields.encode(answers, forKey: .answers)
    if agreed > 0 { try fields.encode(agreed, forKey: .agreed) }
    try fields.encode(source, forKey: .source)
    if !candidates.isEmpty { try fields.encode(candidates, forKey: .candidates) }
    try fields.encodeIfPresent(logLossBefore, forKey: .logLossBefore)
    try fields.encodeIfPresent(logLossAfter, forKey: .logLossAfter)
    try fields.encodeIfPresent(reason, forKey: .reason)
    try fields.encodeIfPresent(adapter, forKey: .adapter)
    try fields.encodeIfPresent(question, forKey: .question)
    try fields.encodeIfPresent(base, forKey: .base)
    switch mapping {
    case .identity: break
    case .temperature(let temperature): try fields.encode(temperature, forKey: .temperature)
    case .vector(let weights, let biases):
      try fields.encode(weights, forKey: .weights)
      try fields.encode(biases, forKey: .biases)
    case .isotonic(let functions): try fields.encode(functions, forKey: .functions)
    }
  }

  /// Reads the file.
  package init(contentsOf file: URL) throws(RunFileError) {
    self = try RunFile.read(file)
  }

  /// Writes the file whole or not at all. Equal calibrations give equal bytes.
  package func write(to file: URL) throws(RunFileError) { try RunFile.write(self, to: file) }
}

extension StudentCalibration {
  /// Reads answers whose truth is known, one a line.
  ///
  /// - Throws: `RunFileError`, naming line and field.
  package static func answers(contentsOf file: URL, labels: [String]) throws(RunFileError) -> [Answer] {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw .unreadable(file: file.path, reason: FaultText.reason(of: error))
    }
    var answers: [Answer] = []
    for (number, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where !line.isEmpty {
      let place = "line \(number + 1)"
      let answer: Answer
      do {
        answer = try JSONParser.value(of: [UInt8](line)).decoded(as: Answer.self)
      } catch {
        let problem = JSONProblem(error, in: line)
        throw .malformed(
          file: file.path, place: "\(place), \(problem.place)", expected: problem.expected, found: problem.found)
      }
      let known = labels.joined(separator: ", ")
      if let other = ([answer.truth] + answer.probabilities.keys.sorted()).first(where: {
        !labels.contains($0)
      }) {
        throw .malformed(file: file.path, place: place, expected: "one of the labels \(known)", found: "'\(other)'")
      }
      guard answer.weight > 0 else {
        throw .malformed(
          file: file.path, place: "\(place), field weight", expected: "more than 0", found: "\(answer.weight)")
      }
      if let other = answer.probabilities.values.first(where: { !(0...1 + 1e-9).contains($0) }) {
        throw .malformed(
          file: file.path, place: "\(place), field probabilities", expected: "numbers from 0 to 1", found: "\(other)")
      }
      answers.append(answer)
    }
    return answers
  }
}

/// A line of `predictions/calibration.jsonl`: an answer that a person labelled has no weight and no mark.
extension StudentCalibration.Answer {
  private enum CodingKeys: String, CodingKey {
    case id, group, probabilities, truth, weight
    case isAgreed = "agreed"
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      id: try fields.decode(String.self, forKey: .id), group: try fields.decode(String.self, forKey: .group),
      probabilities: try fields.decode([String: Double].self, forKey: .probabilities),
      truth: try fields.decode(String.self, forKey: .truth),
      weight: try fields.decodeIfPresent(Double.self, forKey: .weight) ?? 1,
      isAgreed: try fields.decodeIfPresent(Bool.self, forKey: .isAgreed) ?? false)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id, forKey: .id)
    try fields.encode(group, forKey: .group)
    try fields.encode(probabilities, forKey: .probabilities)
    try fields.encode(truth, forKey: .truth)
    if weight != 1 { try fields.encode(weight, forKey: .weight) }
    if isAgreed { try fields.encode(isAgreed, forKey: .isAgreed) }
  }
}

/// Small JSON files of a run's folder.
enum RunFile {
  static func read<Content: Decodable>(_ file: URL) throws(RunFileError) -> Content {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw .unreadable(file: file.path, reason: FaultText.reason(of: error))
    }
    do { return try JSONParser.value(of: [UInt8](data)).decoded(as: Content.self) } catch {
      let problem = JSONProblem(error, in: data)
      throw .malformed(file: file.path, place: problem.place, expected: problem.expected, found: problem.found)
    }
  }

  static func write(_ content: some Encodable, to file: URL) throws(RunFileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do { try (encoder.encode(content) + Data("\n".utf8)).write(to: file, options: .atomic) } catch {
      throw .unwritable(file: file.path, reason: FaultText.reason(of: error))
    }
  }
}
