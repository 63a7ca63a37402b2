import Foundation
import TeacherProtocol
import Testing

@Suite struct DatasetTests {
  let scratch: Scratch
  let mapping = FieldMapping(
    image: "photo", text: "caption", label: "gold", group: "pair", split: "part", evidence: ["entities": "seen"],
    slices: ["kind": "kind"])

  init() throws { scratch = try Scratch() }

  let expected = [
    Item(
      id: "1", group: "p", split: "train", imageSlots: [ImageSlot(name: "photo", paths: ["a.jpg"])],
      fields: ["text": "A dog, \"big\"", "entities": "dog; grass"],
      attributes: ["kind": "random"]),
    Item(
      id: "2", group: "2", split: "test", imageSlots: [ImageSlot(name: "photo", paths: ["b.jpg"])],
      fields: ["text": "Zwei\nZeilen", "entities": ""],
      attributes: ["kind": ""]),
  ]

  @Test func `JSON Lines, a JSON array and CSV give the same items`() throws {
    let one =
      #"{"id": 1, "photo": "a.jpg", "caption": "A dog, \"big\"", "gold": 1, "pair": "p", "part": "train", "#
      + #""seen": ["dog", "grass"], "kind": "random"}"#
    let two = #"{"id": "2", "photo": "b.jpg", "caption": "Zwei\nZeilen", "gold": 0, "part": "test", "seen": null}"#
    let csv =
      "id,photo,caption,gold,pair,part,seen,kind\r\n1,a.jpg,\"A dog, \"\"big\"\"\",1,p,train,dog; grass,random\r\n"
      + "2,b.jpg,\"Zwei\nZeilen\",0,,test,,\r\n"
    let mark = "\u{FEFF}"
    for (name, content) in [
      ("a.jsonl", "\(one)\r\n\n\(two)"), ("b.jsonl", "\(mark)\(one)\n\(two)\n"), ("c.json", "[\(one),\n\(two)]\n"),
      ("d.json", "\(mark) \n[\(one), \(two)]"), ("e.csv", csv), ("f.csv", mark + csv), ("g.txt", csv),
    ] {
      let data = try Dataset(contentsOf: try scratch.file(name, content), mapping: mapping, strict: true)
      #expect(data.items == expected, "\(name)")
      #expect(data.setAside.isEmpty)
      #expect(data.splits == ["train", "test"])
    }
  }

