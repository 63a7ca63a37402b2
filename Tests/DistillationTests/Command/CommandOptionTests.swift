import Distillation
import Foundation
import TestSupport
import Testing

/// Options, exit codes and places of the command. Skipped where it was not built beside the tests.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct CommandOptionTests {
  private func inFixture(_ body: (DistillBinary, CheckFixture) throws -> Void) throws {
    let binary = try #require(DistillBinary.found)
    try withCheckFixture { try body(binary, $0) }
  }

  @Test func `keys are set on the command line, and the run's record has them`() throws {
    try inFixture { distill, fixture in
      let outcome = try distill.run(
        "agree", "run.yaml", "-q", "--set", "seed=7", "--set", "stage1.epochs=9", "--set", "agreement.rule=majority",
        "--set", "teachers.b.name=second", "--set", "teachers[1].recorded_name=b", "--set",
        "labels[0].aliases=[p, \"0\"]",
        "--set", "evaluation.results=[stage1, two_stage]", in: fixture.folder)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let record = try RunConfiguration(contentsOf: fixture.folder.appending(path: "run/config.yaml"))
      #expect(record.seed == 7 && record.stage1.training.epochs == 9 && record.agreement.rule == .majority)
      #expect(record.teachers.map(\.name) == ["a", "second"] && record.labels[0].aliases == ["p", "0"])
      #expect(record.evaluation.results.names == [.stage1, .twoStage])
    }
  }

  @Test(arguments: [
    ("stage1.epochs=0", "stage1.epochs: expected a whole number, from 1 to 100000, found the number 0"),
    ("stage1.epoch=1", "unknown key 'epoch' in stage1; did you mean 'epochs'?"), ("seed", "expected KEY=VALUE"),
    ("teachers.c.name=d", "there is no element named 'c'"), ("labels[9].name=d", "the list has "),
  ])
  func `a setting that can't be taken is named`(setting: String, words: String) throws {
    try inFixture { distill, fixture in
      for command in ["annotate", "run"] {
        let outcome = try distill.run(command, "run.yaml", "--set", setting, in: fixture.folder)
        #expect(outcome.code == 2 && outcome.errors.contains(words), "\(outcome.errors)")
      }
      #expect(try distill.run("check", "run.yaml", "--set", setting, in: fixture.folder).code == 2)
    }
  }

  @Test(arguments: [
    ["predict", "--data", "items.jsonl"], ["evaluate", "--data", "items.jsonl"], ["serve"], ["review"],
  ])
  func `keys of a run's own configuration are set for one call`(command: [String]) throws {
    try inFixture { distill, fixture in
      #expect(try distill.run("agree", "run.yaml", "-q", in: fixture.folder).code == 0)
      let record = fixture.folder.appending(path: "run/config.yaml")
      let before = try Data(contentsOf: record)
      let words = "expected a whole number, from 1 to 100000, found the number 0"
      let outcome = try distill.run(command + ["--run", "run", "--set", "stage1.epochs=0"], in: fixture.folder)
      #expect(outcome.code == 2 && outcome.errors.contains(words), "\(outcome.errors)")
      if command[0] == "predict" {
        let other = try distill.run(command + ["--run", "run", "--set", "student.model=nowhere"], in: fixture.folder)
        // A base that is missing is told after that the run has no student yet.
        #expect(other.code != 0 && other.errors.contains("this run is not finished"), "\(other.errors)")
      }
      #expect(try Data(contentsOf: record) == before)
    }
  }

  @Test func `a path on the command line is relative to the working directory, one in a file to the file`() throws {
    try inFixture { distill, fixture in
      let (conf, work) = (fixture.folder.appending(path: "conf"), fixture.folder.appending(path: "work"))
      for folder in [conf, work] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      try fixture.edit("run.yaml", "file: items.jsonl", "file: ../items.jsonl")
      try fixture.edit("run.yaml", "images: photos", "images: ../photos")
      try FileManager.default.moveItem(
        at: fixture.folder.appending(path: "run.yaml"), to: conf.appending(path: "run.yaml"))
      let outcome = try distill.run(
        "annotate", "../conf/run.yaml", "-q", "--set", "teachers.a.file=../replies.jsonl", "--set",
        "teachers.b.file=../replies.jsonl", "--set", "cache=mine", in: work)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let record = try RunConfiguration(contentsOf: conf.appending(path: "run/config.yaml"))
      let (root, here) = (fixture.folder.resolvingSymlinksInPath().path, work.resolvingSymlinksInPath().path)
      #expect(record.data.file == root + "/items.jsonl" && record.store == root + "/conf/store")
      #expect(record.cache == here + "/mine")
      #expect(!record.yaml.contains(".."))
    }
  }

  @Test func `waiting for people ends with three`() throws {
    try inFixture { distill, fixture in
      let outcome = try distill.run("run", "run.yaml", "-q", "--set", "review.source=page", in: fixture.folder)
      #expect(outcome.code == 3 && outcome.errors.contains("conflicts wait for people"))
    }
  }

  @Test func `a fault of the machine ends with one`() throws {
    try inFixture { distill, fixture in
      try fixture.write("not a folder", to: "place")
      let outcome = try distill.run("annotate", "run.yaml", "-q", "--set", "store=place/store", in: fixture.folder)
      #expect(outcome.code == 1, "\(outcome.errors)")
    }
  }

  @Test(arguments: [">/dev/full", ">&-"])
  func `output that takes nothing is an error before the work`(redirection: String) throws {
    try inFixture { distill, fixture in
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = ["-c", "exec \(distill.url.path) agree run.yaml \(redirection) 2>errors"]
      shell.currentDirectoryURL = fixture.folder
      try shell.run()
      shell.waitUntilExit()
      let errors = try String(contentsOf: fixture.folder.appending(path: "errors"), encoding: .utf8)
      #expect(shell.terminationStatus == 1 && shell.terminationReason == .exit)
      #expect(errors.hasPrefix("distill: standard output can't be written to: "), "\(errors)")
      #expect(!FileManager.default.fileExists(atPath: fixture.folder.appending(path: "run").path))
    }
  }

  @Test func `a look leaves nothing behind`() throws {
    try inFixture { distill, fixture in
      let before = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted()
      #expect(try distill.run("check", "run.yaml", in: fixture.folder).code == 0)
      #expect(try distill.run("annotate", "run.yaml", "--dry-run", in: fixture.folder).code == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted() == before)
    }
  }
}
