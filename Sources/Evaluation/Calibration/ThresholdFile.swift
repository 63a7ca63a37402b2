package import Foundation

/// The content of a run's `threshold.json`: from which confidence on the student's labels need no person.
///
/// ```json
/// {"version": 1, "confidence": 0.87, "precision": 0.95, "certainty": 0.95, "share": 0.6, "answers": 400, "accepted": 240,
///  "right": 236, "bound": 0.962, "source": "dev", "adapter": "5f1c…", "question": "90be…", "base": "a03d…",
///  "calibration": "77ab…"}
/// ```
package struct ThresholdFile: Codable, Sendable, Equatable {
  /// The threshold, and what it was found with.
  package let threshold: CertainThreshold
  /// Where the labels are from: `dev`, or a file.
  package let source: String
  /// The digest of the student's adapter.
  package let adapter: String
  /// The digest of `calibration.json`; nil where confidences are as the student states them.
  package let calibration: String?
  /// The digest of what the student was asked with; nil where that is not known.
  package let question: String?
  /// The digest of the base model that the adapter is put on; nil where that is not known, and for a student without an adapter.
  package let base: String?
  /// Whether the calibration was learned from the same labels, and changes the order of confidences: the bound is then not exact.
  package let readsLabelsAgain: Bool

  package init(
    _ threshold: CertainThreshold, source: String, adapter: String, calibration: String?, question: String? = nil,
    base: String? = nil, readsLabelsAgain: Bool = false
  ) {
    (self.threshold, self.source, self.adapter) = (threshold, source, adapter)
    (self.calibration, self.question, self.base) = (calibration, question, base)
    self.readsLabelsAgain = readsLabelsAgain
  }

  private enum CodingKeys: String, CodingKey {
    case version, source, adapter, calibration, question, base, share
    case readsLabelsAgain = "labels_read_again"
  }

  private static let version = 1

  /// Reads the object described above.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    guard try fields.decode(Int.self, forKey: .version) == Self.version else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: fields,
        debugDescription: "expected \(Self.version); the file is of a later version of the program")
    }
    try self.init(
      CertainThreshold(from: decoder), source: fields.decode(String.self, forKey: .source),
      adapter: fields.decode(String.self, forKey: .adapter),
      calibration: fields.decodeIfPresent(String.self, forKey: .calibration),
      question: fields.decodeIfPresent(String.self, forKey: .question),
      base: fields.decodeIfPresent(String.self, forKey: .base),
      readsLabelsAgain: fields.decodeIfPresent(Bool.self, forKey: .readsLabelsAgain) ?? false)
  }

  /// Writes the object described above.
  package func encode(to encoder: any Encoder) throws {
    try threshold.encode(to: encoder)
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(Self.version, forKey: .version)
    try fields.encode(source, forKey: .source)
    try fields.encode(adapter, forKey: .adapter)
    try fields.encodeIfPresent(calibration, forKey: .calibration)
    try fields.encodeIfPresent(question, forKey: .question)
    try fields.encodeIfPresent(base, forKey: .base)
    if readsLabelsAgain { try fields.encode(true, forKey: .readsLabelsAgain) }
    try fields.encode(threshold.share, forKey: .share)
  }

  /// Reads the file.
  package init(contentsOf file: URL) throws(RunFileError) { self = try RunFile.read(file) }

  /// Writes the file whole or not at all.
  package func write(to file: URL) throws(RunFileError) { try RunFile.write(self, to: file) }
}
