import Foundation

/// Turns two public data sets with hand annotations into records as DualChecker reads them, one JSON Lines file a task.
///
///     swift run -c release RealText DATA OUT
///
/// DATA holds `tfh-patents/patents.jsonl` (patent abstracts about thin-film heads, github.com/awesome-patent-mining/
/// TFH_Annotated_Dataset) and `esg/sentences.jsonl` (Chinese sentences of sustainability reports,
/// github.com/LCYgogogo/ESG-dataset); what is not there is passed over. Of every ten groups, a patent or a sentence each, the
/// first seven are for training, the next is for development and the last two are tests: the column `split`, which runs with
/// folds leave alone.
@main
enum RealText {
  static func main() throws {
    guard CommandLine.arguments.count == 3 else {
      FileHandle.standardError.write(Data("usage: RealText DATA OUT\n".utf8))
      exit(2)
    }
    let (data, out) = (URL(filePath: CommandLine.arguments[1]), URL(filePath: CommandLine.arguments[2]))
    try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
    let patents = data.appending(path: "tfh-patents/patents.jsonl")
    if FileManager.default.fileExists(atPath: patents.path) {
      let rows: [Patent] = try rows(of: patents)
      try write(rows.map { [$0.spans] }, to: out.appending(path: "patents-spans.jsonl"))
      try write(rows.map(\.relationRecords), to: out.appending(path: "patents-relations.jsonl"))
    }
    let reports = data.appending(path: "esg/sentences.jsonl")
    if FileManager.default.fileExists(atPath: reports.path) {
      let rows: [Sentence] = try rows(of: reports)
      let records = rows.enumerated().map { place, row in
        [Record(id: "\(place + 1)", group: "\(place + 1)", summary: row.text, label: row.topic, quality: row.quality)]
      }
      try write(records, to: out.appending(path: "reports.jsonl"))
    }
  }

  private static func rows<Row: Decodable>(of file: URL) throws -> [Row] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
  }

  private static func write(_ groups: [[Record]], to file: URL) throws {
    let records = groups.enumerated().flatMap { place, group in
      group.map { record in
        var record = record
        record.split = place % 10 < 7 ? "train" : place % 10 == 7 ? "dev" : "test"
        return record
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try records.map { try encoder.encode($0) + Data("\n".utf8) }
    try lines.reduce(into: Data()) { $0 += $1 }.write(to: file, options: .atomic)
    print("\(records.count) records in \(file.path)")
  }
}

/// A record as DualChecker reads it.
private struct Record: Encodable {
  struct Span: Encodable {
    var label: String
    var start: Int
    var end: Int
  }

  var id: String
  var group: String
  /// The name of the part, given where the records are written.
  var split: String?
  var summary: String
  var detail: String?
  var label: String?
  var quality: String?
  var spans: [Span]?
}

private struct Sentence: Decodable {
  var text: String
  var topic: String
  var quality: String
}

private struct Patent: Decodable {
  struct Entity: Decodable {
    var id: String
    var start: Int
    var end: Int
    var type: String
  }

  struct Relation: Decodable {
    var type: String
    var arg1: String
    var arg2: String
  }

  var id: String
  var text: String
  var entities: [Entity]
  var relations: [Relation]

  /// The first sentence with its entities; the whole abstract as the longer text.
  var spans: Record {
    let end = sentences.first?.upperBound ?? text.unicodeScalars.count
    return Record(
      id: id, group: id, summary: words(0..<end), detail: text,
      spans: entities.filter { $0.end <= end }.map { .init(label: $0.type, start: $0.start, end: $0.end) })
  }

  /// One record a relation: its two ends, and the text from the one to the other.
  var relationRecords: [Record] {
    let byID = Dictionary(entities.map { ($0.id, $0) }) { first, _ in first }
    return relations.enumerated().compactMap { place, relation in
      guard let a = byID[relation.arg1], let b = byID[relation.arg2] else { return nil }
      let (low, high) = (min(a.start, b.start), max(a.end, b.end))
      return Record(
        id: "\(id)-\(place + 1)", group: id,
        summary:
          "\(words(a.start..<a.end)) (\(a.type)) and \(words(b.start..<b.end)) (\(b.type)): \(words(low..<high))",
        detail: text, label: relation.type)
    }
  }

  /// The places of the sentences in Unicode scalars: up to a full stop that a space and a capital follow.
  private var sentences: [Range<Int>] {
    let scalars = Array(text.unicodeScalars)
    var (found, start) = ([Range<Int>](), 0)
    for place in scalars.indices where scalars[place] == "." && place + 2 < scalars.count {
      guard scalars[place + 1] == " ", scalars[place + 2].properties.isUppercase else { continue }
      found.append(start..<(place + 1))
      start = place + 2
    }
    return found + [start..<scalars.count]
  }

  private func words(_ range: Range<Int>) -> String {
    let scalars = text.unicodeScalars
    let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
    return String(scalars[start..<scalars.index(start, offsetBy: range.count)])
  }
}
