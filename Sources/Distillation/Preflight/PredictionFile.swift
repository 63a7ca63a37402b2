package import Foundation

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
}
