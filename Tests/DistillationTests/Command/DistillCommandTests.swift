import Distillation
import Foundation
import LanguageModel
import StudentModels
import TestSupport
import Testing

/// The command as people use it. Skipped where it was not built beside the tests.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct DistillCommandTests {
  private func inFixture(_ body: (DistillBinary, CheckFixture) throws -> Void) throws {
    let binary = try #require(DistillBinary.found)
    try withCheckFixture { try body(binary, $0) }
  }

  @Test func `the version is that of the package`() throws {
    try inFixture { distill, fixture in
      let outcome = try distill.run("--version", in: fixture.folder)
      #expect(outcome.code == 0)
      #expect(outcome.output == PackageVersion.current + "\n")
    }
  }

  @Test func `inspect says what a photo and an update cost, and what can be trained`() throws {
    try inFixture { distill, fixture in
      let student = try StudentFamily.student(contentsOf: fixture.folder.appending(path: "student"))
      let tokens = student.tokenCount(of: try student.blankImage(width: 640, height: 480))
      let facts = try distill.run("inspect", "student", in: fixture.folder)
      #expect(facts.code == 0)
      #expect(facts.output.contains("  \(tokens) of a photo of 640 x 480 pixels"), "\(facts.output)")
      #expect(facts.output.contains("MiB for an update of Stage 1"))
      #expect(facts.output.contains("the decoder's \(7 * student.decoder.layers) linear layers"))
    }
  }

  @Test func `every subcommand has help with an example`() throws {
    try inFixture { distill, fixture in
      let help = try distill.run("--help", in: fixture.folder)
      #expect(help.code == 0)
      let names =
        [
          "init", "check", "run", "predict", "serve", "replies", "batch", "tokenize", "embed", "forward", "export",
          "export-training", "inspect",
        ]
        + RunStep.allCases.map(\.rawValue)
      for name in names {
        #expect(help.output.contains("\n  \(name) "))
        let own = try distill.run(name, "--help", in: fixture.folder)
        #expect(own.code == 0)
        #expect(own.output.contains("Example"), "\(name) --help has no example")
        #expect(own.output.contains("  distill \(name) "), "\(name) --help has no example")
        let overview = own.output.prefix(upTo: own.output.firstRange(of: "USAGE:")?.lowerBound ?? own.output.endIndex)
        let gap = overview.split(separator: "\n").first { !$0.hasPrefix(" ") && $0.contains(/\S {3,}\S/) }
        #expect(gap == nil, "\(name) --help has a gap within a sentence")
      }
    }
  }

  @Test(
    arguments: [
      ["agree"], ["agree", "run.yaml", "--annotations", "replies.jsonl"], ["evaluate"], ["evaluate", "--run", "run"],
      ["evaluate", "run.yaml", "--split", "dev"], ["init", "--text", "--images"], ["init", "singlechecker"],
      ["run", "run.yaml", "--seed", "-1"],
      ["run", "run.yaml", "--through", "dinner"], ["predict", "--run", "run"], ["dance"], ["tokenize"],
      ["tokenize", "--model", "m", "--decode", "--offsets"], ["embed"],
      ["export-training", "run.yaml", "--out", "t"], ["export-training", "--for", "axolotl", "run.yaml", "--out", "t"],
      ["check", "run.yaml", "--noisy"], ["review"], ["review", "run.yaml", "--queue", "q.jsonl"],
      ["review", "run.yaml", "--images", "photos"], ["serve"], ["serve", "--model", "m", "--port", "70000"],
      ["replies", "export", "x.sqlite", "--format", "yaml"],
      ["replies", "export", "x.sqlite", "--truth", "t.jsonl"], ["replies", "export", "x.sqlite", "--interface"],
    ])
  func `a wrong command line ends with 2 and the usage`(arguments: [String]) throws {
    let binary = try #require(DistillBinary.found)
    try withCheckFixture { fixture in
      let outcome = try binary.run(arguments, in: fixture.folder)
      #expect(outcome.code == 2)
      #expect(outcome.output == "")
      #expect(outcome.errors.hasPrefix("Error: "))
      #expect(outcome.errors.contains("sage: distill"))
    }
  }

  @Test func `a store that is not there ends with two and is not made`() throws {
    try inFixture { distill, fixture in
      try fixture.write("item,label\n1,pristine", to: "truth.csv")
      for arguments in [["export", "nope.sqlite"], ["calibrate", "nope.sqlite", "--truth", "truth.csv"]] {
        let outcome = try distill.run(["replies"] + arguments, in: fixture.folder)
        #expect(outcome.code == 2)
        #expect(outcome.errors.hasPrefix("distill: nope.sqlite: "))
        #expect(!outcome.errors.contains("sage:"))
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "nope.sqlite").path))
      }
    }
  }

  @Test func `an import names every row that it can't use`() throws {
    try inFixture { distill, fixture in
      let rows = (1...12).map { #"{"prompt": "p", "completion": "perhaps \#($0)"}"# }
      let usable = #"{"prompt": "p", "completion": "falsified"}"#
      try fixture.write((rows + [usable]).joined(separator: "\n"), to: "trl.jsonl")
      let outcome = try distill.run(
        "replies", "import", "trl.jsonl", "--config", "run.yaml", "--dry-run", in: fixture.folder)
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("12 rows can't be used:\n"))
      #expect((1...12).allSatisfy { outcome.errors.contains("  trl.jsonl:\($0): ") })
      #expect(outcome.output.hasPrefix("1 row read: "))
    }
  }

  @Test func `replies go to other tools and come back`() throws {
    try inFixture { distill, fixture in
      func row(_ teacher: String, _ label: String) -> String {
        "{\"confidence\":0.5,\"confidence_source\":\"agreement\",\"image\":\"1.png\",\"item\":\"1\",\"key\":\"k\(teacher)\","
          + "\"label\":\"\(label)\",\"model\":\"m\",\"outcome\":\"answered\",\"parameters\":\"p\",\"prompt\":\"v\","
          + "\"question\":\"Is it?\",\"rationale\":\"r\",\"raw\":\"\(label). r\",\"seconds\":1,\"teacher\":\"\(teacher)\",\"time\":2}\n"
      }
      try fixture.write(row("a", "falsified") + row("b", "pristine"), to: "replies.jsonl")
      try fixture.write("{\"item\": \"1\", \"label\": \"pristine\"}\n", to: "truth.jsonl")
      let out = try distill.run(
        "replies", "export", "replies.jsonl", "--format", "preference", "--truth", "truth.jsonl", "--out", "dpo.jsonl",
        in: fixture.folder)
      #expect(out.code == 0, "\(out.errors)")
      let pairs = try String(contentsOf: fixture.folder.appending(path: "dpo.jsonl"), encoding: .utf8)
      #expect(
        pairs.contains(
          "\"chosen\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"text\", \"text\": \"pristine. r\"}]}]"))
      for added in ["2 replies added, 0 were there already\n", "0 replies added, 2 were there already\n"] {
        let back = try distill.run(
          "replies", "import", "dpo.jsonl", "--format", "preference", "--store", "s.sqlite", in: fixture.folder)
        #expect((back.code, back.output) == (0, added))
      }
      let again = try distill.run("replies", "export", "s.sqlite", in: fixture.folder)
      #expect(again.output.split(separator: "\n").count == 2)
      #expect(again.output.contains("\"question\": \"Is it?\""))
      #expect(try distill.run("replies", "export", "none.sqlite", in: fixture.folder).code == 2)
      #expect(out.errors.contains("1 row written, of 2 replies read from replies.jsonl"), "\(out.errors)")
      // Two who differ have no majority, and neither has probabilities: nothing is written, and why is said.
      for (form, reason) in [
        ("preference", "1 item of which no label has most of the replies (--truth says what is right)"),
        ("decisions", "2 replies without the probability of every label"),
      ] {
        let none = try distill.run(
          "replies", "export", "replies.jsonl", "--format", form, "--out", "none.jsonl", in: fixture.folder)
        #expect(none.code == 2 && none.errors.contains(reason), "\(none.errors)")
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "none.jsonl").path))
      }
      // What is read is not replaced, by whatever name: a store holds replies that were paid for.
      try FileManager.default.createSymbolicLink(
        at: fixture.folder.appending(path: "link"), withDestinationURL: fixture.folder.appending(path: "s.sqlite"))
      for name in ["s.sqlite", "./s.sqlite", "link"] {
        let over = try distill.run("replies", "export", "s.sqlite", "--out", name, in: fixture.folder)
        #expect(over.code == 2 && over.errors.contains("\(name) is read by this command"), "\(over.errors)")
      }
      try fixture.write("{}\n", to: "new.jsonl")
      let over = try distill.run(
        "predict", "--run", ".", "--data", "new.jsonl", "--out", "new.jsonl", in: fixture.folder)
      #expect(over.code == 2 && over.errors.contains("would be replaced"), "\(over.errors)")
    }
  }

  @Test func `no message commands the terminal`() throws {
    try inFixture { distill, fixture in
      let outcome = try distill.run(
        "predict", "--run", "a\u{1b}]0;mine\u{7}", "--data", "new.jsonl", in: fixture.folder)
      #expect(outcome.code == 2 && !outcome.errors.contains("\u{1b}"), "\(outcome.errors.debugDescription)")
      #expect(outcome.errors.contains("a\\u{1b}]0;mine\\u{7}: not a run's folder"), "\(outcome.errors)")
    }
  }

  @Test func `forward says where a request of typed questions is no JSON`() throws {
    try inFixture { distill, fixture in
      try TinyModels.writeTextDecoder(to: fixture.folder.appending(path: "model"))
      let asked = #"{"state": "A red box", "questions": [{"type": "bool", "name": "red"}]}"#
      try fixture.write(asked + "\n" + #"{"state": "A red box" "questions": []}"# + "\n", to: "asked.jsonl")
      let outcome = try distill.run(
        "forward", "--model", "model", "--items", "asked.jsonl", "--out", "figures", in: fixture.folder)
      #expect(outcome.code == 2)
      #expect(outcome.errors.contains("asked.jsonl, line 2, column 23: expected "), "\(outcome.errors)")
    }
  }

  @Test func `forward reads by the tokenizer that an adapter's folder has, and export writes it`() throws {
    try inFixture { distill, fixture in
      let (model, adapter) = (fixture.folder.appending(path: "model"), fixture.folder.appending(path: "adapter"))
      try TinyModels.writeTextDecoder(to: model)
      let number = try AdapterTokenizerFixture.write(to: adapter, for: model, token: "<new>", hasRow: true)
      try fixture.write(#"{"prompt": "A <new> one", "chosen": "Yes", "rejected": "No"}"# + "\n", to: "asked.jsonl")
      func asked(_ arguments: String...) throws -> [Int] {
        let outcome = try distill.run(
          ["forward", "--items", "asked.jsonl", "--out", "figures"] + arguments, in: fixture.folder)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let file = try Data(contentsOf: fixture.folder.appending(path: "figures/0.json"))
        let figures = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        return try #require(figures["prompt_ids"] as? [Int])
      }
      let own = try asked("--model", "model", "--adapter", "adapter")
      #expect(own.count { $0 == number } == 1)
      #expect(try !asked("--model", "model").contains(number))
      let out = try distill.run(
        "export", "--model", "model", "--adapter", "adapter", "--out", "merged", in: fixture.folder)
      #expect(out.code == 0, "\(out.errors)")
      #expect(try asked("--model", "merged") == own)
      for name in ["tokenizer.json", "tokenizer_config.json"] {
        #expect(
          try Data(contentsOf: fixture.folder.appending(path: "merged/\(name)"))
            == Data(contentsOf: adapter.appending(path: name)))
      }
    }
  }

  @Test func `init writes a configuration and replaces nothing unasked`() throws {
    try inFixture { distill, fixture in
      let first = try distill.run("init", "multi-teacher", "--all", in: fixture.folder)
      #expect(first.code == 0)
      let file = fixture.folder.appending(path: "multi-teacher.yaml")
      #expect(try String(contentsOf: file, encoding: .utf8) == ConfigurationTemplate.text(for: .multiTeacher))
      let second = try distill.run("init", "multi-teacher", in: fixture.folder)
      #expect(second.code == 2)
      #expect(second.output == "")
      #expect(
        second.errors
          == "distill: multi-teacher.yaml is there already and was not touched; take another name, or replace it with "
          + "--force\n")
      #expect(try distill.run("init", "multi-teacher", "--force", in: fixture.folder).code == 0)
      let shown = try distill.run("init", "--text", "--out", "-", in: fixture.folder)
      #expect(shown.output == ConfigurationTemplate.text(for: .multiTeacher, .texts))
    }
  }

  @Test(arguments: DistillationMethod.allCases)
  func `init prints the reference of all keys`(method: DistillationMethod) throws {
    try inFixture { distill, fixture in
      let shown = try distill.run("init", method.rawValue, "--reference", in: fixture.folder)
      #expect(shown.code == 0)
      #expect(shown.output == ConfigurationReference.markdown(for: method))
      let file = fixture.folder.appending(path: "\(method.rawValue).yaml")
      #expect(!FileManager.default.fileExists(atPath: file.path))
      #expect(try distill.run("init", method.rawValue, "--reference", "--out", "-", in: fixture.folder).code == 2)
    }
  }

  @Test func `check prints findings and ends by them`() throws {
    try inFixture { distill, fixture in
      let good = try distill.run("check", "run.yaml", in: fixture.folder)
      #expect(good.code == 0)
      #expect(good.errors == "")
      #expect(good.output.hasPrefix("ok       configuration "))
      #expect(good.output.hasSuffix("\neverything is ready\n"))
      try fixture.edit("run.yaml", "text: caption", "text: captoin")
      let bad = try distill.run("check", "run.yaml", "--quiet", in: fixture.folder)
      #expect(bad.code == 2)
      #expect(bad.errors == "")
      #expect(bad.output.contains("has no column 'captoin'; did you mean 'caption'?"))
      #expect(!bad.output.contains("ok  "))
      let json = try distill.run("check", "run.yaml", "--json", in: fixture.folder)
      #expect(json.code == 2)
      #expect(
        (try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])?["usable"] as? Bool == false)
    }
  }

  @Test func `data paths are relative to the folder that is given`() throws {
    try inFixture { distill, fixture in
      let elsewhere = fixture.folder.appending(path: "elsewhere")
      try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
      for name in ["items.jsonl", "photos", "replies.jsonl"] {
        try FileManager.default.moveItem(
          at: fixture.folder.appending(path: name), to: elsewhere.appending(path: name))
      }
      #expect(try distill.run("check", "run.yaml", "-q", in: fixture.folder).code == 2)
      #expect(try distill.run("check", "run.yaml", "-q", "--data", "elsewhere", in: fixture.folder).code == 0)
    }
  }

  @Test func `agree prints the figures of any file of replies`() throws {
    try inFixture { distill, fixture in
      let table = try distill.run("agree", "--annotations", "replies.jsonl", in: fixture.folder)
      #expect(table.code == 0)
      #expect(table.output.contains("a / b"))
      // 18 of 24 rows agree.
      #expect(table.output.contains("0.750000"))
      let json = try distill.run("agree", "--annotations", "replies.jsonl", "--id", "id", "--json", in: fixture.folder)
      let figures = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      let pair = (figures?["pairs"] as? [[String: Any]])?.first
      #expect(pair?["agreement"] as? Double == 0.75)
      #expect(pair?["conflicts"] as? Int == 6)
      #expect(!table.output.contains("quadratic kappa"))
      let levels = try distill.run(
        "agree", "--annotations", "replies.jsonl", "--order", "pristine, falsified", in: fixture.folder)
      #expect(levels.code == 0 && levels.output.contains("quadratic kappa") && levels.output.contains("ordinal alpha"))
      let other = try distill.run(
        "agree", "--annotations", "replies.jsonl", "--order", "pristine,doubtful", in: fixture.folder)
      #expect(other.code == 2 && other.errors.contains("'falsified' is no label. Known: 'pristine', 'doubtful'"))
      let none = try distill.run("agree", "--annotations", "nothing.jsonl", in: fixture.folder)
      #expect(none.code == 2)
      #expect(none.errors.contains("nothing.jsonl: no teachers' replies found: there is no such file or folder"))
    }
  }

  @Test(
    arguments: [
      ["run", "none.yaml"], ["annotate", "items.jsonl"], ["predict", "--run", "none", "--data", "items.jsonl"],
      ["evaluate", "--run", "photos", "--data", "items.jsonl"], ["agree", "--annotations", "photos"],
      ["agree", "--annotations", "replies.jsonl", "--gold", "truth"],
    ])
  func `what is wrong is said in one message without a dump`(arguments: [String]) throws {
    let binary = try #require(DistillBinary.found)
    try withCheckFixture { fixture in
      let outcome = try binary.run(arguments, in: fixture.folder)
      #expect(outcome.code == 2)
      #expect(outcome.output == "")
      #expect(outcome.errors.hasPrefix("distill: "))
      for dump in ["Error Domain", "Fatal error", "Context(", "Swift.", "unexpected error"] {
        #expect(!outcome.errors.contains(dump), "\(outcome.errors)")
      }
    }
  }
}
