import Distillation
import Foundation
import Testing

/// `check` on one file a split.
@Suite struct SplitFileCheckTests {
  @Test func `ids that repeat between the files of splits are told apart, or refused where replies are joined by them`()
    throws
  {
    try withCheckFixture { fixture in
      for split in ["train", "test"] {
        let rows = fixture.items.filter { $0.contains("\"split\": \"\(split)\"") }.enumerated().map { number, row in
          row.replacing(#/"id": "[^"]*"/#, with: "\"id\": \(number)")
        }
        try fixture.write(rows.joined(separator: "\n"), to: "\(split).jsonl")
      }
      try fixture.edit("run.yaml", "file: items.jsonl", "files: {train: train.jsonl, test: test.jsonl}")
      try fixture.edit("run.yaml", "group: group, split: split", "group: group")
      let names = try #require(fixture.check().texts(.ok, "data.files").last)
      #expect(names.hasPrefix("4 ids stand in more than one data file ('0' in "))
      #expect(names.hasSuffix("items are named by their split: train:0, test:0"))
      try fixture.write(
        #"{"id": 3, "teacher": "a", "label": "pristine"}"# + "\n" + #"{"id": 3, "teacher": "b", "label": "pristine"}"#,
        to: "replies.jsonl")
      let refused = try #require(fixture.check().texts(.error, "teachers.a").first)
      #expect(refused.contains("the id '3' stands in ") && refused.contains("test.jsonl:4"))
      #expect(refused.contains("'train:3' or 'test:3'"))
    }
  }

  @Test func `an id that stands in one file alone needs no split in replies where others are repeated`() throws {
    try withCheckFixture { fixture in
      var replies: [String] = []
      for (split, repeats) in [("train", 2), ("test", 2)] {
        let rows = fixture.items.filter { $0.contains("\"split\": \"\(split)\"") }.enumerated().map { number, row in
          let id = number < repeats ? "\(number)" : "\(split.prefix(2))\(number)"
          replies += ["a", "b"].map {
            "{\"id\": \"\(number < repeats ? "\(split):" : "")\(id)\", \"teacher\": \"\($0)\", \"label\": \"pristine\"}"
          }
          return row.replacing(#/"id": "[^"]*"/#, with: "\"id\": \"\(id)\"")
        }
        try fixture.write(rows.joined(separator: "\n"), to: "\(split).jsonl")
      }
      try fixture.write(replies.joined(separator: "\n"), to: "replies.jsonl")
      try fixture.edit("run.yaml", "file: items.jsonl", "files: {train: train.jsonl, test: test.jsonl}")
      try fixture.edit("run.yaml", "group: group, split: split", "group: group")
      let check = fixture.check()
      #expect(
        check.texts(.ok, "teachers.a") == [
          "recorded replies on 20 of 20 items; none has a rationale, whose column is named by columns.rationale"
        ])
      #expect(check.texts(.warning, "agreement").first?.hasPrefix("16 training items agreed") == true)
    }
  }
}
