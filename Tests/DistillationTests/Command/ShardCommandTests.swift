import Distillation
import Foundation
import TeacherProtocol
import TestSupport
import Testing
import TextStudents

/// Parts of the work by the command: an array of jobs that know nothing of each other, and what comes of it together.
@Suite(
  .serialized,
  .enabled(if: DistillBinary.found != nil, "skipped: no distill beside the tests; build it with swift build"))
struct ShardCommandTests {
  private static let answer = Array(
    """
    {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "No. I see it."}}],
     "usage": {"prompt_tokens": 20, "completion_tokens": 5}}
    """.utf8)

  /// The command in an environment with more variables.
  private func distill(_ variables: [String], _ arguments: [String], in folder: URL) throws -> DistillBinary.Outcome {
    let distill = try #require(DistillBinary.found)
    let env = DistillBinary(url: URL(filePath: "/usr/bin/env"))
    return try env.run(variables + [distill.url.path] + arguments, in: folder)
  }

  @Test func `parts of annotate ask each question once, and put together leave nothing to ask`() throws {
    let server = try FaultyServer { _ in .answer(body: Self.answer) }
    try withCheckFixture { fixture in
      try fixture.edit(
        "run.yaml", "student: {model: student}",
        """
          - {name: c, kind: openai, base_url: \(server.base.absoluteString), model: large, max_tokens: 100, input_price: 2.5, \
        output_price: 10}
        spending: {max_requests: 100, over: store}
        student: {model: student}
        """)
      func run(_ arguments: String..., variables: [String] = []) throws -> DistillBinary.Outcome {
        let outcome = try distill(variables, arguments, in: fixture.folder)
        #expect(outcome.code == 0, "\(arguments) \(outcome.output)\(outcome.errors)")
        return outcome
      }
      let dry = try run("annotate", "run.yaml", "--shard", "1/3", "--dry-run")
      #expect(server.requests == 0 && dry.output.contains("nothing was asked"))
      let first = try run("annotate", "run.yaml", "--shard", "1/3")
      #expect(first.errors.contains("distill replies merge"), "\(first.errors)")
      let second = try run(
        "annotate", "run.yaml",
        variables: [
          "SLURM_ARRAY_TASK_ID=6", "SLURM_ARRAY_TASK_COUNT=3", "SLURM_ARRAY_TASK_MIN=5", "SLURM_ARRAY_TASK_MAX=7",
        ])
      #expect(second.errors.contains("shard 2/3, from SLURM_ARRAY_TASK_ID=6; --shard 1/1 takes everything"))
      _ = try run("annotate", "run.yaml", "-q", variables: ["JOB_COMPLETION_INDEX=2", "JOB_COMPLETIONS=3"])
      #expect(server.requests == 10)
      // A part again asks nothing.
      _ = try run("annotate", "run.yaml", "-q", "--shard", "2/3")
      #expect(server.requests == 10)

      let store = fixture.folder.appending(path: "store")
      let parts = (1...3).map { store.appending(path: "annotations.\($0)-of-3.sqlite") }
      let before = try parts.map { try Data(contentsOf: $0) }
      let names = try Set(FileManager.default.contentsOfDirectory(atPath: store.path))
      let merged = try run(
        "replies", "merge", parts[0].path, parts[1].path, parts[2].path, "--into", "store/annotations.sqlite")
      #expect(merged.output == "10 replies from 3 stores: 10 added, 0 there already\n")
      #expect(try parts.map { try Data(contentsOf: $0) } == before)
      let own = Set(["annotations.sqlite", "annotations.sqlite.lock"])
      #expect(try Set(FileManager.default.contentsOfDirectory(atPath: store.path)) == names.union(own))
      let again = try run(
        "replies", "merge", parts[2].path, parts[0].path, parts[1].path, "--into", "store/annotations.sqlite")
      #expect(again.output == "10 replies from 3 stores: 0 added, 10 there already\n")
      let whole = try run("annotate", "run.yaml", "--shard", "1/1")
      #expect(server.requests == 10 && !whole.errors.contains("about to ask"), "\(whole.errors)")

      let copy = fixture.folder.appending(path: "copy")
      let elsewhere = try run("replies", "merge", "store", "--into", "copy")
      #expect(elsewhere.output.contains("20 lines of what was spent added to "), "\(elsewhere.output)")
      #expect(
        try Data(contentsOf: copy.appending(path: "spending.txt"))
          == Data(contentsOf: store.appending(path: "spending.txt")))
      let refused = try distill(
        [], ["replies", "merge", "store", "--into", "store/annotations.sqlite"], in: fixture.folder)
      #expect(refused.code == 2)
    }
  }

  @Test func `the parts of embed are together the vectors of all lines`() throws {
    let distill = try #require(DistillBinary.found)
    let folder = FileManager.default.temporaryDirectory.appending(path: "embed-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let lines = (0..<11).map { "a caption of photo \($0)" } + ["", "a caption of photo 3"]
    try FreshEncoder().write(to: folder.appending(path: "m"), texts: lines.filter { !$0.isEmpty }, seed: 1)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: "lines.txt"))
    func vectors(_ shard: String) throws -> [[Double]] {
      let shell = DistillBinary(url: URL(filePath: "/bin/sh"))
      let outcome = try shell.run(
        "-c", "'\(distill.url.path)' embed --model m --shard \(shard) < lines.txt", in: folder)
      #expect(outcome.code == 0, "\(outcome.errors)")
      // The empty line is named with its place among all lines, by the part that it belongs to.
      let parts = shard.split(separator: "/").compactMap { Int($0) }
      let isOwn = Shard(index: parts[0], of: parts[1]).contains("")
      #expect(outcome.errors.contains("line 12 is empty") == isOwn, "\(outcome.errors)")
      return try outcome.output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [Double])
      }
    }
    let whole = try vectors("1/1")
    #expect(whole.count == 13)
    // More parts than lines: most of them are empty.
    for count in [2, 3, 40] {
      for index in 1...count {
        let part = try vectors("\(index)/\(count)")
        let own = zip(lines, whole).filter { Shard(index: index, of: count).contains($0.0) }.map(\.1)
        #expect(part.count == own.count)
        for (one, other) in zip(part, own) {
          #expect(zip(one, other).allSatisfy { abs($0 - $1) < 1e-5 })
        }
      }
    }
  }

  @Test func `merge puts together what runs elsewhere have spent, where it is named`() throws {
    try withCheckFixture { fixture in
      func write(_ text: String, _ path: String) throws {
        let file = fixture.folder.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      try write("aa 1 c asked 1 10 5 0\naa 1 c paid 1 9 4 0\n", "a/run/spending.txt")
      try write("bb 1 c asked 1 10 5 0\n", "b/run/spending.txt")
      try write("", "a/store/annotations.jsonl")
      func merge(_ more: String...) throws -> DistillBinary.Outcome {
        try distill(
          [], ["replies", "merge", "a/store/annotations.jsonl", "--into", "store/annotations.sqlite"] + more,
          in: fixture.folder)
      }
      let plain = try merge()
      #expect(plain.code == 0 && !plain.output.contains("spent"), "\(plain.errors)")
      let books = ["--spending", "a/run/spending.txt", "b/run/spending.txt", "--spending-into", "run/spending.txt"]
      try write("", "run/spending.txt")
      func put() throws -> DistillBinary.Outcome {
        try merge(books[0], books[1], books[2], books[3], books[4])
      }
      #expect(try put().output.contains("3 lines of what was spent added to "))
      #expect(try put().output.contains("0 lines of what was spent added to "))
      let text = try String(contentsOf: fixture.folder.appending(path: "run/spending.txt"), encoding: .utf8)
      #expect(text.split(separator: "\n").count == 3)
      for part in ["1-of-3", "3-of-3"] { try write("", "parts/annotations.\(part).jsonl") }
      let some = try distill(
        [],
        [
          "replies", "merge", "parts/annotations.1-of-3.jsonl", "parts/annotations.3-of-3.jsonl", "--into",
          "whole.sqlite",
        ], in: fixture.folder)
      #expect(some.output.contains("of 3 parts 1 is not among the stores: 2"), "\(some.output)\(some.errors)")
      let refused = try merge("--spending", "c/spending.txt")
      #expect(refused.code == 2 && refused.errors.contains("there is no file 'c/spending.txt'"), "\(refused.errors)")
    }
  }

  @Test func `the parts of predict are together the lines of the whole, byte by byte`() throws {
    try withCheckFixture { fixture in
      func run(_ arguments: String..., variables: [String] = []) throws -> DistillBinary.Outcome {
        try distill(variables, arguments, in: fixture.folder)
      }
      let trained = try run("run", "run.yaml", "-q")
      #expect(trained.code == 0, "\(trained.errors)")
      let rows =
        fixture.items + [
          #"{"id": "x", "image": "0.png", "group": "g1"}"#, "no row", #"{"id": "0p", "image": "0.png"}"#,
        ]
      try fixture.write(rows.joined(separator: "\n"), to: "new.jsonl")
      let whole = try run("predict", "--run", "run", "--data", "new.jsonl")
      #expect(whole.code == 0 && whole.errors.contains("3 of 27 rows have no answer"), "\(whole.errors)")
      let lines = whole.output.split(separator: "\n")
      #expect(lines.count == 27)
      for count in [2, 5] {
        var found: [[Substring]] = []
        for index in 1...count {
          let part = try run(
            "predict", "--run", "run", "--data", "new.jsonl", "--shard", "\(index)/\(count)", "--out", "part.jsonl",
            "-q")
          #expect(part.code == 0, "\(part.errors)")
          let text = try String(contentsOf: fixture.folder.appending(path: "part.jsonl"), encoding: .utf8)
          found.append(text.split(separator: "\n"))
          #expect(found.last == lines.filter(Set(found.last ?? []).contains))
        }
        #expect(found.joined().sorted() == lines.sorted())
        #expect(found.count { $0.contains { $0.contains(#""id":"0p""#) } } <= 2)
      }
      for text in ["0/2", "3/2", "x"] {
        #expect(try run("predict", "--run", "run", "--data", "new.jsonl", "--shard", text).code == 2)
      }
      let unclear = try run(
        "predict", "--run", "run", "--data", "new.jsonl", variables: ["JOB_COMPLETION_INDEX=2"])
      #expect(unclear.code == 2 && unclear.errors.contains("JOB_COMPLETIONS"), "\(unclear.errors)")
      let scored = try run("evaluate", "--run", "run", "--data", "items.jsonl", "--shard", "1/2", "--json")
      #expect(scored.code == 0, "\(scored.errors)")
      let full = try run("predict", "--run", "run", "--data", "new.jsonl", "-q", "--labels-only", "--out", "/dev/full")
      #expect(full.code == 1 && full.errors.contains("/dev/full can't be written: "), "\(full.errors)")
      // What was begun lay beside the result, under a hidden name.
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).allSatisfy {
          !$0.hasPrefix(".part.jsonl")
        })
    }
  }
}
