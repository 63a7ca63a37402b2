import Distillation
import Foundation
import TestSupport
import Testing

/// What a command reads, and what runs have for their own, is replaced by none.
@Suite struct ReplacedFilesTests {
  private static let read = "is read by this command and would be replaced"

  @Test func `all that a configuration reads and keeps is refused, by whatever name`() throws {
    try withCheckFixture { fixture in
      let folder = fixture.folder
      for (name, text) in [
        ("store/annotations.sqlite", "a"), ("store/spending.txt", "b"), ("cache/03/f", "c"), ("answers.jsonl", "d"),
        ("photos/list.json", "e"),
      ] {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "link"), withDestinationURL: folder.appending(path: "items.jsonl"))
      var used = UsedFiles()
      used.add(configuration: folder.appending(path: "run.yaml"))
      for name in [
        "run.yaml", "items.jsonl", "./photos/../items.jsonl", "link", "replies.jsonl", "student/config.json",
        "photos/0.png", "photos/list.json", "store/annotations.sqlite", "store/spending.txt", "cache/03/f",
      ] {
        #expect(used.obstacle(at: folder.path + "/" + name) == Self.read, "\(name)")
      }
      for name in ["answers.jsonl", "new.jsonl", "photos/new.json", "none/new.jsonl", "run/answers.jsonl"] {
        #expect(used.obstacle(at: folder.path + "/" + name) == nil, "\(name)")
      }
    }
  }

  @Test func `of the folder that a project lies in its images alone are refused`() throws {
    try withCheckFixture { fixture in
      try fixture.edit("run.yaml", "images: photos", "images: .")
      for name in ["a.png", "answers.jsonl"] { try fixture.write("{}", to: name) }
      var used = UsedFiles()
      used.add(configuration: fixture.folder.appending(path: "run.yaml"))
      #expect(used.obstacle(at: fixture.folder.path + "/a.png") == Self.read)
      #expect(used.obstacle(at: fixture.folder.path + "/answers.jsonl") == nil)
    }
  }

  @Test func `what belongs to a run that was begun is refused, there or not yet there`() throws {
    try withCheckFixture { fixture in
      let run = fixture.folder.appending(path: "run")
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      #expect(UsedFiles().obstacle(at: run.path + "/config.yaml") == nil)
      try Data().write(to: run.appending(path: "run.lock"))
      for name in ["config.yaml", "threshold.json", "stage2/adapter_config.json", "steps/agree.json"] {
        let obstacle = try #require(UsedFiles().obstacle(at: run.path + "/" + name), "\(name)")
        #expect(obstacle.hasPrefix("belongs to the run in /") && obstacle.hasSuffix("/run and would be replaced"))
      }
      #expect(UsedFiles().obstacle(at: run.path + "/answers.jsonl") == nil)
    }
  }

  @Test func `a configuration that no command names is refused, since runs may have been begun with it`() throws {
    try withCheckFixture { fixture in
      let words = "is the configuration of a run and would be replaced"
      let file = fixture.folder.path + "/run.yaml"
      #expect(UsedFiles().obstacle(at: file) == words)
      #expect(UsedFiles().obstacle(at: file, isConfiguration: true) == nil)
      // One with a mistake, one of the other method, and files that are none.
      try fixture.edit("run.yaml", "student: {model", "studnet: {model")
      #expect(UsedFiles().obstacle(at: file) == words)
      try fixture.write("method: dualchecker\ndata: {file: a.jsonl}\nteacher: {kind: recorded}\n", to: "green.yml")
      #expect(UsedFiles().obstacle(at: fixture.folder.path + "/green.yml") == words)
      try fixture.write("{\"data\": 1, \"teachers\": 2}", to: "answers.jsonl")
      try fixture.write("{\"data\": 1}", to: "figures.json")
      try fixture.write("", to: "empty.yaml")
      for name in ["answers.jsonl", "figures.json", "empty.yaml", "new.yaml"] {
        #expect(UsedFiles().obstacle(at: fixture.folder.path + "/" + name) == nil, "\(name)")
      }
    }
  }

  @Test func `a folder that a command takes for a run's is one, though only a part of it was copied`() throws {
    try withCheckFixture { fixture in
      let run = fixture.folder.appending(path: "copied")
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      var used = UsedFiles()
      used.add(run: run)
      for name in ["evaluation.json", "stage2/adapter_model.safetensors"] {
        #expect(UsedFiles().obstacle(at: run.path + "/" + name) == nil)
        #expect(used.obstacle(at: run.path + "/" + name)?.hasPrefix("belongs to the run in ") == true, "\(name)")
      }
      #expect(used.obstacle(at: run.path + "/answers.jsonl") == nil)
    }
  }

  @Test(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
  func `no command writes over what it reads`() throws {
    let distill = try #require(DistillBinary.found)
    try withCheckFixture { fixture in
      let folder = fixture.folder
      let service = "- {name: s, kind: openai, base_url: \"http://127.0.0.1:1/v1\", model: m}"
      try fixture.edit("run.yaml", "student: {model", "  \(service)\nstudent: {model")
      try FileManager.default.createDirectory(at: folder.appending(path: "begun"), withIntermediateDirectories: true)
      try fixture.write("", to: "begun/run.lock")
      // A run's copy of its configuration names files in full.
      try fixture.write(
        String(contentsOf: folder.appending(path: "run.yaml"), encoding: .utf8)
          .replacing("items.jsonl", with: "\(folder.path)/items.jsonl"), to: "begun/config.yaml")
      try fixture.write("{}", to: "0.json")
      try fixture.write("", to: "new.jsonl")
      try FileManager.default.copyItem(
        at: folder.appending(path: "run.yaml"), to: folder.appending(path: "first.yaml"))
      // Questions that an earlier batch took along.
      try fixture.write("{}", to: "questions-2.jsonl")
      let before = (fixture.items.joined(separator: "\n") + "\n", fixture.replies.joined(separator: "\n") + "\n")
      for arguments in [
        ["batch", "write", "run.yaml", "--teacher", "s", "--batch", "items.jsonl"],
        ["batch", "write", "run.yaml", "--teacher", "s", "--batch", "replies.jsonl"],
        ["replies", "export", "replies.jsonl", "--config", "run.yaml", "--out", "items.jsonl"],
        ["predict", "--run", "begun", "--data", "new.jsonl", "--out", "begun/config.yaml"],
        ["predict", "--run", "begun", "--data", "new.jsonl", "--out", "begun/threshold.json"],
        ["predict", "--run", "begun", "--data", "new.jsonl", "--out", "items.jsonl"],
        ["export", "--model", "student", "--out", "begun/stage2/a.gguf"],
        ["forward", "--model", "student", "--items", "0.json", "--out", "."],
        ["predict", "--run", "begun", "--data", "new.jsonl", "--out", "first.yaml"],
        ["export", "--model", "student", "--adapter", "student", "--out", "begun/student"],
        ["export-training", "run.yaml", "--for", "trl", "--out", "begun/stage1/rows"],
        ["replies", "merge", "replies.jsonl", "--into", "begun/replies.jsonl"],
        ["init", "--force", "--out", "begun/config.yaml"],
        ["batch", "write", "run.yaml", "--teacher", "s", "--batch", "questions.jsonl"],
      ] {
        let outcome = try distill.run(arguments, in: folder)
        #expect(outcome.code == 2, "\(arguments)")
        #expect(outcome.errors.contains("and would be replaced; give another file."), "\(arguments): \(outcome.errors)")
      }
      #expect(try String(contentsOf: folder.appending(path: "items.jsonl"), encoding: .utf8) == before.0)
      #expect(try String(contentsOf: folder.appending(path: "replies.jsonl"), encoding: .utf8) == before.1)
    }
  }
}