  @Test func `bad rows are set aside and listed with line and field`() throws {
    let content = """
      {"id": 1, "text": "good"}
      {"id": 2, "text": null}
      {"text": "no id"}
      {"id": 1, "text": "again"}
      {"id": 3, "text": "cut
      [1, 2]
      {"id": 4, "text": "  "}

      {"id": 5, "text": "good"}
      """
    let file = try scratch.file("rows.jsonl", content)
    let data = try Dataset(contentsOf: file, mapping: FieldMapping())
    #expect(data.items.map(\.id) == ["1", "5"])
    #expect(data.setAside.map(\.line) == [2, 3, 4, 5, 6, 7])
    #expect(data.setAside.map(\.field) == ["text", "id", "id", nil, nil, "text"])
    #expect(
      data.setAside[0].description == "\(file.relativePath):2: item '2', field 'text': expected a text, found null")
    #expect(data.setAside[2].found == "'1', as on line 1")
    #expect(
      failure { _ = try Dataset(contentsOf: file, mapping: FieldMapping(), strict: true) } == .badRow(data.setAside[0]))
  }

  @Test func `bad CSV rows are set aside and the next ones still read`() throws {
    let content = "id,text\n1,a,b\n2,\"two\nlines\"\n3,\"x\"y\n4\n5,fine\n6,\"never closed\n7,x\n"
    let data = try Dataset(contentsOf: try scratch.file("rows.csv", content), mapping: FieldMapping())
    #expect(data.items.map(\.id) == ["2", "5"])
    #expect(data.setAside.map(\.line) == [2, 5, 6, 8])
    #expect(data.setAside[0].expected == "2 fields as in the header")
    #expect(data.setAside[1].found == "'y'")
    #expect(data.setAside[3].found == "a quote opened on line 8 and never closed, with lines 9 to 9 inside it")
  }

  @Test func `a row with a field twice is set aside with file, line and field, and no value is chosen`() throws {
    let lines = [
      #"{"id": 1, "text": "one"}"#, #"{"id": 2, "text": "first", "text": "second"}"#,
      #"{"id": 3, "text": "three", "more": [{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}]}"#, #"{"id": 4, "text": "four"}"#,
    ]
    for (name, content) in [
      ("rows.jsonl", lines.joined(separator: "\n")), ("rows.json", "[\(lines.joined(separator: ",\n"))]"),
    ] {
      let file = try scratch.file(name, content)
      let data = try Dataset(contentsOf: file, mapping: FieldMapping())
      #expect(data.items.map(\.id) == ["1", "4"])
      #expect(
        data.setAside.map(\.description) == [
          "\(file.relativePath):2: field 'text': expected a field of one name once, found it a second time",
          "\(file.relativePath):3: field 'more.[0].b.c': expected a field of one name once, found it a second time",
        ])
    }
    // Read row by row, too.
    let stream = try RowStream(contentsOf: try scratch.file("more.jsonl", lines.joined(separator: "\n")))
    var fields: [String?] = []
    while let row = try stream.next() { if case .failure(let problem) = row { fields.append(problem.field) } }
    #expect(fields == ["text", "more.[0].b.c"])
  }

  @Test func `a CSV header with a column twice is refused`() throws {
    let file = try scratch.file("rows.csv", "id,text,id\n1,a,b\n")
    let error = failure { _ = try Dataset(contentsOf: file, mapping: FieldMapping()) }
    #expect("\(try #require(error))".contains("'id' twice"))
  }

  @Test func `a column that no row has is an error that lists the columns`() throws {
    let file = try scratch.file("rows.jsonl", #"{"id": 1, "caption": "a"}"#)
    let error = failure { _ = try Dataset(contentsOf: file, mapping: FieldMapping()) }
    #expect(error == .missingColumn(file: file.relativePath, column: "text", key: "text", known: ["id", "caption"]))
    let other = failure {
      _ = try Dataset(contentsOf: file, mapping: FieldMapping(text: "caption", evidence: ["e": "web"]))
    }
    #expect(
      other == .missingColumn(file: file.relativePath, column: "web", key: "evidence.e", known: ["id", "caption"]))
  }

  /// The forms of CommonsenseQA, ARC and OpenBookQA: in the datasets library, and in the files that were published first.
  @Test func `the choices of a question fill a slot with a line each`() throws {
    let file = try scratch.file(
      "choices.jsonl",
      """
      {"id": 1, "text": "Where is hay?", "choices": {"label": ["A", "B"], "text": ["desk", "barn"]}}
      {"id": 2, "text": "Where is hay?", "choices": [{"label": "A", "text": "desk"}, {"label": "B", "text": "barn"}]}
      {"id": 3, "text": "Where is hay?", "choices": {"text": ["desk\\nof oak", "barn"], "label": [1, 2]}}
      {"id": 4, "text": "Where is hay?", "choices": ["desk", "barn"]}
      {"id": 5, "text": "Where is hay?", "choices": {"label": ["A", "B"], "text": ["desk"]}}
      {"id": 6, "text": "Where is hay?", "choices": [{"label": "A", "text": "desk"}, {"label": "B"}]}
      """)
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(evidence: ["choices": "choices"]))
    #expect(
      data.items.map { $0.fields["choices"] } == [
        "A. desk\nB. barn", "A. desk\nB. barn", "1. desk of oak\n2. barn", "desk; barn",
      ])
    // A question without all of its choices is not asked.
    #expect(data.setAside.map(\.line) == [5, 6] && data.setAside.map(\.field) == ["choices", "choices"])
  }

  @Test func `a broken array is an error with its line`() throws {
    let file = try scratch.file("rows.json", "[{\"id\": 1, \"text\": \"a\"},\n{\"id\": 2 \"text\": \"b\"}]")
    guard case .badRow(let problem)? = failure({ _ = try Dataset(contentsOf: file, mapping: FieldMapping()) }) else {
      Issue.record("no error")
      return
    }
    #expect(problem.line == 2)
  }

  @Test func `missing, empty and large files are errors that name the file`() throws {
    let missing = scratch.url.appendingPathComponent("none.jsonl")
    #expect(
      failure { _ = try Dataset(contentsOf: missing, mapping: FieldMapping()) }
        == .cannotRead(file: missing.relativePath, reason: "there is no such file"))
    #expect(
      failure { _ = try Dataset(contentsOf: scratch.url, mapping: FieldMapping()) }
        == .cannotRead(file: scratch.url.relativePath, reason: "it is not a file"))
    for content in ["", "\n \n"] {
      let empty = try scratch.file("empty.jsonl", content)
      #expect(
        failure { _ = try Dataset(contentsOf: empty, mapping: FieldMapping()) }
          == .noRows(file: empty.relativePath, problems: []))
    }
    var limits = ReadLimits()
    limits.fileBytes = 10
    let large = try scratch.file("large.jsonl", #"{"id": 1, "text": "a"}"#)
    #expect(
      failure { _ = try Dataset(contentsOf: large, mapping: FieldMapping(), limits: limits) }
        == .tooLarge(file: large.relativePath, bytes: 22, limit: 10))
  }

  @Test func `a field beyond the limit sets its row aside`() throws {
    var limits = ReadLimits()
    limits.fieldBytes = 4
    let file = try scratch.file("rows.jsonl", "{\"id\": 1, \"text\": \"12345\"}\n{\"id\": 2, \"text\": \"1234\"}")
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(), limits: limits)
    #expect(data.items.map(\.id) == ["2"])
    #expect(data.setAside.first?.found == "5 bytes")
  }

  @Test func `bytes that are not UTF-8 set their row aside`() throws {
    let json = Data("{\"id\": 1, \"text\": \"".utf8) + [0xFF, 0xFE] + Data("\"}\n{\"id\": 2, \"text\": \"b\"}".utf8)
    let csv = Data("id,text\n1,".utf8) + [0xFF] + Data("\n2,b\n".utf8)
    for (name, bytes) in [("a.jsonl", json), ("a.csv", csv)] {
      let data = try Dataset(contentsOf: try scratch.file(name, bytes), mapping: FieldMapping())
      #expect(data.items.map(\.id) == ["2"])
      #expect(data.setAside.map(\.found) == ["bytes that are not UTF-8"])
    }
  }

  @Test func `an id is one column, several columns, a path or the row's number`() throws {
    let file = try scratch.file("rows.jsonl", #"{"id": 7, "text": "a", "meta": {"n": "x"}}"#)
    func id(_ list: ColumnList) throws -> String? {
      try Dataset(contentsOf: file, mapping: FieldMapping(id: list)).items.first?.id
    }
    #expect(try id("id") == "7")
    #expect(try id(["id", "meta.n"]) == "7:x")
    #expect(try id([]) == "1")
  }

  @Test func `missing images are listed and set aside`() throws {
    _ = try scratch.file("a.jpg", "not empty")
    _ = try scratch.file("empty.jpg", "")
    let file = try scratch.file(
      "rows.csv", "id,text,image\n1,x,a.jpg\n2,x,none.jpg\n3,x,empty.jpg\n4,x,none.jpg\n5,x,.\n")
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(image: "image"))
    #expect(data.imageURL("a.jpg").path == scratch.url.appendingPathComponent("a.jpg").path)
    #expect(data.missingImages().map(\.line) == [3, 4, 5, 6])
    let kept = try data.settingAsideMissingImages()
    #expect(kept.items.map(\.id) == ["1"])
    #expect(kept.setAside.count == 4)
    #expect(failure { _ = try data.settingAsideMissingImages(strict: true) } == .badRow(data.missingImages()[0]))
    let elsewhere = try Dataset(
      contentsOf: file, mapping: FieldMapping(image: "image"), imageRoot: URL(fileURLWithPath: "/nowhere"))
    #expect(elsewhere.missingImages().count == 5)
    guard case .noRows? = failure({ _ = try elsewhere.settingAsideMissingImages() }) else {
      Issue.record("a data set without items is no error")
      return
    }
  }

  /// As open() and urllib.parse's unquote read them: a path's percent sign is a sign of its name, a URL's stands for a byte.
  @Test func `an image is named by a relative or absolute path or a file URL`() throws {
    let folder = URL(fileURLWithPath: "/data/photos")
    let names = [
      "a.png": "/data/photos/a.png", "b/./a.png": "/data/photos/b/./a.png", "/x/a.png": "/x/a.png",
      "100%/a%20b.png": "/data/photos/100%/a%20b.png", "a#1?.png": "/data/photos/a#1?.png", "/x/a%2Fb": "/x/a%2Fb",
      "file:///x/a%20b.png": "/x/a b.png", "file://localhost/x/a.png": "/x/a.png", "file:/x/a.png": "/x/a.png",
      "file:///x/100%/a.png": "/x/100%/a.png", "file:a%20b.png": "/data/photos/a b.png",
      "ä ö.png": "/data/photos/ä ö.png",
      "FILE:///x/a.png": "/x/a.png",
    ]
    for (name, path) in names.sorted(by: { $0.key < $1.key }) {
      #expect(ImageReference.url(of: name, in: folder).path == path, "\(name)")
      #expect(ImageReference.isAbsolute(name) == path.hasPrefix("/x/"), "\(name)")
    }
    for folder in [URL(fileURLWithPath: "/"), URL(fileURLWithPath: "/data/", isDirectory: true)] {
      #expect(!ImageReference.url(of: "a%.png", in: folder).path.contains("//"))
    }
  }

  @Test func `where items name their images in different ways, the files are the same`() throws {
    let photo = try scratch.file("100% b.jpg", "not empty")
    let url = "file://" + (photo.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? "")
    let lines = ["100% b.jpg", photo.path, url, "https://example.org/a.jpg"].enumerated().map {
      #"{"id": \#($0), "text": "x", "image": "\#($1)"}"#
    }
    let file = try scratch.file("rows.jsonl", lines.joined(separator: "\n"))
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(image: "image")).settingAsideMissingImages()
    #expect(data.items.map(\.id) == ["0", "1", "2"])
    #expect(Set(data.items.flatMap(\.images).map { data.imageURL($0).path }) == [photo.path])
    #expect(data.setAside.first?.found.hasSuffix("images are read from files; download it and name the file") == true)
  }

  @Test func `an image is known by its bytes and not by its name`() throws {
    let a = try ImageReference(contentsOf: try scratch.file("a.jpg", "abc"))
    let b = try ImageReference(contentsOf: try scratch.file("b.jpg", "abc"))
    #expect(a.digest == b.digest)
    #expect(a.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let empty = try scratch.file("c.jpg", "")
    #expect(
      failure { _ = try ImageReference(contentsOf: empty) }
        == .badImage(file: empty.relativePath, reason: "it is empty"))
    let missing = scratch.url.appendingPathComponent("d.jpg")
    #expect(
      failure { _ = try ImageReference(contentsOf: missing) }
        == .badImage(file: missing.relativePath, reason: "there is no such file"))
    guard case .badImage? = failure({ _ = try ImageReference(contentsOf: a.url, maximumBytes: 2) }) else {
      Issue.record("a file beyond the limit was read")
      return
    }
  }

  @Test func `a missing image is reported under the column that names it`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "photos-\(UUID().uuidString).csv")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("id,text,photo\n1,a gate,nowhere.png\n".utf8).write(to: file)
    let mapping = FieldMapping(image: "photo", text: "text")
    let missing = try Dataset(contentsOf: file, mapping: mapping).missingImages()
    #expect(missing.map(\.field) == ["photo"])
  }

  @Test func `items of several files are set aside at their own file and line`() throws {
    let root = URL(filePath: "/photos")
    let parts = ["a", "b"].map { name in
      let items = (1...2).map { Item(id: "\(name)\($0)", image: "\(name)\($0).png", fields: ["text": "x"]) }
      return (data: Dataset(items: items, root: root, file: "\(name).csv"), items: items)
    }
    let whole = Dataset(joining: parts, root: root, file: "a.csv, b.csv")
    let faults = ["/photos/a1.png": "it is TIFF", "/photos/b2.png": "it is HEIC"]
    #expect(whole.unreadableImages(faults, of: ["a2"]).isEmpty)
    let problems = whole.unreadableImages(faults, of: ["a1", "a2", "b1", "b2"])
    #expect(
      problems.map(\.description) == [
        "a.csv:1: item 'a1', field 'image': expected an image file, found '/photos/a1.png': it is TIFF",
        "b.csv:2: item 'b2', field 'image': expected an image file, found '/photos/b2.png': it is HEIC",
      ])
    #expect(whole.settingAside(problems).items.map(\.id) == ["a2", "b1"])
  }
}
