import Foundation
import TeacherProtocol
import Testing

/// Items with none, one or several images: how rows give them, and where prompts place them.
@Suite struct SeveralImagesTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func images(_ name: String, _ text: String, _ columns: ColumnList) throws -> [[[String]]] {
    try Dataset(contentsOf: scratch.file(name, text), mapping: FieldMapping(image: columns)).items
      .map { $0.imageSlots.map(\.paths) }
  }

  @Test func `a cell with a list gives several images, an empty list none`() throws {
    let json = """
      {"id": 1, "text": "t", "image": "a.png"}
      {"id": 2, "text": "t", "image": ["b.png", "c d.png"]}
      {"id": 3, "text": "t", "image": []}
      {"id": 4, "text": "t", "image": ["e.png"]}
      """
    #expect(try images("rows.jsonl", json, "image") == [[["a.png"]], [["b.png", "c d.png"]], [[]], [["e.png"]]])
  }

  /// As `Dataset.to_json` of Hugging Face's datasets writes a column of images that is not decoded: docs of `datasets.Image`.
  @Test func `an object with a path and no bytes is the path`() throws {
    let json = """
      {"id": 1, "text": "t", "image": {"bytes": null, "path": "a.png"}}
      {"id": 2, "text": "t", "image": [{"path": "b.png"}, "c.png"]}
      """
    #expect(try images("rows.jsonl", json, "image") == [[["a.png"]], [["b.png", "c.png"]]])
    let others = """
      {"id": 1, "text": "t", "image": "a.png"}
      {"id": 2, "text": "t", "image": {"bytes": "iVBORw0KGgo=", "path": "a.png"}}
      {"id": 3, "text": "t", "image": {"bytes": null, "path": null}}
      {"id": 4, "text": "t", "image": {"path": {"path": "a.png"}}}
      """
    let data = try Dataset(
      contentsOf: scratch.file("others.jsonl", others), mapping: FieldMapping(image: ["image"]))
    #expect(data.items.map(\.id) == ["1"])
    #expect(
      data.setAside.map(\.found) == [
        "an object with bytes (save them as a file, and give its path) in place 1 of 1", "an object in place 1 of 1",
        "an object in place 1 of 1",
      ])
  }

  /// The lists as Python's json and csv modules and pandas 3.1.1 (`DataFrame.to_csv` writes `repr`) put them into a cell.
  @Test(arguments: [
    (#"["a.png", "b.png"]"#, ["a.png", "b.png"]), (#"["\u00e4.png"]"#, ["ä.png"]),
    ("['a.png', 'b, c.png']", ["a.png", "b, c.png"]),
    (#"["it's.png", 'b.png']"#, ["it's.png", "b.png"]), (#"['a\\b\'s.png']"#, [#"a\b's.png"#]), (" [ ] ", []),
    // No list of texts: a path, whatever it looks like.
    ("a.png", ["a.png"]), ("[1].png", ["[1].png"]), ("[1]", ["[1]"]), ("['a.png'", ["['a.png'"]),
    ("a;b.png", ["a;b.png"]),
    ("['a.png'] b", ["['a.png'] b"]), (#"['a\x41.png']"#, [#"['a\x41.png']"#]),
  ])
  func `a cell of a table spells a list as JSON or Python does`(cell: String, expected: [String]) throws {
    let quoted = "\"" + cell.replacing("\"", with: "\"\"") + "\""
    #expect(try images("rows.csv", "id,text,image\n1,t,\(quoted)\n", "image") == [[expected]])
  }

  @Test func `several columns are slots in their order, of which the first must be filled`() throws {
    let file = try scratch.file(
      "rows.jsonl",
      """
      {"id": 1, "text": "t", "photo": "a.png", "meta": {"found": ["b.png", "c.png"]}}
      {"id": 2, "text": "t", "photo": "a.png", "meta": {"found": null}}
      {"id": 3, "text": "t", "photo": [], "meta": {"found": "d.png"}}
      {"id": 4, "text": "t", "photo": "a.png"}
      {"id": 5, "text": "t", "photo": "", "meta": {"found": "d.png"}}
      {"id": 6, "text": "t", "meta": {"found": "d.png"}}
      {"id": 7, "text": "t", "photo": "a.png", "meta": {"found": ["b.png", null]}}
      {"id": 8, "text": "t", "photo": {"name": "a.png"}}
      """)
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(image: ["photo", "meta.found"]))
    #expect(data.items[0].imageSlots.map(\.name) == ["photo", "meta_found"])
    #expect(data.items.map(\.images) == [["a.png", "b.png", "c.png"], ["a.png"], ["d.png"], ["a.png"]])
    #expect(data.setAside.map(\.line) == [5, 6, 7, 8])
    #expect(data.setAside.map(\.field) == ["photo", "photo", "meta.found", "photo"])
    #expect(data.setAside[2].found == "null in place 2 of 2" && data.setAside[3].found == "an object in place 1 of 1")
    let misspelt = failure { _ = try Dataset(contentsOf: file, mapping: FieldMapping(image: ["photo", "fund"])) }
    guard case .missingColumn(_, "fund", "image", _)? = misspelt else {
      Issue.record("\(String(describing: misspelt))")
      return
    }
  }

  /// What "nothing to judge" is follows from the mapping alone: no text, no evidence with a word, and no image.
  @Test func `a row of images alone without one is set aside, however that is spelled`() throws {
    let file = try scratch.file(
      "photos.jsonl",
      """
      {"id": 1, "images": ["a.png"]}
      {"id": 2, "images": []}
      {"id": 3, "images": null}
      {"id": 4, "images": " "}
      {"id": 5, "images": [""]}
      {"id": 6, "images": [null]}
      {"id": 7}
      {"id": 8, "images": "[]"}
      """)
    let mapping = FieldMapping(image: "images", text: nil)
    let data = try Dataset(contentsOf: file, mapping: mapping)
    #expect(data.items.map(\.id) == ["1"])
    #expect(data.setAside.map(\.line) == Array(2...8) && data.setAside.allSatisfy { $0.field == "images" })
    #expect(
      data.setAside.map(\.found) == [
        "an empty list", "null", "a blank text", "a list of blanks", "a list of blanks", "nothing", "an empty list",
      ])
    #expect(
      data.setAside[0].description
        == "\(file.relativePath):2: item '2', field 'images': expected the path of an image, as the row has no text that could be "
        + "judged without one: give it, or leave the row out, found an empty list")
    #expect(
      data.setAside.allSatisfy { $0.expected.hasPrefix("the path of an image") || $0.expected == "paths of images" })
    #expect(!data.setAside.contains { $0.description.contains("or [] where") })
    let stream = try ItemStream(contentsOf: file, mapping: mapping)
    #expect(try stream.next(10)?.setAside.dropFirst().map(\.line) == data.setAside.map(\.line))
    #expect(failure { _ = try Dataset(contentsOf: file, mapping: mapping, strict: true) } == .badRow(data.setAside[0]))
  }

  @Test func `of several columns of images alone any may have the image, and evidence stands for one`() throws {
    let file = try scratch.file(
      "photos.csv", "id,photo,found,words\n1,[],b.png,\n2,a.png,,\n3,[],,\n4,[],,sea\n5,,,\n")
    let columns: ColumnList = ["photo", "found"]
    let alone = try Dataset(contentsOf: file, mapping: FieldMapping(image: columns, text: nil))
    #expect(alone.items.map(\.id) == ["1", "2"] && alone.setAside.map(\.line) == [4, 5, 6])
    #expect(alone.setAside[0].field == "photo, found" && alone.setAside[0].found == "no image in any of them")
    let words = FieldMapping(image: columns, text: nil, evidence: ["words": "words"])
    #expect(try Dataset(contentsOf: file, mapping: words).items.map(\.id) == ["1", "2", "4"])
  }

  @Test func `a prompt that shows nothing of an item is refused for that item`() throws {
    let template = try PromptTemplate("What is shown?[[ Seen: {seen}]] {labels}")
    func fault(_ images: [String], _ seen: String) -> TeacherProtocolError? {
      let item = Item(
        id: "1", imageSlots: [ImageSlot(name: "photo", paths: images)], fields: ["text": "A dog", "seen": seen])
      return failure { try template.checkShows(item) }
    }
    #expect(fault([], " ") == .showsNothing(template: template.text))
    #expect(fault(["a.png"], "") == nil && fault([], "a dog") == nil)
  }

  @Test func `a missing file is told by row and slot, and sets its item aside`() throws {
    for name in ["a.png", "b.png"] { _ = try scratch.file(name, "x") }
    let file = try scratch.file(
      "rows.jsonl",
      """
      {"id": 1, "text": "t", "photo": "a.png", "found": ["b.png", "none.png"]}
      {"id": 2, "text": "t", "photo": "a.png", "found": "b.png"}
      {"id": 3, "text": "t", "photo": "no.png", "found": "gone.png"}
      """)
    let data = try Dataset(contentsOf: file, mapping: FieldMapping(image: ["photo", "found"]))
    let missing = data.missingImages()
    #expect(missing.map(\.line) == [1, 3] && missing.map(\.field) == ["found 2", "photo, found"])
    #expect(missing[0].found == "'\(scratch.url.path)/none.png': there is no such file")
    #expect(missing[1].found.contains("no.png") && missing[1].found.contains("gone.png"))
    #expect(try data.settingAsideMissingImages().items.map(\.id) == ["2"])
  }

  @Test func `items that share any image stay together`() throws {
    func item(_ id: String, _ split: String, _ images: [String]) -> Item {
      Item(id: id, split: split, imageSlots: [ImageSlot(name: "photo", paths: images)], fields: [:])
    }
    let straddling = Dataset(items: [item("1", "a", ["x", "y"]), item("2", "b", ["z", "y"])], root: scratch.url)
    #expect(
      failure { try straddling.checkGroups() } == .straddlingGroups(what: "images", examples: ["y"], count: 1))
    let chained = Dataset(
      items: [item("1", "", ["x", "y"]), item("2", "", ["y", "z"]), item("3", "", ["z"]), item("4", "", ["w"])],
      root: scratch.url)
    let split = try chained.splitByGroup([("train", 0.7), ("test", 0.3)], seed: 1)
    #expect(Set(split.items.prefix(3).map(\.split)).count == 1 && split.items[3].split != split.items[0].split)
  }

  @Test func `columns that a prompt could not tell apart are refused`() throws {
    func fault(_ mapping: FieldMapping) -> String? { failure { try mapping.check() }.map { "\($0)" } }
    #expect(fault(FieldMapping(image: []))?.contains("the list is empty") == true)
    #expect(fault(FieldMapping(image: ["a.b", "a_b"]))?.contains("{a_b}") == true)
    #expect(fault(FieldMapping(image: ["photo", "found"], evidence: ["found": "words"]))?.contains("{found}") == true)
    #expect(fault(FieldMapping(image: ["photo", "text"]))?.contains("{text}") == true)
    #expect(fault(FieldMapping(image: ["photo", "found"], evidence: ["words": "found"])) == nil)
  }

  private let item = Item(
    id: "1", imageSlots: [ImageSlot(name: "photo", paths: ["p"]), ImageSlot(name: "found", paths: ["f", "g"])],
    fields: ["text": "Ä dog"])

  /// The prompt with its images written into the text.
  private func written(_ template: String, _ item: Item) throws -> String {
    let prompt = try PromptTemplate(template).prompt(for: item, labels: .outOfContext)
    return PromptPart.parts(of: prompt.text, imagesAt: prompt.images.map(\.place)).map { part in
      switch part {
      case .text(let text): text
      case .image(let number): "<\(prompt.images[number].path)>"
      }
    }.joined()
  }

  @Test(arguments: [
    ("{text}?", "<p><f><g>Ä dog?"), ("{text} {photo} {found}.", "Ä dog <p> <f><g>."),
    ("{found}{text}{photo}", "<f><g>Ä dog<p>"),
    // Those that no slot names come first.
    ("{text} beside {found}", "<p>Ä dog beside <f><g>"), ("{text} {found:2}", "<p><f>Ä dog <g>"),
    ("{text} {image}.", "Ä dog <p><f><g>."), ("{image:3}{text}{image:1}", "<f><g>Ä dog<p>"),
    // Twice named, twice shown.
    ("{photo}{text}{photo} {found}", "<p>Ä dog<p> <f><g>"),
    // A section goes with its images.
    ("{photo}[[ third: {found:3}]]{text}", "<f><g><p>Ä dog"), ("[[{found} of {found:3}]]{photo}{text}", "<p>Ä dog"),
    ("[[ {found} ]]{text}", "<p> <f><g> Ä dog"), ("{{photo}}{text}", "<p><f><g>{photo}Ä dog"),
  ])
  func `images stand at their slots`(template: String, expected: String) throws {
    #expect(try written(template, item) == expected)
  }

  @Test func `a slot without an image is empty, and images keep their column`() throws {
    let bare = Item(
      id: "2", imageSlots: [ImageSlot(name: "photo", paths: ["p"]), ImageSlot(name: "found", paths: [])],
      fields: ["text": "t"])
    #expect(try written("{text}[[ and {found}]] {photo}", bare) == "t <p>")
    #expect(try written("{text} and {found}: {photo}", bare) == "t and : <p>")
  }

  @Test func `a column called image is its own slot, and a text of that name goes first`() throws {
    let own = Item(
      id: "1", imageSlots: [ImageSlot(name: "image", paths: ["a"]), ImageSlot(name: "more", paths: ["b"])],
      fields: ["text": "t"])
    #expect(try written("{text}{image}", own) == "<b>t<a>")
    let text = Item(id: "1", image: "a", fields: ["text": "t", "image": "words"])
    #expect(try written("{text} {image}", text) == "<a>t words")
  }

  @Test func `templates name slots of the mapping alone`() throws {
    let mapping = FieldMapping(image: ["photo", "meta.found"])
    for known in ["{photo}", "{photo:2}", "{meta_found}", "{image}", "{image:12}"] {
      try PromptTemplate("{text}" + known).check(mapping)
    }
    for unknown in ["{found}", "{text:1}", "{labels:1}"] {
      let slot = String(unknown.dropFirst().dropLast())
      #expect(
        failure { try PromptTemplate("{text}" + unknown).check(mapping) }
          == .unknownSlot(
            slot, template: "{text}" + unknown, known: ["text", "labels", "photo", "meta_found", "image"]))
    }
    #expect(failure { try PromptTemplate("{image}").check(FieldMapping()) } != nil)
    for broken in ["{photo:}", "{photo:0}", "{photo:-1}", "{photo:x}", "{:1}", "{photo:1:2}", "{photo: 1}"] {
      guard case .badTemplate? = failure({ _ = try PromptTemplate(broken) }) else {
        Issue.record("\(broken) was taken")
        continue
      }
    }
  }
}
