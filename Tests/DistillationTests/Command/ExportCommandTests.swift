import Foundation
import TestSupport
import Testing

/// What `distill export` writes. Skipped where the command was not built beside the tests.
@Suite(.enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct ExportCommandTests {
  @Test func `a model of sentence vectors is not exported, and the command for it is named`() throws {
    let distill = try #require(DistillBinary.found)
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "StudentModelsTests/Golden/bert.gguf")
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(at: folder.appending(path: "adapter"), withIntermediateDirectories: true)
      let outcome = try distill.run(
        "export", "--model", golden.path, "--adapter", "adapter", "--out", "student", in: folder)
      #expect(outcome.code == 2 && outcome.errors.contains("which distill embed reads as it is"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "student").path))
    }
  }

  @Test func `a folder that has files in it is not exported into`() throws {
    let distill = try #require(DistillBinary.found)
    let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "StudentModelsTests/Golden/qwen2_vl.gguf")
    try withTemporaryFolder { folder in
      // An adapter's folder: transformers would put it on the merged weights once more.
      let adapter = folder.appending(path: "adapter")
      try FileManager.default.createDirectory(at: adapter, withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: adapter.appending(path: "adapter_config.json"))
      try Data("mine".utf8).write(to: folder.appending(path: "file"))
      for (out, words) in [
        (
          "adapter",
          "adapter has files in it (adapter_config.json), among which a model's would stand; give a folder that is new or "
            + "empty"
        ),
        ("file", "file is a file; give a folder that is new or empty"),
      ] {
        let outcome = try distill.run(
          "export", "--model", golden.path, "--adapter", "adapter", "--out", out, in: folder)
        #expect(outcome.code == 2 && outcome.errors.contains(words), "\(outcome.errors)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: adapter.path) == ["adapter_config.json"])
      #expect(try String(contentsOf: folder.appending(path: "file"), encoding: .utf8) == "mine")
    }
  }

  @Test func `no file that the model is read from is replaced`() throws {
    let distill = try #require(DistillBinary.found)
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let golden = tests.appending(path: "StudentModelsTests/Golden")
    try withTemporaryFolder { folder in
      let copies = [
        ("qwen2-00001-of-00003.gguf", "a-00001-of-00003.gguf"), ("qwen2-00002-of-00003.gguf", "a-00002-of-00003.gguf"),
        ("qwen2-00003-of-00003.gguf", "a-00003-of-00003.gguf"), ("qwen2_vl.gguf", "b.gguf"),
        ("mmproj-qwen2_vl.gguf", "mmproj-c.gguf"),
      ]
      for (from, to) in copies {
        try FileManager.default.copyItem(at: golden.appending(path: from), to: folder.appending(path: to))
      }
      for (model, out, kept) in [
        ("a-00001-of-00003.gguf", "a-00003-of-00003.gguf", "a-00003-of-00003.gguf"),
        ("b.gguf", "c.gguf", "mmproj-c.gguf"),
      ] {
        let outcome = try distill.run("export", "--model", model, "--out", out, in: folder)
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("\(kept) in its way"), "\(outcome.errors)")
      }
      let named = try distill.run("export", "--model", "b.gguf", "--out", "mmproj-c.gguf", in: folder)
      #expect(named.code == 2 && named.errors.contains("names that begin with mmproj"), "\(named.errors)")
      for (from, to) in copies {
        #expect(
          try Data(contentsOf: golden.appending(path: from)) == Data(contentsOf: folder.appending(path: to)), "\(to)")
      }
      #expect(try distill.run("export", "--model", "b.gguf", "--out", "d.gguf", in: folder).code == 0)
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "mmproj-d.gguf").path))
    }
  }
}
