import Annotations
import Foundation
import TeacherProtocol
import Testing

/// What the items of imported rows are called.
@Suite struct ImportedItemsTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func read(_ rows: String..., teacher: String = "gpt", name: String = "rows.jsonl") throws -> ImportedReplies {
    let file = try scratch.file(name, rows.map { $0 + "\n" }.joined())
    return try AnnotationImport(labels: ExchangeTests.labels(), teacher: teacher).replies(in: file)
  }

  private func items(_ rows: String...) throws -> [String] {
    try rows.map { row in
      let found = try read(row)
      #expect(found.setAside.isEmpty, "\(found.setAside)")
      return try #require(found.annotations.first?.item)
    }
  }

  @Test func `rows without ids are one item where they ask the same, in every file, of every teacher`() throws {
    let first = try read(#"{"prompt":"q1","completion":"Yes"}"#, #"{"prompt":"q2","completion":"Yes"}"#)
    let second = try read(#"{"prompt":"q3","completion":"No"}"#, #"{"prompt":"q4","completion":"No"}"#)
    let other = try read(#"{"prompt":"q3","completion":"No"}"#, #"{"prompt":"q1","completion":"Yes"}"#, teacher: "x")
    let names = (first.annotations + second.annotations).map(\.item)
    #expect(Set(names).count == 4 && names.allSatisfy { $0.hasPrefix("q-") && $0.count == 18 })
    #expect(other.annotations.map(\.item) == [names[2], names[0]])
    // The name is kept in stores, so it stays.
    #expect(names[0] == "q-378875f21f5ffcda")
    #expect(other.otherQuestions(than: first.annotations + second.annotations).isEmpty)
  }

  @Test func `one question is one item in every shape of row`() throws {
    let names = try items(
      #"{"prompt": "Open?", "completion": "No."}"#, #"{"prompt": " Open?\n", "chosen": "Yes.", "rejected": "No."}"#,
      #"{"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}]}"#,
      #"{"messages": [{"role": "user", "content": [{"type": "text", "text": "Open?"}]}, {"role": "assistant", "content": "Yes."}]}"#,
      #"{"conversations": [{"from": "human", "value": "Open?"}, {"from": "gpt", "value": "No."}]}"#,
      #"{"instruction": "Open?", "input": "", "output": "Yes."}"#,
      #"{"prompt": [{"role": "user", "content": "Open?"}], "completion": [{"role": "assistant", "content": "No."}], "label": false}"#,
      #"{"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}], "rejected_response": "No."}"#,
      #"""
      {"chosen": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}], \#
      "rejected": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "No."}]}
      """#,
      #"{"id": " ", "prompt": "Open?", "completion": "No."}"#, #"{"id": null, "prompt": "Open?", "completion": "No."}"#,
      #"[{"id": 5, "data": {"text": "Open?"}, "annotations": [{"id": 1, "completed_by": 3, "result": [{"from_name": "label", "type": "choices", "value": {"choices": ["no"]}}]}]}]"#
    )
    #expect(Set(names).count == 1, "\(names)")
    let images = try items(
      #"{"images": ["a.png"], "prompt": "Open?", "completion": "No."}"#,
      #"{"image": "./a.png", "prompt": "Open?", "completion": "No."}"#,
      #"{"images": [{"path": "a.png"}], "conversations": [{"from": "human", "value": "<image>\nOpen?"}, {"from": "gpt", "value": "No."}]}"#,
      #"""
      {"messages": [{"role": "user", "content": [{"type": "image", "image": "a.png"}, {"type": "text", "text": "Open?"}]}, \#
      {"role": "assistant", "content": "Yes."}]}
      """#,
      #"""
      {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a.png"}}, {"type": "text", \#
      "text": "Open?"}]}, {"role": "assistant", "content": "Yes."}]}
      """#)
    #expect(Set(images).count == 1 && images[0] != names[0], "\(images)")
  }

  @Test func `two questions are two items whatever they differ in`() throws {
    _ = try scratch.file("a.png", "one")
    _ = try scratch.file("b.png", "another")
    _ = try scratch.file("copy.png", "one")
    let rows = [
      #"{"prompt": "Open?", "completion": "No."}"#, #"{"prompt": "Shut?", "completion": "No."}"#,
      #"{"system": "Be strict.", "instruction": "Open?", "output": "No."}"#,
      #"{"history": [["Red?", "Yes"]], "instruction": "Open?", "output": "No."}"#,
      #"{"prompt": [{"role": "system", "content": "S"}, {"role": "user", "content": "Open?"}], "completion": "No."}"#,
      #"""
      {"messages": [{"role": "user", "content": "Red?"}, {"role": "assistant", "content": "No."}, \#
      {"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}]}
      """#,
      #"""
      {"messages": [{"role": "user", "content": "Red?"}, {"role": "assistant", "content": "Yes."}, \#
      {"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}]}
      """#,
      #"{"image": "a.png", "prompt": "Open?", "completion": "No."}"#,
      #"{"image": "b.png", "prompt": "Open?", "completion": "No."}"#,
      #"{"images": ["a.png", "b.png"], "prompt": "Open?", "completion": "No."}"#,
      #"{"images": ["none.png"], "prompt": "Open?", "completion": "No."}"#,
      #"{"images": [{"bytes": "AA", "path": null}], "prompt": "Open?", "completion": "No."}"#,
      #"{"images": [{"bytes": "AB", "path": null}], "prompt": "Open?", "completion": "No."}"#,
    ]
    let names = try rows.map { try items($0)[0] }
    #expect(Set(names).count == rows.count, "\(names)")
    // A copy shows the same.
    #expect(try items(#"{"image": "copy.png", "prompt": "Open?", "completion": "No."}"#) == [names[7]])
    let nothing = try read(#"{"prompt": " ", "completion": "Yes."}"#)
    #expect(nothing.annotations.isEmpty && "\(nothing.setAside)".contains("a question, or an id"))
  }

  @Test func `an id that comes with another question than before is told of by name`() throws {
    let first = try read(
      #"{"id": 1, "prompt": "q1", "completion": "Yes"}"#, #"{"id": 2, "prompt": "q2", "completion": "Yes"}"#)
    #expect(first.annotations.map(\.item) == ["1", "2"] && first.otherQuestions(than: []).isEmpty)
    let second = try read(
      #"{"id": 1, "prompt": "q4", "completion": "No"}"#, #"{"id": 2, "prompt": " q2 ", "completion": "No"}"#,
      #"{"id": 3, "prompt": "q5", "completion": "No"}"#, #"{"id": 3, "prompt": "q6", "completion": "No"}"#)
    let told = second.otherQuestions(than: first.annotations)
    #expect(
      told.map(\.description) == [
        "item 1, line 1: 'q4', but in the store 'q1'", "item 3, line 4: 'q6', but on line 3 'q5'",
      ])
    #expect(told.told?.hasPrefix("2 items come with other questions than before") == true)
    #expect(told.told?.hasSuffix("\n  item 3, line 4: 'q6', but on line 3 'q5'") == true)
    #expect([OtherQuestion]().told == nil)
    let image = try read(#"{"id": 1, "prompt": "q1", "image": "a.png", "completion": "No"}"#)
    #expect(image.otherQuestions(than: first.annotations).map(\.question) == ["q1 a.png"])
  }

  /// Numbers of tasks count within one Label Studio, so those of two servers are the same.
  @Test func `tasks of Label Studio are named by their data's id, else by their data, and flat ones by their number`()
    throws
  {
    func task(_ id: Int, _ data: String) -> String {
      #"[{"id": \#(id), "data": \#(data), "annotations": [{"completed_by": 3, "result": [{"from_name": "label", "type": "choices", "value": {"choices": ["no"]}}]}]}]"#
    }
    let names = try items(
      task(1, #"{"id": 7, "text": "A"}"#), task(1, #"{"item": "8", "text": "A"}"#), task(1, #"{"text": "A"}"#),
      task(2, #"{"text": "A"}"#), task(1, #"{"text": "B"}"#), task(1, #"{"text": "A", "context": "C"}"#),
      task(9, #"{"context": "C", "text": "A"}"#), task(1, #"{"caption": "D"}"#), task(1, #"{"caption": "E"}"#),
      task(4, "{}"),
      #"[{"id": 11, "text": "A", "label": "no", "annotator": 3, "annotation_id": 5}]"#)
    #expect([names[0], names[1], names[9], names[10]] == ["7", "8", "task 4", "task 11"])
    #expect(names[2] == names[3] && names[5] == names[6])
    #expect(Set(names).count == names.count - 2, "\(names)")
  }
}
