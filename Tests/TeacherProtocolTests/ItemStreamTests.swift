import Foundation
import TeacherProtocol
import Testing

/// Rows and items that are read part by part are those that are read whole.
@Suite struct ItemStreamTests {
  private func rows(_ url: URL) throws -> [String] {
    let stream = try RowStream(contentsOf: url)
    var found: [String] = []
    while let row = try stream.next() {
      switch row {
      case .success(let row): found.append("\(row.line) \(row.number) \(row.value)")
      case .failure(let problem): found.append("\(problem.row ?? 0) \(problem)")
      }
    }
    return found
  }

  private func wholeRows(_ url: URL) throws -> [String] {
    let file = try RowFile(contentsOf: url)
    return
      (file.rows.map { ($0.number, "\($0.line) \($0.number) \($0.value)") }
      + file.problems.map { ($0.row ?? 0, "\($0.row ?? 0) \($0)") })
      .sorted { $0.0 < $1.0 }.map(\.1)
  }

  @Test(arguments: TableCorpusTests.expected.keys.sorted())
  func `a table of the corpus is read row by row as it is read whole`(_ name: String) throws {
    let url = TableCorpusTests.folder.appendingPathComponent(name)
    if TableCorpusTests.expected[name]?.refused != nil {
      let whole = try #require(failure { _ = try RowFile(contentsOf: url) })
      let streamed = failure {
        _ = try rows(url)
        // What tells of no row is said by whoever looks for one.
        _ = try ItemStream(contentsOf: url, mapping: FieldMapping(id: ColumnList([]), text: nil))
      }
      #expect(streamed == whole)
      return
    }
    #expect(try rows(url) == wholeRows(url))
  }

  /// Rows that stand across the ends of the pieces in which files are read, some of them of several lines.
  @Test(arguments: ["jsonl", "csv"]) func `rows across the ends of pieces are whole`(_ form: String) throws {
    let scratch = try Scratch()
    var text = form == "csv" ? "id,text,note\r\n" : ""
    for number in 0..<8_000 {
      let words = String(repeating: "wörd ", count: number % 97)
      switch (form, number % 1000) {
      case ("csv", 7): text += "\(number),\"torn \"quote\",x\r\n"
      case ("csv", 8): text += "\(number),too few\r\n"
      case ("csv", 9): text += "\r\n"
      case ("csv", _): text += "\(number),\"\(words)\r\nline \"\"two\"\"\",\(number % 3 == 0 ? "" : "n")\r\n"
      case (_, 7): text += "{\"id\": \(number), \"text\": \n"
      case (_, 8): text += "[\(number)]\n"
      case (_, 9): text += "\n  \n"
      default: text += "{\"id\": \"\(number)\", \"text\": \"\(words)\", \"deep\": {\"er\": [\(number)]}}\n"
      }
    }
    let file = try scratch.file("items.\(form)", String(text.dropLast(form == "csv" ? 2 : 1)))
    let found = try rows(file)
    #expect(found == (try wholeRows(file)))
    #expect(found.count > 7_900)
  }

  private func items(
    _ url: URL, _ mapping: FieldMapping, part: Int = 3, shard: Shard = .whole, group: String? = nil,
    strict: Bool = false
  ) throws -> [String] {
    let stream = try ItemStream(contentsOf: url, mapping: mapping, strict: strict, shard: shard, group: group)
    var found: [String] = []
    while let part = try stream.next(part) {
      found += part.rows.map { row in
        switch row {
        case .success(let item): "\(item.id) \(item.fields)"
        case .failure(let problem): "\(problem)"
        }
      }
    }
    #expect(found.count == stream.count)
    return found
  }

  private static let text = """
    {"id": "a", "text": "one", "pair": "p1"}
    {"id": "b", "text": "two", "pair": "p1"}
    {"id": "a", "text": "three", "pair": "p2"}
    {"id": "c", "pair": "p2"}
    {"id": "c", "text": "four", "pair": "p3"}
    {"text": "five", "pair": "p3"}
    not a row
    {"id": "d", "text": "six"}
    {"id": "e", "text": "seven", "image": "p.png", "pair": "p4"}
    {"id": "b", "text": "eight", "pair": "p5"}
    """

  @Test func `the rows of parts are those of the data set, repeated ids and bad rows too`() throws {
    let scratch = try Scratch()
    let file = try scratch.file("items.jsonl", Self.text)
    let mapping = FieldMapping(id: "id", text: "text")
    let whole = try Dataset(contentsOf: file, mapping: mapping).rows.map { row in
      switch row {
      case .success(let item): "\(item.id) \(item.fields)"
      case .failure(let problem): "\(problem)"
      }
    }
    #expect(whole.count == 10)
    for part in [1, 2, 3, 100] { #expect(try items(file, mapping, part: part) == whole) }
    for count in [2, 3, 5] {
      for group in [nil, "pair"] {
        let shards = try (1...count).map {
          try items(file, mapping, shard: Shard(index: $0, of: count), group: group)
        }
        // Each row in one part, and in the order of the file within each.
        #expect(shards.joined().sorted() == whole.sorted())
        for shard in shards { #expect(whole.filter(Set(shard).contains) == shard) }
      }
    }
    // A pair stays together.
    for count in [2, 3, 5] {
      let homes = try (1...count).filter {
        let own = try items(file, mapping, shard: Shard(index: $0, of: count), group: "pair")
        return own.contains { $0.hasPrefix("a ") } || own.contains { $0.hasPrefix("b ") }
      }
      #expect(homes.count == 1)
    }
  }

  @Test func `a file of which nothing can be used, or a column that it does not have, is refused as ever`() throws {
    let scratch = try Scratch()
    let bad = try scratch.file("bad.jsonl", "{\"id\": \"a\", \"text\": null}\n{\"id\": \"b\", \"text\": \" \"}\n")
    let good = try scratch.file("good.jsonl", Self.text)
    for (file, mapping, strict) in [
      (bad, FieldMapping(id: "id", text: "text"), false), (good, FieldMapping(id: "id", text: "texte"), false),
      (good, FieldMapping(id: "id", text: "texte"), true), (good, FieldMapping(id: "id", text: "text"), true),
      (scratch.url.appendingPathComponent("none.jsonl"), FieldMapping(id: "id", text: "text"), false),
      (try scratch.file("empty.csv", ""), FieldMapping(id: "id", text: "text"), false),
      (try scratch.file("header.csv", "id,text\n\n"), FieldMapping(id: "id", text: "text"), false),
      (try scratch.file("twice.csv", "id,id\n1,2\n"), FieldMapping(id: "id", text: nil), false),
    ] {
      let whole = failure { _ = try Dataset(contentsOf: file, mapping: mapping, strict: strict) }
      let streamed = failure { _ = try items(file, mapping, strict: strict) }
      #expect(whole != nil && streamed.map { "\($0)" } == whole.map { "\($0)" })
    }
  }

  @Test func `an image that is not there sets its row aside`() throws {
    let scratch = try Scratch()
    _ = try scratch.file("p.png", "x")
    let file = try scratch.file(
      "items.jsonl", "{\"id\": \"a\", \"image\": \"p.png\"}\n{\"id\": \"b\", \"image\": \"q.png\"}\n")
    let found = try items(file, FieldMapping(id: "id", image: "image", text: nil))
    #expect(found.count == 2 && found[0].hasPrefix("a ") && found[1].contains("there is no such file"))
  }
}
