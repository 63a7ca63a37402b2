import Annotations
import Foundation
import TeacherProtocol
import Testing

/// Labels that are known to be right, wherever they are read: the first row of an item counts, as for ids of data files.
@Suite struct KnownLabelsTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func read(_ text: String, _ scope: KnownLabels.Scope = .init()) throws -> KnownLabels {
    try KnownLabels(contentsOf: try scratch.file("known.csv", text), key: "--truth", scope: scope)
  }

  @Test func `of rows of one item that contradict each other the first counts and the others are named`() throws {
    let known = try read("item,label\n1,yes\n1,no\n2,\n2,no\n1.0,YES\n")
    #expect(known.labels == ["1": "yes", "2": "no"])
    #expect(known.setAside.map(\.line) == [3])
    #expect(known.setAside.map(\.reason) == ["expected 'yes' as on line 2, found 'no'"])
    #expect(known.setAside.map(\.item) == ["1"])
  }

  @Test func `items and labels that the replies have not are named`() throws {
    let table = VoteTable(teachers: ["a", "b"], items: ["1", "2"], votes: [["yes", "no"], ["yes", "yes"]])
    let known = try read("item;label\n1;YES\n2;maybe\n99;no\n;no\n", .init(table))
    #expect(known.labels == ["1": "yes"])
    #expect(
      known.setAside.map(\.reason) == [
        "expected one of no, yes, found 'maybe'", "expected an item of the replies, found '99'",
        "expected an item's id, found nothing",
      ])
  }

  @Test func `what people decided on the page counts by each person's last word and by most people`() throws {
    let journal = try scratch.file(
      "review-answers.jsonl",
      """
      {"item": "1", "reviewer": "anna", "label": "yes", "time": 1}
      {"item": "1", "reviewer": "anna", "label": "no", "time": 2}
      {"item": "2", "reviewer": "anna", "label": "yes", "time": 3}
      {"item": "2", "reviewer": "ben", "label": "no", "time": 4}
      {"item": "3", "reviewer": "ben", "label": "no", "time": 5}
      {"item": "3", "reviewer": "ben", "withdrawn": true, "time": 6}
      {"item": "4", "reviewer": "ben", "skipped": true, "time": 7}
      """)
    let known = try KnownLabels(contentsOf: journal, key: "--truth")
    #expect(known.labels == ["1": "no"])
    #expect(known.setAside.map(\.line) == [4])
    #expect(known.setAside.map(\.found) == ["'yes' by anna, 'no' by ben"])
  }

  @Test func `a label may be the words of the answer that the item was asked for, as in a review file`() throws {
    // "1" was asked about with falsified: Yes, "2" with two sets in which Yes is another label.
    var replies = [
      annotation("1-a", item: "1", teacher: "a", label: "falsified"),
      annotation("2-a", item: "2", teacher: "a", label: "falsified"),
      annotation("2-b", item: "2", teacher: "b", label: "urgent"),
    ]
    let news = [Annotation.Question.Label(name: "pristine", answer: "No"), .init(name: "falsified", answer: "Yes")]
    let mail = [Annotation.Question.Label(name: "routine", answer: "No"), .init(name: "urgent", answer: "Yes")]
    for (number, labels) in [news, news, mail].enumerated() {
      replies[number].question = .init(prompt: "p", parameters: "", labels: labels)
    }
    let known = try read("item,label\n1,no\n2,Yes\n", .init(replies))
    #expect(known.labels == ["1": "pristine"])
    #expect(known.setAside.map(\.found) == ["'Yes'"])
    // As the run itself reads its file.
    let labels = try LabelSet(news.map { .init(name: $0.name, answer: $0.answer) })
    let source = try ReviewFileSource(scratch.file("review.csv", "item,label\n1,no\n"), labels: labels)
    #expect(known.labels == source.labels)
    #expect(try read("item,label\n1,no\n2,Yes\n", .init(set: labels)).labels == ["1": "pristine", "2": "falsified"])
  }

  @Test func `a file without the columns is refused by the option that names it`() throws {
    #expect(throws: TeacherProtocolError.self) { try read("id,label\n1,yes\n") }
  }

  @Test func `true labels that contradict each other in a file of replies are named`() throws {
    let file = try scratch.file(
      "gold.csv", "item,teacher,label,gold\n1,a,yes,yes\n1,b,no,no\n2,a,yes,yes\n2,b,yes,\n3,a,no,maybe\n3,b,no,NO\n")
    let (report, setAside) = try AgreementReport.reading(file)
    #expect(setAside.map(\.line) == [3, 7])
    #expect(setAside.map(\.field) == ["gold", "gold"])
    // By the first rows: 1 is yes, 2 yes, 3 maybe.
    #expect(report.teachers.map { $0.accuracy.map { ($0 * 3).rounded() } } == [2, 1])
  }

  @Test func `agreement of replies whose labels stand in another column is refused`() throws {
    let file = try scratch.file(
      "r.jsonl",
      "{\"id\": 1, \"teacher\": \"a\", \"answer\": \"yes\"}\n{\"id\": 1, \"teacher\": \"b\", \"label\": \"yes\"}\n")
    #expect(throws: TeacherProtocolError.self) { try AgreementReport.reading(file) }
  }

  @Test func `an old export of Label Studio and controls without choices are named as what they are`() throws {
    let labels = try LabelSet([.init(name: "yes"), .init(name: "no")])
    func faults(_ text: String) throws -> [String] {
      try AnnotationImport(labels: labels).replies(in: scratch.file("t.json", text)).setAside.map(\.reason)
    }
    let result = #"{"type": "choices", "from_name": "label", "value": {"choices": ["yes"]}}"#
    let old = try faults(
      "[{\"id\": 1, \"data\": {}, \"completions\": [{\"result\": [\(result)]}], \"predictions\": []}, "
        + "{\"completions\": [{\"result\": [\(result)]}]}]")
    #expect(old.count == 2 && old.allSatisfy { $0.contains("a task of Label Studio before 1.0") })
    // Stepwise supervision of TRL has texts there.
    #expect(try faults(#"[{"prompt": "p", "completions": ["a", "b"]}]"#)[0].contains("stepwise supervision"))
    let rating = try faults(
      #"[{"id": 1, "data": {}, "annotations": [{"result": [{"type": "rating", "from_name": "label", "value": {"rating": 1}}]}]}]"#
    )
    #expect(rating.count == 1 && rating[0].hasSuffix("found no choices, but results of the type rating"))
    let one = try AnnotationImport(labels: labels).replies(
      in: scratch.file("one.json", "[{\"id\": 1, \"data\": {}, \"annotations\": [{\"result\": [\(result)]}]}]"))
    #expect(one.preview.hasPrefix("1 row read: "))
  }
}
