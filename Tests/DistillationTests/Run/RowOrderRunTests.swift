import Distillation
import Foundation
import TeacherProtocol
import Testing
import TestSupport

/// A run over the same rows in another order comes to the same bytes: what it draws and in which order it trains goes by ids.
@Suite(.serialized) struct RowOrderRunTests {
  private static let files = ["items.jsonl", "replies.jsonl"]

  /// Writes the rows of a file in another order.
  private func reorder(_ name: String, of world: RunWorld, _ change: ([Substring]) -> [Substring]) throws {
    let file = world.folder.appending(path: "data/\(name)")
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    try Data(change(rows).map { $0 + "\n" }.joined().utf8).write(to: file)
  }

  private func shuffle(_ world: RunWorld, seed: UInt64) throws {
    for name in Self.files {
      var generator = FixedGenerator(seed: seed)
      try reorder(name, of: world) { $0.shuffled(using: &generator) }
    }
  }

  /// Ids in the order of the first teacher's replies.
  private func asked(_ name: String, of world: RunWorld) throws -> [String] {
    var seen: Set<String> = []
    return try String(decoding: world.bytes("replies.jsonl", of: name), as: UTF8.self).split(separator: "\n")
      .compactMap { line in
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return (row?["item"] ?? row?["id"]) as? String
      }.filter { seen.insert($0).inserted }
  }

  /// Begins a run as a version did whose rules said nothing of rows.
  private func begin(_ name: String, of world: RunWorld) throws {
    let folder = world.folder.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(#"{"label_scoring": "ended", "prompt_beginning": "folder"}"#.utf8).write(
      to: folder.appending(path: "rules.json"))
  }

  @Test func `adapters, figures and predictions are the same bytes in whichever order the rows come`() async throws {
    try await withRunWorld { world in
      let world = world.with { c in
        c.evaluation.results = .all
        c.evaluation.choosesThresholdOnDev = true
        c.stage2.replay = 0.5
        c.budgets = [.count(2), .count(4)]
        c.rounds = 2
        c.review.order = .studentUncertainty
        c.student.lora.dropout = 0.1
      }
      try await world.run().run()
      let items = world.folder.appending(path: "data/items.jsonl")
      func predictions(_ name: String) async throws -> [String: Prediction] {
        try await Dictionary(uniqueKeysWithValues: world.run(name).predict(items).map { ($0.itemID, $0) })
      }
      let (first, said) = try await (world.results(), predictions("run"))
      for result in ["random_labels", "full_label", "stage1_sft", "stage1_dpo"] {
        #expect(first["baselines/\(result)/adapter_model.safetensors"] != nil, "\(result)")
      }
      for seed in [1, 2] as [UInt64] {
        try shuffle(world, seed: seed)
        let other = world.with { c in
          c.store = world.folder.appending(path: "store \(seed)").path
          c.cache = world.folder.appending(path: "cache \(seed)").path
        }
        try await other.run("\(seed)").run()
        let again = try world.results(of: "\(seed)")
        #expect(again.keys.sorted() == first.keys.sorted())
        for (path, bytes) in first { #expect(again[path] == bytes, "\(path), order \(seed)") }
        // Nor do answers depend on what stands beside the row in a file.
        #expect(try await predictions("\(seed)") == said, "order \(seed)")
      }
    }
  }

  @Test func `a run that was begun by a version that went by the file's order goes on so`() async throws {
    try await withRunWorld { world in
      let world = world.with {
        $0.stage2.replay = 0.5
        $0.evaluation.results = .init([.stage1, .twoStage, .randomLabels])
      }
      try shuffle(world, seed: 3)
      try await world.run("new").run()
      // Agreed items that are replayed are trained on too, and are no conflicts.
      let page = try String(decoding: world.bytes("report.html", of: "new"), as: UTF8.self)
      let spent = try #require(try world.run("new").evaluation?.labelsSpent)
      #expect(spent == 4 && page.contains("LoRA and DPO on \(spent) labelled conflicts"))
      try begin("old", of: world)
      try await world.run("old").run()
      let rows = try String(contentsOf: world.folder.appending(path: "data/items.jsonl"), encoding: .utf8)
        .split(separator: "\n").compactMap { $0.split(separator: "\"").dropFirst(3).first.map(String.init) }
      let (old, new) = try (asked("old", of: world), asked("new", of: world))
      let splits = Dictionary(uniqueKeysWithValues: world.items.map { ($0.id, $0.split) })
      func inFile(_ split: String) -> [String] { rows.filter { splits[$0] == split } }
      #expect(old == inFile("train"))
      #expect(new == inFile("train").sorted())
      let stage1 = "stage1/adapter_model.safetensors"
      #expect(try world.bytes(stage1, of: "old") != world.bytes(stage1, of: "new"))
      #expect(try !String(decoding: world.bytes("rules.json", of: "old"), as: UTF8.self).contains("row_order"))
      let rules = try String(decoding: world.bytes("rules.json", of: "new"), as: UTF8.self)
      #expect(rules.contains("\"row_order\" : \"id\""))
      // Over a file that is sorted by its ids both are one.
      try reorder("items.jsonl", of: world) { $0.sorted() }
      try begin("sorted", of: world)
      try await world.run("sorted").run()
      #expect(try world.results(of: "sorted") == world.results(of: "new"))
    }
  }

  @Test func `a limit takes the first rows of the file, as it says`() async throws {
    try await withRunWorld { world in
      let world = world.with { $0.data.limit.train = 6 }
      try await world.run("first").run(through: .agree)
      try reorder("items.jsonl", of: world) { $0.reversed() }
      try await world.run("last").run(through: .agree)
      let ids = world.items.filter { $0.split == "train" }.map(\.id)
      #expect(try Array(asked("first", of: world).prefix(6)) == ids.prefix(6).sorted())
      #expect(try Array(asked("last", of: world).prefix(6)) == ids.suffix(6).sorted())
    }
  }
}
