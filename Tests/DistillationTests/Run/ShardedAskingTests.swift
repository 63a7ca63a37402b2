import Annotations
import Distillation
import Foundation
import SQLiteStore
import TeacherProtocol
import Testing

/// Parts of data that no split divides, whose rows are read as they are asked about.
@Suite(.serialized) struct ShardedAskingTests {
  /// The world with all rows to train on, and nobody to ask but this teacher.
  private func asking(_ world: RunWorld, _ teacher: CountingTeacher) -> RunWorld {
    var asking = world.with { $0.data.fields.split = nil }
    asking.plugins.teachers = [teacher]
    return asking
  }

  private func groups(_ world: RunWorld) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: world.items.enumerated().map { ($1.id, "g\($1.split)\($0 / 2)") })
  }

  @Test func `each question is asked once over all parts, groups stay together, and a part again asks nothing`()
    async throws
  {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      let asking = asking(world, teacher)
      let groups = groups(world)
      var found: [String: Int] = [:]
      for index in 1...3 {
        let shard = Shard(index: index, of: 3)
        // Several readings a part.
        let file = try #require(try await asking.run().annotate(shard, rows: 5))
        for annotation in try await SQLiteAnnotationStore(file, isReadOnly: true).all() {
          found[annotation.item, default: 0] += 1
          #expect(shard.contains(groups[annotation.item] ?? ""))
        }
      }
      #expect(found.count == world.items.count && found.values.allSatisfy { $0 == 1 })
      #expect(teacher.calls == world.items.count)
      _ = try await asking.run().annotate(Shard(index: 2, of: 3))
      #expect(teacher.calls == world.items.count)
    }
  }

  @Test func `rows that data.where leaves out are not asked about, and bad rows are told`() async throws {
    try await withRunWorld { world in
      try world.spoilImages()
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      let asking = asking(world, teacher).with { $0.data.rowsWhere = ["kind": ["x"]] }
      let said = Said()
      for index in 1...2 {
        let run = try DistillationRun(
          asking.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter,
          plugins: asking.plugins)
        _ = try await run.annotate(Shard(index: index, of: 2))
      }
      // Every third row is of this kind; the picture of row 4 is missing, and it is not among them.
      #expect(teacher.calls == (world.items.count + 2) / 3)
      #expect(said.text.contains("1 row can't be used, the first: "), "\(said.text)")
    }
  }

  @Test func `a teacher that is given up is asked no more in later rows, and what is missing is told at the end`()
    async throws
  {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { _, number in
        if number > 3 { throw TeacherUnavailable(teacher: "c", reason: "it is switched off") }
        return "pristine"
      }
      let asking = asking(world, teacher)
      let shard = Shard(index: 1, of: 2)
      let groups = groups(world)
      let count = groups.values.count { shard.contains($0) }
      await #expect(
        throws: RunError.missingReplies([
          "teacher c, \(count - 3) of \(count) items; first: it is switched off"
        ])
      ) { try await asking.run().annotate(shard, rows: 7) }
      // Those under way together, and none after them.
      #expect(teacher.calls <= 3 + 8)
      let silent = CountingTeacher("d") { _, _ in
        throw TeacherUnavailable(teacher: "d", reason: "no such key")
      }
      await #expect(throws: RunError.silentTeacher("d", "no such key")) {
        try await self.asking(world, silent).run().annotate(shard, rows: 7)
      }
      #expect(silent.calls <= 8)
    }
  }
}
