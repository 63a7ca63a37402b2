import Annotations
import Distillation
import Foundation
import TeacherProtocol
import Testing

/// Files of recorded replies as people and tools write them.
@Suite(.serialized) struct RecordedFileTests {
  /// The votes of a run over the world's training items, one line an item.
  private func votes(_ world: RunWorld, _ name: String) async throws -> [String] {
    let run = try world.run(name)
    try await run.run(through: .annotate)
    let all = try await run.openStore().all()
    return all.map { "\($0.item) \($0.teacher) \($0.reply.label ?? "-") \($0.reply.rationale)" }.sorted()
  }

  private func pointing(_ world: RunWorld, to file: String, _ store: String) -> RunWorld {
    world.with { c in
      for index in c.teachers.indices {
        c.teachers[index].source = .recorded(.init(file: world.folder.appending(path: file).path))
      }
      c.store = world.folder.appending(path: store).path
    }
  }

  // Decision rows are of replies that say the probability of every label, as no teacher of this world does.
  @Test(arguments: AnnotationFormat.allCases.filter { $0 != .decisions })
  func `what replies export writes is recorded for the next run as it is`(format: AnnotationFormat) async throws {
    try await withRunWorld { world in
      let before = try await votes(world, "first")
      let truth = Dictionary(uniqueKeysWithValues: world.items.map { ($0.id, $0.label) })
      let text = try AnnotationExport(format, truth: format == .preference ? truth : [:])
        .text(of: try await world.run("first").openStore().all())
      let file = format == .labelStudio ? "export.json" : "export.jsonl"
      try Data(text.utf8).write(to: world.folder.appending(path: file))
      let next = pointing(world, to: file, "other")
      guard format == .jsonLines || format == .labelStudio else {
        // Rows of TRL have replies with a label alone, those of pairs the items with a right and a wrong one.
        let after = try await votes(next, "second")
        return #expect(!after.isEmpty && Set(before).isSuperset(of: after))
      }
      #expect(try await votes(next, "second") == before)
    }
  }

  @Test(arguments: [("item", nil), ("id", nil), ("item", "teacher")])
  func `one teacher's own table needs no column for its name`(id: String, teacher: String?) async throws {
    try await withRunWorld { world in
      for name in ["a", "b"] {
        let rows = world.items.map { "\($0.id),\(($0.votes[name] ?? nil) ?? ""),\(name) saw \($0.id)\n" }
        try Data(("\(id),label,rationale\n" + rows.joined()).utf8)
          .write(to: world.folder.appending(path: "data/\(name).csv"))
      }
      let own = world.with { c in
        for index in c.teachers.indices {
          var source = RecordedTeacherConfiguration(
            file: world.folder.appending(path: "data/\(c.teachers[index].name).csv").path)
          source.columns.teacher = teacher
          c.teachers[index].source = .recorded(source)
        }
        c.store = world.folder.appending(path: "own").path
      }
      #expect(try await votes(own, "own") == (try await votes(world, "first")))
    }
  }

  @Test func `a table of several teachers without their names is refused`() async throws {
    try await withRunWorld { world in
      let rows = world.items.flatMap { row in ["x", "y"].map { "\(row.id),\(row.label),\($0)\n" } }
      try Data(("item,label,who\n" + rows.joined()).utf8).write(to: world.folder.appending(path: "both.csv"))
      let own = pointing(world, to: "both.csv", "store")
      await #expect {
        try await own.run().run(through: .annotate)
      } throws: { "\($0)".contains("has no column 'teacher'") && "\($0)".contains("teachers.a.columns.teacher") }
    }
  }

  @Test func `recorded replies on other ids are noticed before any teacher is asked`() async throws {
    try await withRunWorld { world in
      let rows = world.items.map { "x-\($0.id),\($0.label)\n" }
      let file = world.folder.appending(path: "others.csv")
      try Data(("id,label\n" + rows.joined()).utf8).write(to: file)
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      var world = world.with { $0.teachers[1].source = .recorded(.init(file: file.path)) }
      world.plugins.teachers = [teacher]
      await #expect(throws: RunError.noRecordedReplies(teacher: "b", file: file.path)) {
        try await world.run().run()
      }
      #expect(teacher.calls == 0)
    }
  }
}
