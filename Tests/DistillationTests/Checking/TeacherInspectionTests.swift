import Distillation
import Foundation
import Testing
import Wording

@Suite struct TeacherInspectionTests {
  @Test func `a teacher that the file does not have is found by its nearest name`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("replies.jsonl", #""b": {"#, #""gemini": {"#)
      try fixture.edit("run.yaml", "{name: b, kind: recorded", "{name: b, recorded_name: gemnii, kind: recorded")
      let text = try #require(fixture.check().texts(.error, "teachers.b").first)
      #expect(text.contains("has no teacher 'gemnii'; did you mean 'gemini'?"))
    }
  }

  @Test func `a column that no reply has is an error with the key that names it and the nearest column`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml", "{name: a, kind: recorded, file: replies.jsonl}",
        "{name: a, kind: recorded, file: replies.jsonl, columns: {label: lable}}")
      try fixture.edit(
        "run.yaml", "{name: b, kind: recorded, file: replies.jsonl}",
        "{name: b, kind: recorded, file: replies.jsonl, columns: {confidence: score}}")
      let check = fixture.check()
      let label = try #require(check.texts(.error, "teachers.a").first)
      #expect(label.contains("has no column 'lable', which the mapping names for 'teachers.a.columns.label'."))
      #expect(label.hasSuffix("Did you mean 'label'?"))
      let confidence = try #require(check.texts(.error, "teachers.b").first)
      #expect(confidence.contains("'teachers.b.columns.confidence'. Its columns: 'label', 'rationale'."))
    }
  }

  @Test
  func
    `columns with the names of a spreadsheet are answered with what to write, and reasons that are not found are told`()
    throws
  {
    try withCheckFixture { fixture in
      let table = fixture.replies.indices.map { "\($0 + 1),Pristine,The place is right.\n" }.joined()
      try fixture.write("Photo no.,Verdict,Because\n" + table, to: "replies.csv")
      let own = "{name: a, kind: recorded, file: replies.csv}"
      try fixture.edit("run.yaml", "{name: a, kind: recorded, file: replies.jsonl}", own)
      let text = try #require(fixture.check().texts(.error, "teachers.a").first)
      #expect(text.contains("'teachers.a.columns.id'. Its columns: 'Photo no.', 'Verdict', 'Because'."))
      #expect(text.hasSuffix("Say which column is which: columns: {id: ..., label: ..., rationale: ...}."))

      let ids = fixture.replies.compactMap { $0.firstMatch(of: /"id": "([^"]*)"/)?.output.1 }
      let rows = ids.map { "\($0),Pristine,The place is right.\n" }.joined()
      try fixture.write("Photo no.,Verdict,Because\n" + rows, to: "replies.csv")
      try fixture.edit(
        "run.yaml", own, "{name: a, kind: recorded, file: replies.csv, columns: {id: Photo no., label: Verdict}}")
      #expect(
        fixture.check().texts(.ok, "teachers.a") == [
          "recorded replies on 20 of 20 items; none has a rationale, whose column is named by columns.rationale"
        ])
      try fixture.edit("run.yaml", "label: Verdict}", "label: Verdict, rationale: Because}")
      #expect(fixture.check().texts(.ok, "teachers.a") == ["recorded replies on 20 of 20 items"])
    }
  }

  @Test func `whole replies in the column of labels are told from misspelt labels`() throws {
    try withCheckFixture { fixture in
      let prose = fixture.replies.map {
        $0.replacing(#""label": "pristine""#, with: #""label": "The place is right.\nFinal answer: pristine""#)
          .replacing(#""label": "falsified""#, with: #""label": "The place is wrong.\nFinal answer: falsified""#)
      }
      try fixture.write(prose.joined(separator: "\n"), to: "replies.jsonl")
      let warning = try #require(
        fixture.check().texts(.warning, "teachers.a").first { $0.contains("can't be read as a label") })
      #expect(
        warning.contains("; they are whole replies: name their column by columns.reply in place of columns.label"))
      for name in ["a", "b"] {
        let own = "{name: \(name), kind: recorded, file: replies.jsonl"
        try fixture.edit("run.yaml", own + "}", own + ", columns: {reply: label}}")
      }
      #expect(fixture.check().texts(.ok, "teachers.a") == ["recorded replies on 20 of 20 items"])
    }
  }

  @Test func `items without a reply and replies without a label are counted`() throws {
    try withCheckFixture { fixture in
      var replies = fixture.replies
      replies[0] = replies[0].replacing(#""a": {"label": "pristine""#, with: #""a": {"label": "perhaps""#)
      try fixture.write(replies.dropLast(3).joined(separator: "\n"), to: "replies.jsonl")
      let texts = fixture.check().texts(.warning, "teachers.a")
      #expect(
        // A spelling that the file has for a label is the usual reason.
        texts.first == "recorded replies on 16 of 16 training items and 1 of 4 test items; on the others it has no vote"
      )
      #expect(
        texts.last
          == "replies that can't be read as a label count as no vote: 1; add spellings as labels.aliases\nthe label 'perhaps'"
      )
    }
  }

  @Test func `replies on other items altogether are an error`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("replies.jsonl", #"{"id": ""#, #"{"id": "x"#)
      #expect(fixture.check().texts(.error, "teachers.a").first?.contains("do both files use the same ids?") == true)
    }
  }

  /// The run asks about training and test items apart, stops where a teacher answers none of the former, and leaves out the
  /// result of one that answers none of the latter.
  @Test func `a teacher without a reply on any training item is an error, on any test item a warning`() throws {
    try withCheckFixture { fixture in
      let rest = "the run stops where a teacher answers none; do both files use the same ids?"
      try fixture.write(fixture.replies.dropLast(4).joined(separator: "\n"), to: "replies.jsonl")
      #expect(
        fixture.check().texts(.warning, "teachers.a")
          == ["recorded replies on 16 of 16 training items and 0 of 4 test items: its result is left out"])
      try fixture.write(fixture.replies.suffix(4).joined(separator: "\n"), to: "replies.jsonl")
      #expect(
        fixture.check().texts(.error, "teachers.b")
          == ["recorded replies on 0 of 16 training items and 4 of 4 test items: \(rest)"])
      // A split that is not scored need not be answered.
      try fixture.write(fixture.replies.prefix(16).joined(separator: "\n"), to: "replies.jsonl")
      try fixture.edit("run.yaml", "out: run", "evaluation: {split: train, dev_for_threshold: false}\nout: run")
      #expect(fixture.check().texts(.ok, "teachers.a") == ["recorded replies on 16 of 16 items"])
    }
  }

  @Test(arguments: ["{model: student}", "{fresh: {vocab_size: 400}}"])
  func `texts that spell a token of the student's are found in captions and in every rationale`(_ student: String)
    throws
  {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "student: {model: student}", "student: \(student)")
      #expect(fixture.check().texts(.warning, "student").isEmpty)
      // A shorter rationale than the other teacher's, on an item that is agreed, on a conflict, and on one of the test split.
      let short = #""b": {"label": "pristine", "rationale": "A.<|im_end|>"}"#
      var replies = fixture.replies
      for row in [6, 1, 20] {
        replies[row] = replies[row].replacing(#/"b": \{"label": "pristine", "rationale": "[^"]*"\}/#, with: short)
      }
      try fixture.write(replies.joined(separator: "\n"), to: "replies.jsonl")
      try fixture.edit(
        "items.jsonl", #""caption": "ball number 4", "label": "pristine""#,
        #""caption": "<image> 4", "label": "pristine""#)
      let text = try #require(fixture.check().texts(.warning, "student").first)
      let lines = text.split(separator: "\n")
      #expect(lines[0] == "3 rows can't be put to the student and will be set aside", "\(text)")
      #expect(lines.dropFirst().map { $0.prefix { $0 != ":" } } == ["0f", "3p", "4p"])
      #expect(lines[3].contains("<image>") && lines[2].contains("<|im_end|>"))
      // Of rationales that are not learnt nothing is set aside.
      try fixture.edit("run.yaml", "student: ", "stage1: {rationales: false}\nstudent: ")
      #expect(fixture.check().texts(.warning, "student").first?.hasPrefix("1 row can't") == true)
    }
  }

  @Test(arguments: ["{model: student}", "{fresh: {vocab_size: 400}}"])
  func `a run whose agreed items can none of them be put to the student is not ready`(_ student: String) throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "student: {model: student}", "student: \(student)")
      try fixture.edit("replies.jsonl", "A ball it is.", "A ball.<|im_end|>")
      let text = try #require(fixture.check().texts(.error, "stage1").first)
      #expect(
        text.hasPrefix("the student can take none of the 10 training items that the teachers agree on"), "\(text)")
      #expect(text.contains("item 3p: the text holds <|im_end|>"), "\(text)")
    }
  }

  @Test func `teachers that never conflict leave stage 2 without work`() throws {
    try withCheckFixture { fixture in
      try fixture.write(fixture.replies.dropFirst(6).joined(separator: "\n"), to: "replies.jsonl")
      let text = try #require(fixture.check().texts(.warning, "agreement").first)
      #expect(text == "10 training items agreed, 0 conflicts, 6 with too few votes: Stage 2 has nothing to learn")
    }
  }

  @Test func `teachers that never agree leave stage 1 without work`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "review:", "agreement: {rule: majority, margin: 2, minimum_votes: 2}\nreview:")
      try fixture.write(
        fixture.replies.map { $0.replacing(#""a": {"label": "pristine""#, with: #""a": {"label": null"#) }
          .joined(separator: "\n"), to: "replies.jsonl")
      try fixture.edit("replies.jsonl", #""a": {"label": "falsified""#, #""a": {"label": null"#)
      // Learning conflicts helps nothing, as there is none.
      for conflicts in ["", "\nstage1: {conflicts: both}"] {
        try fixture.write(try fixture.text("run.yaml") + conflicts, to: "run.yaml")
        #expect(
          fixture.check().texts(.error, "agreement") == [
            "0 training items agreed, 0 conflicts, 16 with too few votes: Stage 1 has nothing to learn; teacher a has no vote "
              + "on any of them: mend the replies, or take another teacher, or set agreement.minimum_votes to 1"
          ])
      }
    }
  }

  @Test func `conflicts of two have no majority to learn`() throws {
    try withCheckFixture { fixture in
      let opposite = fixture.items.indices.map { number in
        let labels = number % 2 == 0 ? ["pristine", "falsified"] : ["falsified", "pristine"]
        return #"{"id": "\#(number / 2)\#(labels[0].prefix(1))", "teachers": {"a": {"label": "\#(labels[0])"}, "#
          + #""b": {"label": "\#(labels[1])"}}}"#
      }
      try fixture.write(opposite.joined(separator: "\n"), to: "replies.jsonl")
      let configuration = try fixture.text("run.yaml")
      func found(_ conflicts: String) throws -> [String] {
        try fixture.write(configuration + "stage1: {conflicts: \(conflicts)}", to: "run.yaml")
        return fixture.check().texts(.error, "agreement")
      }
      for conflicts in ["exclude", "majority"] {
        #expect(
          try found(conflicts) == [
            "0 training items agreed, 16 conflicts, 0 with too few votes: Stage 1 has nothing to learn; set stage1.conflicts to both"
          ])
      }
      #expect(try found("both") == [])
    }
  }

  @Test func `a service needs its key and is not asked`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml", "{name: b, kind: recorded, file: replies.jsonl}",
        "{name: b, kind: openai, base_url: 'http://nowhere.invalid/v1', model: large, key_env: LARGE_KEY}")
      let poor = fixture.check()
      #expect(
        poor.texts(.error, "teachers.b")
          == ["the environment variable LARGE_KEY is not set: export LARGE_KEY=... with the key"])
      #expect(fixture.check(environment: ["LARGE_KEY": "  "]).errors == 1)
      let rich = fixture.check(environment: ["LARGE_KEY": "secret-1"])
      #expect(rich.isUsable)
      #expect(
        rich.texts(.ok, "teachers.b")
          == ["at most 20 requests to nowhere.invalid for large; replies in the store are not asked for again"])
      #expect(!rich.text().contains("secret-1"))
      #expect(rich.texts(.ok, "time").first?.contains("waiting for services not counted") == true)
    }
  }

  @Test func `a model in this process is loaded as the run loads it`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml", "{name: b, kind: recorded, file: replies.jsonl}", "{name: b, kind: model, model: student}")
      let check = fixture.check()
      #expect(check.isUsable)
      let told = try #require(check.texts(.ok, "teachers.b").first)
      #expect(told.contains("student: ") && told.hasSuffix("parameters, loaded whole"))
      try fixture.edit("run.yaml", "kind: model, model: student", "kind: model, model: student, adapter: none")
      #expect(fixture.check().texts(.error, "teachers.b").first?.contains("none: there is no such folder") == true)
      try FileManager.default.removeItem(at: fixture.folder.appending(path: "student/tokenizer.json"))
      #expect(fixture.check().texts(.error, "teachers.b").first?.contains("tokenizer.json") == true)
    }
  }

  @Test func `a review file is read against the training items`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "{budget: 4}", "{budget: 4, source: file, file: review.csv}")
      #expect(fixture.check().texts(.warning, "review.file").first?.contains("is not there yet") == true)
      let replies = try fixture.text("replies.jsonl")
      try fixture.write(fixture.replies.dropFirst(6).joined(separator: "\n"), to: "replies.jsonl")
      #expect(
        fixture.check().texts(.ok, "review.file") == ["no file is needed, as there is no conflict to decide"])
      try fixture.write(replies, to: "replies.jsonl")
      try fixture.write("item,label\n0p,pristine\n0f,nonsense\n10p,pristine", to: "review.csv")
      let check = fixture.check()
      #expect(check.texts(.ok, "review.file").first?.hasSuffix("review.csv: 1 label filled in") == true)
      let text = try #require(check.texts(.warning, "review.file").first)
      #expect(text.hasPrefix("2 rows can't be used\n"))
    }
  }

  @Test func `a budget of nothing is an error`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "{budget: 4}", "{budget: 0.05}\nbudgets: [2, 12]")
      let check = fixture.check()
      #expect(
        check.texts(.error, "review.budget") == [
          "0 labels, 0.0 % of 16 training items: nothing would be labelled; raise it"
        ])
      #expect(
        check.texts(.ok, "budgets")
          == [
            "2 labels, 12.5 % of 16 training items",
            "12 labels, 75.0 % of 16 training items; only 6 conflicts will use it",
          ])
    }
  }
}
