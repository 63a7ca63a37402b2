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
      annotation.reply.raw = label == "falsified" ? "Yes. since \(teacher)" : "No. since \(teacher)"
      annotation.question = .init(
        prompt: "Is \"\(item)\" so?", images: image.map { [.init(path: $0, digest: "00ff")] } ?? [],
        parameters: "temperature=0.0")
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
  func whatIsExportedComesBackAsItWas(_ format: AnnotationFormat) throws {
    let text = try AnnotationExport(format).text(of: Self.replies)
    let file = try scratch.file("x.\(format == .labelStudio ? "json" : "jsonl")", text)
    let back = try AnnotationImport(format).annotations(in: file)
    #expect(back.setAside.isEmpty)
    let expected =
      switch format {
      case .jsonLines, .labelStudio: Self.replies
      case .conversational: Self.replies.filter { $0.reply.label != nil }
      // Only replies of a pair are in a file of pairs.
      case .preference: Self.replies.filter { $0.item == "1" }
      }
    #expect(back.annotations.sorted { $0.key < $1.key } == expected.sorted { $0.key < $1.key })
  }

  @Test func conversationsAreAsTRLWantsThem() throws {
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

  @Test func preferencesPairRightWithWrongReplies() throws {
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

  @Test func labelStudioGetsPredictionsAndGivesBackWhatPeopleSaid() throws {
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
    let back = try AnnotationImport(.labelStudio, labels: .outOfContext).annotations(in: done)
    #expect(back.annotations.map(\.teacher) == ["person 4"])
    #expect(back.annotations.map(\.reply.label) == ["falsified"])
    #expect(back.annotations[0].reply.rationale == "why")
    #expect(back.setAside.count == 1)
  }

  @Test func rowsOfOtherToolsAreReadWithTheLabels() throws {
    let file = try scratch.file(
      "trl.jsonl",
      """
      {"messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "Yes. R."}]}
      {"messages": []}
      """)
    let read = try AnnotationImport(.conversational, labels: .outOfContext, teacher: "gpt").annotations(in: file)
    #expect(read.annotations.map(\.reply.label) == ["falsified"])
    #expect(read.annotations[0].question?.prompt == "Q?")
    #expect(read.setAside.map(\.line) == [2])
    #expect(try AnnotationImport(.conversational).annotations(in: file).setAside.count == 2)
    let pairs = try scratch.file(
      "dpo.jsonl", #"{"prompt": "Q?", "chosen": "No. A", "rejected": "Hm", "image": "i.png"}"#)
    let both = try AnnotationImport(.preference, labels: .outOfContext).annotations(in: pairs).annotations
    #expect(both.map(\.teacher) == ["imported (chosen)", "imported (rejected)"])
    #expect(both.map(\.reply.label) == ["pristine", nil])
    #expect(both[0].question?.images == [.init(path: "i.png")])
  }

  @Test func severalImagesGoOutAtTheirPlaces() throws {
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
    let back = try AnnotationImport(.conversational).annotations(in: scratch.file("two.jsonl", text)).annotations
    #expect(back == [one])
    // Label Studio shows several images as the pages of one, in every task of the project.
    var other = annotation("l", item: "2")
    other.question = .init(prompt: "Q", images: [.init(path: "c.png")], parameters: "")
    let tasks = try JSONParser.value(of: AnnotationExport(.labelStudio).text(of: [one, other])).elements
    #expect(tasks?.map { $0["data"]?["images"]?.elements } == [["a.png", "b.png"], ["c.png"]])
    let interface = AnnotationExport.labelStudioInterface(labels: .outOfContext, images: 2)
    #expect(interface.contains("valueList=\"$images\""))
  }
}
