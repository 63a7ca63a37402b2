import Distillation
import Foundation
import Testing

@Suite struct RunCheckTests {
  @Test func `items that nothing divides are told how some are kept apart and scored`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "group: group, split: split}", "group: group}")
      #expect(
        fixture.check().texts(.warning, "evaluation") == [
          "nothing is scored: there are no test items; data.splits: {train: 80%, test: 20%} keeps some apart, which are "
            + "scored where they have a label"
        ])
      try fixture.edit("run.yaml", "group: group}", "group: group}\n  splits: {train: 80%, test: 20%}")
      #expect(fixture.check().texts(.warning, "evaluation") == [])
    }
  }

  @Test func `a run in which everything fits is ready`() throws {
    try withCheckFixture { fixture in
      let check = fixture.check()
      #expect(check.findings.filter { $0.level != .ok } == [])
      #expect(check.isUsable)
      #expect(check.text().hasSuffix("\neverything is ready\n"))
      #expect(check.text(from: .warning) == "everything is ready\n")
      #expect(
        check.texts(.ok, "data.splits")
          == ["train 16 (8 groups), dev 4 (2 groups), test 4 (2 groups); no group and no image is in two splits"])
      #expect(check.texts(.ok, "data.images") == ["12 images, the heads of all read and 12 decoded, all sound"])
      #expect(check.texts(.ok, "teachers.a") == ["recorded replies on 20 of 20 items"])
      let question = try #require(check.findings.last { $0.subject == "prompt" })
      #expect(question.text == "about item 0p it asks" && question.details == ["Caption: ball number 0 Does it fit?"])
      #expect(check.texts(.ok, "agreement") == ["10 training items agreed, 6 conflicts, 0 with too few votes"])
      #expect(check.texts(.ok, "review.budget") == ["4 labels, 25.0 % of 16 training items"])
      #expect(check.texts(.ok, "time").count == 1)
      #expect(check.texts(.ok, "memory").count == 1)
      let made = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted()
      #expect(made == ["items.jsonl", "photos", "replies.jsonl", "run.yaml", "student"], "looking writes nothing")
    }
  }

  @Test func `what a calibration spends is said before it is spent`() throws {
    try withCheckFixture { fixture in
      let file = fixture.folder.appending(path: "run.yaml")
      func found(_ evaluation: String, _ level: CheckFinding.Level, budget: String = "4") throws -> [String] {
        let text = CheckFixture.configuration.replacing("{budget: 4}", with: "{budget: \(budget)}")
        try Data((text + "\nevaluation: {\(evaluation)}\n").utf8).write(to: file)
        return fixture.check().texts(level, "evaluation.calibration")
      }
      #expect(try found("bootstrap: 10", .ok) == [])
      #expect(try found("calibration: dev", .warning) == ["4 of 4 development items have a label: it takes 30"])
      // 6 conflicts, of which the budget pays for 4.
      #expect(
        try found("calibration: budget", .warning) == [
          "the labels of 4 conflicts that review.budget pays for, and no other: it takes 30"
        ])
      let more = (0..<40).map {
        #"{"id": "d\#($0)", "image": "9.png", "caption": "ball \#($0)", "label": "pristine", "group": "g9", "split": "dev"}"#
      }
      try fixture.write((fixture.items + more).joined(separator: "\n"), to: "items.jsonl")
      let spent = "44 labels of development items, counted as spent beside review.budget"
      #expect(try found("calibration: dev", .ok) == [spent])
      #expect(try found("calibration: dev, dev_for_threshold: true", .ok) == ["\(spent), once for both"])
      #expect(fixture.check().texts(.ok, "evaluation.dev_for_threshold") == [spent])
    }
  }

  @Test func `groups that are met among items drawn are those that are not all missed`() {
    // One of ten items each: as many as are drawn.
    let apart = (0..<10).map { "\($0)" }
    #expect(RunCheck.expectedGroups(among: apart, drawn: 4) == 4)
    // Two groups of five: each is missed by 0.6^5, so that 1.84 are met; one of ten by none.
    #expect(RunCheck.expectedGroups(among: (0..<10).map { "\($0 % 2)" }, drawn: 4) == 2)
    #expect(RunCheck.expectedGroups(among: Array(repeating: "a", count: 10), drawn: 4) == 1)
    #expect(RunCheck.expectedGroups(among: [], drawn: 4) == 0)
    // Twenty groups of two, of which 8 of 40 items are drawn: 20 (1 - 0.8^2) = 7.2.
    #expect(RunCheck.expectedGroups(among: (0..<40).map { "\($0 / 2)" }, drawn: 8) == 7)
  }

  @Test func `problems of the configuration are findings`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "budget: 4", "bugdet: 4")
      let check = fixture.check()
      #expect(check.errors == 1)
      #expect(
        check.findings.first?.text.contains("unknown key 'bugdet' in review (line 11); did you mean 'budget'?") == true)
      try FileManager.default.removeItem(at: fixture.folder.appending(path: "run.yaml"))
      #expect(fixture.check().findings.first?.text.contains("there is no such file") == true)
    }
  }

  @Test func `the labels that Stage 2 is chosen by are counted, and the training that it takes is in the time`() throws
  {
    try withCheckFixture { fixture in
      func trainings(_ labelled: Int) -> Double {
        let run = try? RunConfiguration(contentsOf: fixture.folder.appending(path: "run.yaml"))
        return run.map { CostEstimate.trainingsApart(of: $0, labelled: labelled) } ?? -1
      }
      let few = "4 labels of the budget to judge by are too few, it takes 10: the student stays as Stage 1 left it"
      #expect(trainings(100) == 0 && !fixture.check().findings.contains { $0.subject == "stage2.choose" })
      try fixture.edit("run.yaml", ", choose: as_configured, replay: 0", "")
      #expect(trainings(4) == 0 && fixture.check().texts(.warning, "stage2.choose") == [few])
      try fixture.edit("run.yaml", "budget: 4", "budget: 1")
      let one = "1 label of the budget to judge by is too few, it takes 10: the student stays as Stage 1 left it"
      #expect(fixture.check().texts(.warning, "stage2.choose") == [one])
      try fixture.edit("run.yaml", "budget: 1", "budget: 4")
      // Two trainings on four fifths, or one for each of as many fifths as hold ten labels: three of 20.
      #expect(trainings(100) == 2 * 0.8 && trainings(20) == 0.8 * 3)
      // Of no student there is none to choose.
      try fixture.edit("run.yaml", "student: {model: student}\nstage2: {reference: stage1_adapter}", "rounds: 1")
      #expect(fixture.check().texts(.warning, "stage2.choose").isEmpty)
      try fixture.edit(
        "run.yaml", "rounds: 1", "student: {model: student}\nstage2: {reference: stage1_adapter, choose: dev}")
      #expect(
        fixture.check().texts(.warning, "stage2.choose")
          == [
            "4 labels of development items to judge by are too few, it takes 10: labels of the budget are held out",
            few,
          ])
      #expect(trainings(4) == 1)
      try fixture.edit("run.yaml", "choose: dev", "choose: dev, replay: 0.5")
      let items = try String(contentsOf: fixture.folder.appending(path: "items.jsonl"), encoding: .utf8)
      let more = (0..<12).map { number in
        items.split(separator: "\n").first { $0.contains("\"dev\"") }.map(String.init)?
          .replacing(/"id": ?"[^"]*"/, with: "\"id\": \"more\(number)\"") ?? ""
      }
      try Data((items + "\n" + more.joined(separator: "\n")).utf8)
        .write(to: fixture.folder.appending(path: "items.jsonl"))
      // Four labelled conflicts and two agreed items: one update of 16 in each of 3 epochs.
      #expect(
        fixture.check().texts(.ok, "stage2.choose") == [
          "16 labels of development items, which count as spent; one more training of Stage 2, about 3 updates"
        ])
    }
  }

  @Test func `a configuration built in code is validated too`() {
    var run = RunConfiguration.shortest
    run.seed = -1
    let check = RunCheck(run, runFolder: URL(filePath: "/tmp/none"))
    #expect(check.errors == 1)
    #expect(check.findings.first?.text.hasPrefix("seed: expected") == true)
  }

  @Test func `every missing column is named with the one that was meant`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "text: caption, group: group", "text: captoin, group: family, label: gold_label")
      let check = fixture.check()
      #expect(
        check.texts(.error, "data.fields.text").first?.hasSuffix("has no column 'captoin'; did you mean 'caption'?")
          == true)
      #expect(
        check.texts(.error, "data.fields.group").first?.hasSuffix(
          "its columns: 'id', 'image', 'caption', 'label', 'group', 'split'") == true)
      #expect(check.texts(.error, "data.fields.label").count == 1)
      #expect(check.errors == 3)
      try fixture.edit("run.yaml", "text: captoin", "image: photograph, text: caption")
      let missing = fixture.check().texts(.error, "data.fields.image").first
      #expect(missing?.hasSuffix("'split'; set it to null where items have no image") == true)
    }
  }

  @Test func `bad rows and missing images are listed and strict makes them errors`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "items.jsonl", #""caption": "ball number 3", "label": "pristine""#, #""caption": null, "label": "pristine""#)
      try FileManager.default.removeItem(at: fixture.folder.appending(path: "photos/11.png"))
      let check = fixture.check()
      #expect(check.isUsable)
      let rows = try #require(check.texts(.warning, "data").first)
      #expect(rows.hasPrefix("1 row can't be used and will be set aside\n"))
      #expect(rows.contains("items.jsonl:7: item '3p', field 'caption': expected a text, found null"))
      let images = try #require(check.texts(.warning, "data.images").first)
      #expect(images.hasPrefix("2 rows without a usable image will be set aside\n"))
      #expect(images.contains("items.jsonl:23: item '11p', field 'image'"))
      try fixture.edit("run.yaml", "out: run", "out: run\nstrict: true")
      #expect(fixture.check().texts(.error, "data").count == 1)
    }
  }

  @Test func `damaged images are found by decoding some`() throws {
    try withCheckFixture { fixture in
      try fixture.write("no image at all", to: "photos/5.png")
      let text = try #require(fixture.check().texts(.warning, "data.images").first)
      #expect(text.hasPrefix("12 images, the heads of all read and 12 decoded, 1 that can't be read; "), "\(text)")
      #expect(text.contains("photos/5.png"))
      try fixture.edit("run.yaml", "out: run", "out: run\nstrict: true")
      #expect(fixture.check().texts(.error, "data.images").count == 1)
    }
  }

  @Test func `a group in two splits is an error`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("items.jsonl", #""group": "g9""#, #""group": "g0""#)
      let text = try #require(fixture.check().texts(.error, "data").first)
      #expect(text.contains("1 groups stand in more than one split, for example 'g0'"))
    }
  }

  @Test func `splits that the data does not have are found`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml", "  images: photos", "  images: photos\n  splits: {train: train, dev: [], test: test}")
      let check = fixture.check()
      #expect(check.texts(.warning, "data.splits") == ["4 rows belong to no split: the split column has 'dev'"])
      try fixture.edit("run.yaml", "test: test", "test: tset")
      #expect(fixture.check().texts(.error, "data").first?.contains("tset") != nil)
      #expect(!fixture.check().isUsable)
    }
  }

  @Test func `fractions that leave rows out are told`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", ", split: split}", "}\n  splits: {train: 0.5, dev: 0.1, test: 0.1}")
      let text = try #require(fixture.check().texts(.warning, "data.splits").first)
      #expect(text.hasSuffix(" to no split: the fractions of data.splits are 0.7 together, and the rest is left out"))
      try fixture.edit("run.yaml", "train: 0.5", "train: 0.8")
      #expect(fixture.check().texts(.warning, "data.splits").isEmpty)
    }
  }

  @Test func `spaces around the name of a split are none of it, and another case is another name`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("items.jsonl", #""split": "dev""#, #""split": " dev ""#)
      #expect(fixture.check().texts(.warning, "data.splits").isEmpty)
      try fixture.edit("items.jsonl", #""split": " dev ""#, #""split": "Dev""#)
      #expect(
        fixture.check().texts(.warning, "data.splits") == ["4 rows belong to no split: the split column has 'Dev'"])
    }
  }

  @Test func `a file without a usable row is told by its rows and not by its columns`() throws {
    try withCheckFixture { fixture in
      try fixture.write("{broken", to: "items.jsonl")
      let check = fixture.check()
      #expect(check.texts(.error, "data.file").first?.contains("holds no usable row. 1 row was set aside: ") == true)
      #expect(check.findings.allSatisfy { !$0.subject.hasPrefix("data.fields") })
    }
  }

  @Test func `conditions that no row meets are told with what the column has`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "  images: photos", "  images: photos\n  where: {split: [trian], group: [g0]}")
      #expect(
        fixture.check().texts(.error, "data") == [
          "data.where keeps none of 24 rows: 'trian' stands in no row's 'split', which has 'dev', 'test', 'train'"
        ])
      try fixture.edit("run.yaml", "[trian]", "[test]")
      #expect(
        fixture.check().texts(.error, "data") == [
          "data.where keeps none of 24 rows: no row has a value of each of 'group', 'split'"
        ])
    }
  }

  @Test func `labels that nobody knows are listed`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("items.jsonl", #""label": "falsified", "group": "g1""#, #""label": "fake news", "group": "g1""#)
      let text = try #require(fixture.check().texts(.warning, "labels").first)
      #expect(text.hasPrefix("1 row without a known label (pristine, falsified); add spellings as labels.aliases"))
      #expect(text.contains("'fake news'"))
    }
  }

  @Test func `a slot that nothing fills is an error`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "Caption: {text}", "Caption: {text} {entities}")
      let text = try #require(fixture.check().texts(.error, "prompt").first)
      #expect(text.contains("names the slot {entities}, which nothing fills. Known slots: 'text', 'labels'"))
    }
  }

  @Test func `a question that is the same about every item is an error`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "fields: {text", "fields: {image: null, text")
      try fixture.edit("run.yaml", "  images: photos\n", "")
      try fixture.edit("run.yaml", "Caption: {text} Does it fit?", "Does it fit?")
      let text = try #require(fixture.check().texts(.error, "prompt").first)
      #expect(text.contains("asks the same about every item") && text.contains("Put a slot into it: {text}."))
    }
  }

  @Test func `a column that is mapped and not asked about is told, and so is evidence that no question names`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "fields: {text", "fields: {evidence: {set: group, part: split}, text")
      try fixture.edit("run.yaml", "Caption: {text} Does it fit?", "Does it fit {set}?")
      let check = fixture.check()
      #expect(
        check.texts(.warning, "data.fields.text") == [
          "prompt has no slot {text}, so what the column 'caption' says is not asked about; set it to null where items are "
            + "images alone"
        ])
      #expect(check.texts(.warning, "data.fields.evidence.part").count == 1)
      #expect(check.texts(.warning, "data.fields.evidence.set") == [])
      #expect(check.isUsable, "photos are judged without a text")
    }
  }

  @Test func `items that are images alone have no text that could be missed`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "fields: {text: caption", "fields: {text: wording")
      try fixture.edit("run.yaml", "Caption: {text} Does it fit?", "Does it fit?")
      let missing = fixture.check().texts(.error, "data.fields.text").first
      #expect(missing?.hasSuffix("'split'; set it to null where items are images alone") == true, "\(missing ?? "")")
      try fixture.edit("run.yaml", "text: wording", "text: null")
      let check = fixture.check()
      #expect(check.isUsable && check.texts(.warning, "data.fields.text") == [], "\(check.text())")
      try fixture.edit("run.yaml", "text: null", "image: null, text: null")
      try fixture.edit("run.yaml", "  images: photos\n", "")
      let words =
        "data.fields.text (line 3): expected a column with texts, or one with images in data.fields.image, found neither"
      #expect(fixture.check().text().contains(words))
    }
  }

  @Test func `the text lists findings in columns and sums up`() throws {
    try withCheckFixture { fixture in
      try fixture.edit(
        "items.jsonl", #""caption": "ball number 3", "label": "pristine""#, #""caption": null, "label": "pristine""#)
      try fixture.edit(
        "run.yaml", "kind: recorded, file: replies.jsonl}\nstudent", "kind: recorded, file: none.jsonl}\nstudent")
      let lines = fixture.check().text(from: .warning).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.first.map { $0.hasPrefix("warning  data        1 row") } == true)
      #expect(lines.contains { $0.hasPrefix("error    teachers.b  ") })
      #expect(lines.suffix(3) == ["", "not ready: 1 error, 1 warning", ""])
      let json = try fixture.check().json()
      #expect(json.contains("\"usable\" : false"))
    }
  }

  @Test(arguments: [UInt32.max, UInt32(Int32.max)])
  func `images whose heads claim more pixels than can be counted are damaged`(
    side: UInt32
  ) throws {
    try withCheckFixture { fixture in
      for name in ["3.png", "4.png", "5.png", "6.png"] {
        let photo = fixture.folder.appending(path: "photos/\(name)")
        var bytes = try [UInt8](Data(contentsOf: photo))
        for at in [16, 20] {
          for byte in 0..<4 { bytes[at + byte] = UInt8(truncatingIfNeeded: side >> (24 - 8 * byte)) }
        }
        try Data(bytes).write(to: photo)
      }
      let text = try #require(fixture.check().texts(.warning, "data.images").first)
      #expect(text.contains("4 that can't be read") && text.contains("3.png"), "\(text)")
    }
  }

  /// Pillow 13 clips grey of 16 bits at 255 in convert("RGB"), and so do the processors of transformers 5.24.
  @Test func `scans of sixteen bits are named with the key that scales them`() throws {
    try withCheckFixture { fixture in
      let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../ImageDecodingTests/Corpus/grey16.png")
      try Data(contentsOf: corpus).write(to: fixture.folder.appending(path: "photos/3.png"))
      let text = try #require(fixture.check().texts(.warning, "data.pixels.sixteen_bits").first)
      #expect(text.hasPrefix("1 image of 16-bit grey") && text.hasSuffix("\n3.png"))
      try fixture.edit("run.yaml", "  images: photos", "  images: photos\n  pixels: {sixteen_bits: scaled}")
      #expect(fixture.check().texts(.warning, "data.pixels.sixteen_bits").isEmpty)
    }
  }
}
