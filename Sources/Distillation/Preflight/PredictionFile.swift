package import Evaluation
package import Foundation
internal import DistillationConfiguration
internal import JSON
package import TeacherProtocol

/// Predictions as a file: a JSON object a line.
package enum PredictionFile {
  /// The lines, keys sorted, so that the same predictions are the same bytes.
  package static func jsonLines(_ predictions: [some Encodable]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try predictions.reduce(into: Data()) { data, prediction in
      data += try encoder.encode(prediction) + Data("\n".utf8)
    }
  }

  /// Predictions as decision rows; a row without an answer is the line that ``jsonLines(_:)`` has for it.
  ///
  /// - Parameters:
  ///   - predictions: one for each row of the part.
  ///   - part: the rows as items.
  ///   - question: what was asked about an item.
  static func decisionRows(
    _ predictions: [Prediction], of part: Dataset, asked question: (Item) throws -> TypedQuestion
  ) throws -> Data {
    var lines = Data()
    for (prediction, row) in zip(predictions, part.rows) {
      guard case .success(let item) = row, prediction.error == nil, !prediction.probabilities.isEmpty else {
        lines += try jsonLines([prediction])
        continue
      }
      var line = DecisionRow.row(item, asked: try question(item), probabilities: prediction.probabilities)
      let marks = [("review", prediction.needsReview), ("cut", prediction.isCut)].filter { $0.1 == true }
      if !marks.isEmpty, let members = line.members {
        line = .object(members + marks.map { .init($0.0, .bool(true)) })
      }
      lines += Data((line.text + "\n").utf8)
    }
    return lines
  }
}

extension DistillationRun {
  /// Predictions as decision rows: what the run asks about each item, and how probable the student finds each label. A row
  /// without an answer is the line that ``PredictionFile`` has for it.
  ///
  /// - Parameters:
  ///   - predictions: one for each row of the part.
  ///   - part: the rows as items.
  /// - Throws: what the run's template or labels throw.
  package func decisionRows(_ predictions: [Prediction], of part: Dataset) throws -> Data {
    let (labels, template) = (try configuration.labelSet(), try PromptTemplate(configuration.prompt))
    return try PredictionFile.decisionRows(predictions, of: part) { item in
      TypedQuestion(
        name: configuration.questionName, instructions: try template.instructions(for: item, labels: labels),
        labels: labels)
    }
  }
}
