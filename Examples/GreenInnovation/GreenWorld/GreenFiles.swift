package import Foundation

extension GreenWorld {
  /// Writes the records as DualChecker's three kinds of file, JSON arrays: `cls.json` (label 1 for a green innovation),
  /// `path.json` (the green ones, label 0...3) and `ce.json` (cause and effect).
  package static func write(_ records: [GreenRecord], to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ rows: [Row], _ name: String) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try (encoder.encode(rows) + Data("\n".utf8)).write(to: folder.appending(path: name), options: .atomic)
    }
    try write(records.map { Row($0, label: $0.isGreen ? 1 : 0) }, "cls.json")
    try write(
      records.compactMap { record in
        record.path.map { Row(record, path: "1. \(record.cause) 2. \(record.effect) 3. \(paths[$0].name)", label: $0) }
      }, "path.json")
    try write(records.map { Row($0, cause: $0.cause, effect: $0.effect) }, "ce.json")
  }

  private struct Row: Encodable {
    var id: Int
    var summary: String
    var detail: String
    var path: String?
    var label: Int?
    var cause: String?
    var effect: String?

    init(
      _ record: GreenRecord, path: String? = nil, label: Int? = nil, cause: String? = nil, effect: String? = nil
    ) {
      (id, summary, detail) = (record.id, record.summary, record.detail)
      (self.path, self.label, self.cause, self.effect) = (path, label, cause, effect)
    }
  }
}
