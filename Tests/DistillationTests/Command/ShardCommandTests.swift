import Distillation
import Foundation
import TestSupport
import Testing

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
