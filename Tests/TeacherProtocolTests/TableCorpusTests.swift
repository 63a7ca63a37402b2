import Foundation
import TeacherProtocol
import Testing

/// Small files of every kind, with the readings that make_tables.py states for them and, where pandas 3.1.1 reads them too,
/// has compared with its own.
@Suite struct TableCorpusTests {
  struct Expected: Decodable {
    var rows: [[String: String]]?
    var setAside: [[JSONPart]]?
    var refused: [String]?

    enum CodingKeys: String, CodingKey {
      case rows, refused
      case setAside = "set_aside"
    }
  }

  /// A line's number or a part of the reason.
  enum JSONPart: Decodable {
    case line(Int)
    case reason(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      self = if let line = try? value.decode(Int.self) { .line(line) } else { .reason(try value.decode(String.self)) }
    }
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Tables")

  static let expected: [String: Expected] = {
    let data = (try? Data(contentsOf: folder.appendingPathComponent("expected.json"))) ?? Data()
    return (try? JSONDecoder().decode([String: Expected].self, from: data)) ?? [:]
  }()

  @Test func `every table of the corpus has a file and an expected reading`() throws {
    #expect(Self.expected.count >= 45)
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(Set(files) == Set(Self.expected.keys).union(["expected.json", "make_tables.py"]))
  }

  @Test(arguments: expected.keys.sorted())
  func `a table of the corpus is read as expected`(_ name: String) throws {
    let expected = try #require(Self.expected[name])
    let url = Self.folder.appendingPathComponent(name)
    if let parts = expected.refused {
      let error = try #require(failure { _ = try RowFile(contentsOf: url) })
      for part in parts { #expect("\(error)".contains(part), "\(error)") }
      return
    }
    let table = try RowFile(contentsOf: url)
    let rows = table.rows.map { row in
      Dictionary(uniqueKeysWithValues: table.columns.compactMap { name in row.text(name).map { (name, $0) } })
    }
    #expect(rows == expected.rows)
    let setAside = expected.setAside ?? []
    #expect(table.problems.count == setAside.count, "\(table.problems)")
    for (problem, wanted) in zip(table.problems, setAside) {
      for part in wanted {
        switch part {
        case .line(let line): #expect(problem.line == line)
        case .reason(let words): #expect("\(problem)".contains(words), "\(problem)")
        }
      }
    }
  }

  @Test func `every row of a file comes in its order, as an item or with the reason why it is none`() throws {
    let scratch = try Scratch()
    _ = try scratch.file("a.jpg", "not empty")
    let rows = """
      [{"id": 1, "text": "a", "image": "a.jpg"}, {"id": 2, "text": "b", "image": "none.jpg"}, "text", \
      {"id": 1, "text": "c", "image": "a.jpg"}, {"id": 3, "text": " ", "image": "a.jpg"}, {"id": 4, "text": "d"}, \
      {"id": 5, "text": {"a": 1}, "image": "a.jpg"}, {"id": 6, "text": "e", "image": {"name": "a.jpg"}}, \
      {"text": "f", "image": "a.jpg"}, {"id": 7, "text": ["g", "h"], "image": "a.jpg"}]
      """
    let file = try scratch.file("rows.json", rows)
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(image: "image")).settingAsideMissingImages()
    // One missing image takes none of the rows that share its line.
    #expect(data.items.map(\.id) == ["1", "7"])
    #expect(data.items[1].text == "g; h")
    let read = data.rows.map { row in
      switch row {
      case .success(let item): item.id
      case .failure(let problem): problem.description.replacingOccurrences(of: scratch.url.path + "/", with: "")
      }
    }
    #expect(
      read.map { $0.replacingOccurrences(of: file.relativePath, with: "rows.json") } == [
        "1",
        "rows.json:1: row 2: item '2', field 'image': expected an image file, found 'none.jpg': there is no such file",
        "rows.json:1: row 3: expected an object of fields, found a text",
        "rows.json:1: row 4: item '1', field 'id': expected an id that did not occur before, found '1', as on line 1",
        "rows.json:1: row 5: item '3', field 'text': expected a text, found a blank text",
        "rows.json:1: row 6: item '4', field 'image': expected the path of an image, or [] where the item has none, found nothing",
        "rows.json:1: row 7: item '5', field 'text': expected a text, found an object",
        "rows.json:1: row 8: item '6', field 'image': expected paths of images, found an object in place 1 of 1",
        "rows.json:1: row 9: field 'id': expected an id, found nothing",
        "7",
      ])
  }

  @Test func `of a repeated id no row counts but the first, for items and gold labels alike`() throws {
    let scratch = try Scratch()
    let file = try scratch.file("rows.csv", "id,text,gold\n1,,1\n1,a second,0\n2,b,1\n")
    let mapping = FieldMapping(label: "gold")
    // The label of the first row would be joined to the text of the second.
    #expect(try Dataset(contentsOf: file, mapping: mapping).items.map(\.id) == ["2"])
    #expect(try GoldAnswers(contentsOf: file, mapping: mapping, labels: nil).answer(of: "1") == "1")
  }

  @Test func `a row's number counts the rows before it that can't be read`() throws {
    let scratch = try Scratch()
    let file = try scratch.file("rows.jsonl", "{\"text\": \"a\"}\n{\"text\":\n{\"text\": \"c\"}\n")
    // A file of replies by row number, without the broken line, would be joined one off.
    #expect(try Dataset(contentsOf: file, mapping: FieldMapping(id: [])).items.map(\.id) == ["1", "3"])
  }
}
