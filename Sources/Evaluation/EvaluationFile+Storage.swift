package import Foundation

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
      throw .unwritable(file: file.path, reason: error.localizedDescription)
    }
  }

  /// Reads the file.
  package init(contentsOf file: URL) throws(RunFileError) {
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw .unreadable(file: file.path, reason: error.localizedDescription)
    }
    do {
      self = try JSONDecoder().decode(EvaluationFile.self, from: data)
    } catch {
      let problem = JSONProblem(error)
      throw .malformed(file: file.path, place: problem.place, expected: problem.expected, found: problem.found)
    }
  }
}

/// A decoding error taken apart into the words that ``RunFileError`` needs.
package struct JSONProblem {
  package var place = "the whole file"
  package var expected = "JSON"
  package var found = "something else"

  package init(_ error: any Error) {
    func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
      let keys = (context.codingPath + (key.map { [$0] } ?? [])).map(\.stringValue)
      return keys.isEmpty ? "the whole file" : "field \(keys.joined(separator: "."))"
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      (place, expected, found) = (path(context, key), "a value", "nothing")
    case DecodingError.typeMismatch(let type, let context):
      (place, expected, found) = (path(context), "\(type)", "another type")
    case DecodingError.valueNotFound(let type, let context):
      (place, expected, found) = (path(context), "\(type)", "null")
    case DecodingError.dataCorrupted(let context):
      (place, found) = (path(context), context.debugDescription)
    default:
      found = "\(error)"
    }
  }
}
