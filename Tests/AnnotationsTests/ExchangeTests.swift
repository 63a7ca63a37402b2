import JSON
import Annotations
import Foundation
import TeacherProtocol
import Testing

@Suite struct ExchangeTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Two items, three teachers: the first with a photo and a conflict, the second agreed.
  static var replies: [Annotation] {
    func one(_ item: String, _ teacher: String, _ label: String?, image: String? = nil) -> Annotation {
      var annotation = annotation(
        "\(item)-\(teacher)", item: item, teacher: teacher, label: label, confidence: 0.75,
        rationale: "since \(teacher)")
      if label != nil { annotation.reply.probabilities = ["falsified": 0.75, "pristine": 0.25] }
      annotation.reply.raw = label == "falsified" ? "Yes. since \(teacher)" : "No. since \(teacher)"
      annotation.question = .init(
        prompt: "Is \"\(item)\" so?", images: image.map { [.init(path: $0, digest: "00ff")] } ?? [],
        parameters: "temperature=0.0",
        labels: [.init(name: "pristine", answer: "No"), .init(name: "falsified", answer: "Yes")])
      return annotation
    }
    return [
      one("1", "a", "falsified", image: "p/1.jpg"), one("2", "a", "pristine"),
      one("1", "b", "pristine", image: "p/1.jpg"),
      one("1", "c", "falsified", image: "p/1.jpg"), one("2", "b", nil),
    ]
  }

  func rows(_ text: String) throws -> [JSONValue] {
    try text.split(separator: "\n").map { try JSONParser.value(of: String($0)) }
  }

  @Test(arguments: AnnotationFormat.allCases)
  func `what is exported comes back as it was`(_ format: AnnotationFormat) throws {
    let text = try AnnotationExport(format).text(of: Self.replies)
    let file = try scratch.file("x.\(format == .labelStudio ? "json" : "jsonl")", text)
    let back = try AnnotationImport(format).replies(in: file)
    #expect(back.setAside.isEmpty)
    let expected =
      switch format {
      case .jsonLines, .labelStudio: Self.replies
      case .conversational, .decisions: Self.replies.filter { $0.reply.label != nil }
      // Only replies of a pair are in a file of pairs.
      case .preference: Self.replies.filter { $0.item == "1" }
      }
    #expect(back.annotations.sorted { $0.key < $1.key } == expected.sorted { $0.key < $1.key })
  }

  @Test func `decision rows have the probabilities, and those of others are read with the labels`() throws {
    let text = try AnnotationExport(.decisions).text(of: Self.replies)
    let rows = try rows(text)
    #expect(rows.count == 4)
    #expect(rows[0]["state"] == "<image-1>Is \"1\" so?")
    #expect(rows[0]["assets"] == ["<image-1>": ["type": "image", "path": "p/1.jpg"]])
    #expect(rows[0]["questions"] == ["label": ["type": "noul"]])
    #expect(rows[0]["answers"] == ["label": ["type": "noul", "noul": 0.75]])
    let foreign = #"{"state": "Is it?", "questions": {"q": {"type": "noul"}}, "answers": {"q": "#
    let file = try scratch.file(
      "others.jsonl",
      foreign + #"{"type": "noul", "noul": 0.25}}}"# + "\n" + foreign + #"{"type": "noul", "noul": 2.5}}}"# + "\n"
        + foreign + #"{"type": "refusal"}}}"#)
    let back = try AnnotationImport(labels: .outOfContext, teacher: "t").replies(in: file)
    #expect(back.annotations.map(\.reply.probabilities) == [["falsified": 0.25, "pristine": 0.75]])
    #expect(back.annotations[0].reply.confidence == Confidence(0.75, source: .measured))
    #expect(back.rows.map(\.shape) == [.decision] && back.setAside.map(\.line) == [2, 3])
    var unknown = Self.replies[0]
    unknown.question?.labels = nil
    #expect(throws: TeacherProtocolError.self) { try AnnotationExport(.decisions).text(of: [unknown]) }
  }

  @Test func `what a form has no place for is counted with the reason`() throws {
    // Of Self.replies: five, one without a label; item 1 has two right and one wrong by majority, item 2 one label.
    func written(_ format: AnnotationFormat, _ replies: [Annotation], truth: [String: String] = [:]) throws
      -> AnnotationExport.Written
    {
      try AnnotationExport(format, truth: truth).written(replies)
    }
    for format in [AnnotationFormat.jsonLines, .labelStudio] {
      let all = try written(format, Self.replies)
      #expect(all.leftOut.isEmpty && all.rows == (format == .jsonLines ? 5 : 2))
    }
    let conversations = try written(.conversational, Self.replies)
    #expect(conversations.rows == 4 && conversations.leftOut == ["1 reply without a label"])
    let pairs = try written(.preference, Self.replies)
    #expect(pairs.rows == 2)
    #expect(pairs.leftOut == ["1 item whose replies all have the same label, so that there is no pair"])
    // Two teachers who differ: neither has the majority.
    let two = Self.replies.filter { $0.teacher != "c" }
    let tied = try written(.preference, two)
    #expect(tied.rows == 0 && tied.text.isEmpty)
    #expect(
      tied.leftOut == [
        "1 item whose replies all have the same label, so that there is no pair",
        "1 item of which no label has most of the replies (--truth says what is right)",
      ])
    #expect(try written(.preference, two, truth: ["1": "pristine"]).rows == 1)
    #expect(
      try written(.preference, two, truth: ["1": "other"]).leftOut.last
        == "1 item of which no reply has the right label")
    let bare = Self.replies.map { reply in
      var reply = reply
      reply.reply.probabilities = [:]
      return reply
    }
    let decisions = try written(.decisions, bare)
    #expect(decisions.rows == 0)
    #expect(decisions.leftOut == ["1 reply without a label", "4 replies without the probability of every label"])
  }

  @Test func `conversations are as TRL wants them`() throws {
    let rows = try rows(AnnotationExport(.conversational).text(of: Self.replies))
    #expect(rows.count == 4)
    #expect(rows[0]["images"]?.elements == ["p/1.jpg"])
    let messages = rows[0]["messages"]?.elements ?? []
    #expect(messages.map { $0["role"]?.string } == ["user", "assistant"])
    #expect(messages[0]["content"]?.elements?.map { $0["type"]?.string } == ["image", "text"])
    #expect(messages[1]["content"]?.elements?.first?["text"]?.string == "Yes. since a")
    // Without an image, plain texts.
    #expect(rows[1]["images"] == nil)
    #expect(rows[1]["messages"]?.elements?.first?["content"]?.string == "Is \"2\" so?")
  }

  @Test func `preferences pair right with wrong replies`() throws {
    func pairs(_ truth: [String: String]) throws -> [[String?]] {
      try rows(AnnotationExport(.preference, truth: truth).text(of: Self.replies)).map { row in
        ["chosen", "rejected"].map { row[$0]?.elements?.first?["content"]?.elements?.first?["text"]?.string }
      }
    }
    // Two of three say falsified.
    #expect(try pairs([:]) == [["Yes. since a", "No. since b"], ["Yes. since c", "No. since b"]])
    #expect(try pairs(["1": "pristine"]) == [["No. since b", "Yes. since a"], ["No. since b", "Yes. since c"]])
    let template = try AnswerTemplate("{answer}! {rationale}")
    let text = try AnnotationExport(.preference, answers: (.outOfContext, template)).text(of: Self.replies)
    #expect(text.contains("\"Yes! since a\""))
  }

  @Test func `Label Studio gets predictions and gives back what people said`() throws {
    let text = try AnnotationExport(.labelStudio).text(of: Self.replies)
    let tasks = try #require(try JSONParser.value(of: text).elements)
    #expect(tasks.map { $0["data"]?["item"]?.string } == ["1", "2"])
    let prediction = tasks[0]["predictions"]?.elements?.first
    #expect((prediction?["model_version"]?.string, prediction?["score"]?.double) == ("a", 0.75))
    #expect(prediction?["result"]?.elements?.first?["value"]?["choices"]?.elements == ["falsified"])
    let interface = AnnotationExport.labelStudioInterface(labels: .outOfContext, images: 1)
    #expect(interface.contains("<Choice value=\"falsified\"") && interface.contains("$image"))

    let done = try scratch.file(
      "done.json",
      """
      [{"data": {"item": "1", "text": "T"}, "annotations": [{"completed_by": {"id": 4}, "result": [
         {"type": "choices", "value": {"choices": ["falsified"]}}, {"type": "textarea", "value": {"text": ["why"]}}]}]},
       {"data": {"item": "2"}, "annotations": [{"completed_by": 5, "was_cancelled": true, "result": []}]}]
      """)
    let back = try AnnotationImport(.labelStudio, labels: .outOfContext).replies(in: done)
    #expect(back.annotations.map(\.teacher) == ["person 4"])
    #expect(back.annotations.map(\.reply.label) == ["falsified"])
    #expect(back.annotations[0].reply.rationale == "why")
    #expect(back.setAside.count == 1)
  }

  @Test func `rows of other tools are read with the labels`() throws {
    let file = try scratch.file(
      "trl.jsonl",
      """
      {"messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "Yes. R."}]}
      {"messages": []}
      """)
    let read = try AnnotationImport(.conversational, labels: .outOfContext, teacher: "gpt").replies(in: file)
    #expect(read.annotations.map(\.reply.label) == ["falsified"])
    #expect(read.annotations[0].question?.prompt == "Q?")
    #expect(read.setAside.map(\.line) == [2])
    #expect(try AnnotationImport(.conversational).replies(in: file).setAside.count == 2)
    let pairs = try scratch.file(
      "dpo.jsonl", #"{"prompt": "Q?", "chosen": "No. A", "rejected": "Hm", "image": "i.png"}"#)
    let both = try AnnotationImport(.preference, labels: .outOfContext).replies(in: pairs).annotations
    #expect(both.map(\.teacher) == ["imported (chosen)", "imported (rejected)"])
    #expect(both.map(\.reply.label) == ["pristine", nil])
    #expect(both[0].question?.images == [.init(path: "i.png")])
  }

  @Test func `several images go out at their places`() throws {
    var one = annotation("k", item: "1")
    one.reply.raw = "Yes."
    one.question = .init(
      prompt: "Photo: . Found: ?", images: [.init(path: "a.png", place: 7), .init(path: "b.png", place: 16)],
      parameters: "")
    let text = try AnnotationExport(.conversational).text(of: [one])
    let row = try JSONParser.value(of: text)
    #expect(row["images"]?.elements == ["a.png", "b.png"])
    // TRL's form of a turn: parts in order, as many of the type image as there are images.
    let parts = row["messages"]?.elements?.first?["content"]?.elements ?? []
    #expect(parts.map { $0["text"]?.string ?? $0["type"]?.string } == ["Photo: ", "image", ". Found: ", "image", "?"])
    let back = try AnnotationImport(.conversational).replies(in: scratch.file("two.jsonl", text)).annotations
    #expect(back == [one])
    // Label Studio shows several images as the pages of one, in every task of the project.
    var other = annotation("l", item: "2")
    other.question = .init(prompt: "Q", images: [.init(path: "c.png")], parameters: "")
    let tasks = try JSONParser.value(of: AnnotationExport(.labelStudio).text(of: [one, other])).elements
    #expect(tasks?.map { $0["data"]?["images"]?.elements } == [["a.png", "b.png"], ["c.png"]])
    let interface = AnnotationExport.labelStudioInterface(labels: .outOfContext, images: 2)
    #expect(interface.contains("valueList=\"$images\""))
  }

  /// Labels that a row's text may hold by chance, as real ones do.
  static func labels() throws -> LabelSet {
    try LabelSet([.init(name: "yes", answer: "Yes"), .init(name: "no", answer: "No")], positive: nil)
  }

  /// A row, the labels read of it by teacher, or a part of the reason why there is none.
  struct Case: Sendable {
    let row: String
    var replies: [String: String] = [:]
    var prompt: String?
    var reason: String?
  }

  /// Every shape on TRL 1.16's page "Dataset formats and types", standard and conversational.
  static let trl: [Case] = [
    .init(row: #"{"text": "Is it open? Yes."}"#, reason: "language modeling"),
    .init(
      row: #"{"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes. Wide."}]}"#,
      replies: ["imported": "yes"], prompt: "Open?"),
    .init(row: #"{"prompt": "Is it"}"#, reason: "a prompt alone"),
    .init(row: #"{"prompt": [{"role": "user", "content": "Open?"}]}"#, reason: "a prompt alone"),
    .init(row: #"{"prompt": "Open?", "completion": " No."}"#, replies: ["imported": "no"], prompt: "Open?"),
    .init(
      row: #"""
        {"prompt": [{"role": "system", "content": "Say yes or no."}, {"role": "user", "content": "Open?"}], \#
        "completion": [{"role": "assistant", "content": "No."}]}
        """#, replies: ["imported": "no"], prompt: "Open?"),
    .init(
      row: #"{"prompt": "Open?", "chosen": " Yes.", "rejected": " No."}"#,
      replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "Open?"),
    // The prompt ends where TRL's extract_prompt ends it.
    .init(
      row: #"{"chosen": "Is it open? Yes, wide.", "rejected": "Is it open? No, shut."}"#,
      replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "Is it open? "),
    .init(row: #"{"chosen": "Open? No", "rejected": "Open? No"}"#, reason: "can't be told from the prompt"),
    .init(
      row: #"""
        {"prompt": [{"role": "user", "content": "Open?"}], "chosen": [{"role": "assistant", "content": "Yes."}], \#
        "rejected": [{"role": "assistant", "content": "No."}]}
        """#, replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "Open?"),
    // The question, which names a label, was read as the answer's beginning.
    .init(
      row: #"""
        {"chosen": [{"role": "user", "content": "No gate?"}, {"role": "assistant", "content": "Yes."}], \#
        "rejected": [{"role": "user", "content": "No gate?"}, {"role": "assistant", "content": "No."}]}
        """#, replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "No gate?"),
    .init(
      row: #"{"prompt": "Open?", "completion": " Yes.", "label": true}"#, replies: ["imported (chosen)": "yes"]),
    .init(
      row:
        #"{"prompt": [{"role": "user", "content": "Open?"}], "completion": [{"role": "assistant", "content": "No."}], "label": false}"#,
      replies: ["imported (rejected)": "no"]),
    .init(row: #"{"prompt": "Open?", "completion": " Yes.", "label": "no"}"#, reason: "true or false"),
    .init(row: #"{"prompt": "Open?", "completions": ["Yes.", "No."], "labels": [true, false]}"#, reason: "stepwise"),
    // With images, and with what a model thought in a member of its own.
    .init(
      row: #"""
        {"images": ["a.png"], "prompt": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Open?"}]}], \#
        "completion": [{"role": "assistant", "thinking": "No?", "content": [{"type": "text", "text": "Yes."}]}]}
        """#, replies: ["imported": "yes"], prompt: "Open?"),
    // A conversation that the assistant has not answered.
    .init(
      row: #"{"messages": [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Sure?"}]}"#,
      reason: "an answer of the assistant"),
    .init(row: #"{"prompt": "Open?", "completion": " Perhaps."}"#, reason: "one of yes, no"),
  ]

  /// ShareGPT, Alpaca, LLaMA-Factory, ms-swift, image folders of datasets 5.2, and what is nothing.
  static let others: [Case] = [
    .init(
      row:
        #"{"id": "s", "conversations": [{"from": "human", "value": "<image>\nOpen?"}, {"from": "gpt", "value": "No."}]}"#,
      replies: ["imported": "no"], prompt: "<image>\nOpen?"),
    .init(
      row: #"""
        {"conversations": [{"from": "human", "value": "Open?"}], "chosen": {"from": "gpt", "value": "Yes."}, \#
        "rejected": {"from": "gpt", "value": "No."}}
        """#, replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "Open?"),
    .init(
      row: #"{"instruction": "Open?", "input": "A gate.", "output": "Yes, wide."}"#, replies: ["imported": "yes"],
      prompt: "Open?\nA gate."),
    .init(
      row: #"{"instruction": "Open?", "input": "", "chosen": "Yes.", "rejected": "No."}"#,
      replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "Open?"),
    .init(row: #"{"instruction": "Open?", "input": ""}"#, reason: "a prompt alone"),
    .init(
      row: #"""
        {"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}], \#
        "rejected_response": "No."}
        """#, replies: ["imported (chosen)": "yes", "imported (rejected)": "no"], prompt: "Open?"),
    .init(row: #"{"file_name": "0001.png", "label": "yes"}"#, reason: "image folder"),
    .init(row: #"{"a": 1, "b": 2}"#, reason: "the members a, b"),
  ]

  @Test(arguments: trl + others)
  func `a row of another tool is read by its members, or refused by name`(_ one: Case) throws {
    let file = try scratch.file("row.jsonl", one.row + "\n")
    let found = try AnnotationImport(labels: Self.labels()).replies(in: file)
    let read = Dictionary(uniqueKeysWithValues: found.annotations.map { ($0.teacher, $0.reply.label ?? "none") })
    #expect(read == one.replies, "\(found.setAside)")
    if let prompt = one.prompt { #expect(found.annotations.allSatisfy { $0.question?.prompt == prompt }) }
    #expect(found.setAside.count == (one.reason == nil ? 0 : 1))
    if let reason = one.reason { #expect("\(found.setAside)".contains(reason), "\(found.setAside)") }
  }

  @Test func `rows of another form than the one asked for are set aside by name`() throws {
    let file = try scratch.file("row.jsonl", #"{"prompt": "Open?", "completion": " No."}"#)
    let found = try AnnotationImport(.preference, labels: Self.labels()).replies(in: file)
    #expect(found.annotations.isEmpty)
    #expect(found.setAside.first?.description.hasSuffix("form preference, found prompt and completion") == true)
  }

  /// A task as label-studio-sdk 2.1.2 writes it: results in the order in which they were given.
  static func task(_ id: Int, _ results: (name: String, type: String, values: [String])...) -> String {
    let list = results.map { result in
      let key = result.type == "choices" ? "choices" : "text"
      let values = result.values.map { "\"\($0)\"" }.joined(separator: ", ")
      return
        #"{"from_name": "\#(result.name)", "to_name": "t", "type": "\#(result.type)", "value": {"\#(key)": [\#(values)]}}"#
    }.joined(separator: ", ")
    return
      #"{"id": \#(id), "data": {"text": "T\#(id)"}, "annotations": [{"id": 1, "completed_by": 3, "result": [\#(list)]}]}"#
  }

  @Test func `of several controls of Label Studio the label's and the rationale's are read`() throws {
    let second = Self.task(
      2, ("notes", "textarea", ["later"]), ("rationale", "textarea", ["It is shut.", "It is dark."]),
      ("label", "choices", ["yes"]))
    let text = """
      [\(Self.task(1, ("difficulty", "choices", ["hard"]), ("label", "choices", ["no"]))),
      \(second),
      \(Self.task(3, ("label", "choices", ["yes", "no"]))),
      \(Self.task(4, ("difficulty", "choices", ["no"]))),
      \(Self.task(5, ("label", "choices", ["hard"])))]
      """
    let file = try scratch.file("tasks.json", text)
    let found = try AnnotationImport(labels: Self.labels()).replies(in: file)
    #expect(found.annotations.map(\.question?.prompt) == ["T1", "T2"])
    #expect(found.annotations.map(\.reply.label) == ["no", "yes"])
    #expect(found.annotations.map(\.reply.rationale) == ["", "It is shut.\nIt is dark."])
    #expect(found.annotations[0].teacher == "person 3")
    #expect(
      found.setAside.map { "\($0.row ?? 0) \($0.field ?? "") \($0.found)" } == [
        "3 label 'no' and 'yes'", "4 label none", "5 label 'hard'",
      ])
  }

  @Test func `a control of another name is the label's where its choices alone are labels, throughout the file`() throws
  {
    let one = Self.task(1, ("blurred", "choices", ["no"]), ("verdict", "choices", ["yes"]))
    let other = Self.task(2, ("blurred", "choices", ["partly"]), ("verdict", "choices", ["no"]))
    let told = try scratch.file("a.json", "[\(one), \(other)]")
    #expect(
      try AnnotationImport(labels: Self.labels()).replies(in: told).annotations.map(\.reply.label) == ["yes", "no"])
    let open = try scratch.file("b.json", "[\(one)]")
    let found = try AnnotationImport(labels: Self.labels()).replies(in: open)
    #expect(found.annotations.isEmpty)
    #expect("\(found.setAside)".contains("blurred and verdict; say which"))
    let named = try AnnotationImport(labels: Self.labels(), control: "verdict").replies(in: open)
    #expect(named.annotations.map(\.reply.label) == ["yes"])
  }

  /// As label-studio-sdk 2.1.2 converts one project to JSON_MIN, CSV and TSV.
  @Test func `flat tasks of Label Studio are read whether a control holds one value or several`() throws {
    let json = """
      [
      {"text": "A", "item": "7", "id": 11, "difficulty": "hard", "label": "no", "notes": "later",
       "rationale": {"text": ["It is shut.", "It is dark."]}, "annotator": 3, "annotation_id": 5, "lead_time": 3.2},
      {"text": "B", "item": "8", "id": 12, "label": {"choices": ["no", "yes"]}, "rationale": "one",
       "annotator": "a@b.c", "annotation_id": 6, "lead_time": 3.2}
      ]
      """
    let head = ["annotation_id", "annotator", "difficulty", "id", "item", "label", "lead_time", "rationale", "text"]
    let rows = [
      ["5", "3", "hard", "11", "7", "no", "3.2", #"{""text"":[""It is shut."",""It is dark.""]}"#, "A"],
      ["6", "a@b.c", "", "12", "8", #"{""choices"":[""no"",""yes""]}"#, "3.2", "one", "B"],
    ]
    func table(_ separator: String) -> String {
      ([head] + rows).map { $0.map { "\"\($0)\"" }.joined(separator: separator) + "\n" }.joined()
    }
    for (name, content) in [("min.json", json), ("a.csv", table(",")), ("a.tsv", table("\t"))] {
      let found = try AnnotationImport(labels: Self.labels()).replies(in: try scratch.file(name, content))
      #expect(found.annotations.map(\.item) == ["7"])
      #expect(found.annotations.map(\.teacher) == ["person 3"])
      #expect(found.annotations.map(\.reply.label) == ["no"])
      #expect(found.annotations.map(\.reply.rationale) == ["It is shut.\nIt is dark."])
      #expect(found.setAside.map(\.found) == ["'no' and 'yes'"])
    }
  }

  /// JSON_MIN puts the data and what was chosen side by side: a column of the data that is called label looks like a control.
  @Test func `a column of the data named label is not taken for the control of a flat task`() throws {
    let rows = """
      [{"text": "A", "item": "7", "label": "no", "verdict": "yes", "annotator": 3, "annotation_id": 5},
      {"text": "B", "item": "8", "label": "yes", "verdict": "yes", "annotator": 3, "annotation_id": 6}]
      """
    let file = try scratch.file("min.json", rows)
    let open = try AnnotationImport(labels: Self.labels()).replies(in: file)
    #expect(open.annotations.isEmpty)
    #expect("\(open.setAside)".contains("label and verdict; say which"))
    let named = try AnnotationImport(labels: Self.labels(), control: "verdict").replies(in: file)
    #expect(named.annotations.map(\.reply.label) == ["yes", "yes"])
    // A column whose values are no labels is told from the control by them.
    let other = try scratch.file(
      "other.json", rows.replacingOccurrences(of: "\"label\": \"no\"", with: "\"label\": \"spam\""))
    #expect(
      try AnnotationImport(labels: Self.labels()).replies(in: other).annotations.map(\.reply.label) == ["yes", "yes"])
  }

  @Test func `what was read is shown by the first row of each shape, three rows at least`() throws {
    let file = try scratch.file(
      "rows.jsonl",
      """
      {"id": "a", "prompt": "Q", "completion": "Yes. It is open."}
      {"id": "b", "prompt": "Q", "completion": "No"}
      {"id": "c", "prompt": "Q", "completion": "No"}
      {"id": "d", "instruction": "Q", "output": "No"}
      """)
    let found = try AnnotationImport(labels: Self.labels(), teacher: "gpt").replies(in: file)
    #expect(
      found.preview == """
        4 rows read: 3 x prompt and completion, 1 x alpaca
          line 1, prompt and completion: item a, gpt: yes, since "It is open."
          line 2, prompt and completion: item b, gpt: no
          line 4, alpaca: item d, gpt: no
        """)
  }

  @Test func `reasons that were cut are marked, and are in no file to learn from`() throws {
    var replies = Self.replies
    replies[0].reply.rationale = "since the la"
    replies[0].reply.raw = "Yes. since the la"
    replies[0].reply.isRationaleCut = true
    let flat = try rows(AnnotationExport(.jsonLines).text(of: replies))
    #expect(flat.map { $0["rationale_cut"] } == [.bool(true), nil, nil, nil, nil])
    let file = try scratch.file("x.jsonl", AnnotationExport(.jsonLines).text(of: replies))
    #expect(try AnnotationImport(.jsonLines).replies(in: file).annotations == replies)
    // Four have a label; the first has no answer that is whole.
    #expect(try rows(AnnotationExport(.conversational).text(of: replies)).count == 3)
    #expect(try rows(AnnotationExport(.preference).text(of: replies)).count == 1)
    // A template writes the label alone.
    let made = AnnotationExport(.conversational, answers: (.outOfContext, AnswerTemplate()))
    let texts = try rows(made.text(of: replies)).map {
      $0["messages"]?.elements?.last?["content"]?.elements?.first?["text"]?.string
    }
    #expect(texts.first == "Yes.")
  }
}
