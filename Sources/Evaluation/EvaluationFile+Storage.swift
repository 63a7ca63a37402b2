package import Foundation
internal import JSON
internal import Wording

extension EvaluationFile {
  /// The bytes of `evaluation.json`: keys sorted, indented, numbers in their shortest exact form. Equal evaluations
  /// give equal bytes.
  package func jsonData() -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(self) + Data("\n".utf8)
    } catch {
      preconditionFailure("an evaluation holds a number that JSON has not (\(error)); shares must be finite")
    }
  }

  /// Writes the file whole or not at all: a reader finds, at any instant, the old bytes or the new ones.
  package func write(to file: URL) throws(RunFileError) {
    do {
      try jsonData().write(to: file, options: .atomic)
    } catch {
      throw .unwritable(file: file.path, reason: FaultText.reason(of: error))
    }
  }

  /// Reads the file.
  package init(contentsOf file: URL) throws(RunFileError) {
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw .unreadable(file: file.path, reason: FaultText.reason(of: error))
    }
    do {
      self = try JSONParser.value(of: [UInt8](data)).decoded(as: EvaluationFile.self)
    } catch {
      let problem = JSONProblem(error, in: data)
      throw .malformed(file: file.path, place: problem.place, expected: problem.expected, found: problem.found)
    }
  }
}
