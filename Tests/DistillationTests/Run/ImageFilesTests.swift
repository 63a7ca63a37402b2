import Distillation
import Foundation
import ImageDecoding
import TeacherProtocol
import TestSupport
import Testing

/// Image files that are looked at before anybody is asked.
@Suite(.serialized) struct ImageFilesTests {
  /// Beginnings of files of other formats, as their standards have them, and pictures that are cut short.
  private static func writeUnreadable(in folder: URL) throws -> [String] {
    func box(_ brand: String) -> [UInt8] {
      [0, 0, 0, 24] + Array("ftyp\(brand)".utf8) + [UInt8](repeating: 0, count: 12)
    }
    let picture = RGBImage(width: 64, height: 64, pixels: (0..<(3 * 4096)).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let (png, jpeg) = try (picture.pngData(), picture.jpegData())
    let files: [(String, [UInt8])] = [
      ("x.heic", box("heic")), ("x.avif", box("avif")), ("x.tif", [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]),
      ("x.bmp", Array("BM".utf8) + [UInt8](repeating: 0, count: 60)), ("cut.png", Array(png.prefix(png.count / 2))),
      ("cut.jpg", Array(jpeg.prefix(jpeg.count / 2))),
    ]
    for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
    return files.map(\.0)
  }

  /// A world with a teacher that counts, and items whose pictures can't be read.
  private func spoiled(_ world: RunWorld, _ teacher: CountingTeacher) throws -> (world: RunWorld, bad: Int) {
    let data = world.folder.appending(path: "data")
    let names = try Self.writeUnreadable(in: data)
    var rows = world.items
    // Training items, and one that is scored.
    for (number, name) in names.enumerated() { rows[2 * number + 2].image = name }
    // A picture belongs to one split, so that the scored one is a copy.
    try FileManager.default.copyItem(at: data.appending(path: names[0]), to: data.appending(path: "scored.heic"))
    rows[rows.count - 1].image = "scored.heic"
    try RunWorld.write(rows, to: data.appending(path: "items.jsonl"))
    var world = world
    world.plugins.teachers = [teacher]
    return (world, names.count + 1)
  }

  @Test func `a picture that can't be read sets its row aside before a teacher is asked, and the run goes on`()
    async throws
  {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      let (world, bad) = try spoiled(world, teacher)
      let text = try await start(world)
      #expect(teacher.calls == RunWorld.train - (bad - 1))
      #expect(text.contains("\(bad) rows can't be used:\n"), "\(text)")
      for reason in ["found HEIC", "found TIFF", "found BMP", "found AVIF", "cut.png", "ends before its image does"] {
        #expect(text.contains(reason), "\(reason): \(text)")
      }
      #expect(try world.run().evaluation?.setAside?.count == bad)
      let check = RunCheck(world.configuration, runFolder: world.folder.appending(path: "run"))
      #expect(check.texts(.error, "data.images").isEmpty)
      let found = check.texts(.warning, "data.images").joined()
      #expect(found.contains("\(bad) that can't be read; their rows will be set aside"), "\(found)")
      #expect(check.texts(.ok, "data.splits").first?.contains("train \(RunWorld.train - bad + 1)") == true)
    }
  }

  @Test func `a file is too large for all who read images, or for none`() {
    #expect(ImageReference.maximumBytes == ImageDecoder.Options().maximumFileBytes)
  }

  @Test func `under strict the first of them stops the run before a teacher is asked`() async throws {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      let world = try spoiled(world, teacher).world.with { $0.strict = true }
      await #expect {
        try await world.run().run()
      } throws: { "\($0)".contains("items.jsonl:3: item 'i2', field 'image'") }
      #expect(teacher.calls == 0)
      let check = RunCheck(world.configuration, runFolder: world.folder.appending(path: "run"))
      #expect(check.texts(.error, "data.images").count == 1)
    }
  }

  /// Rows of the world's test split with four pictures that can't be read and one that is not there, and their lines.
  private func newRows(_ world: RunWorld) throws -> (file: URL, bad: Set<Int>) {
    let data = world.folder.appending(path: "data")
    let names = try Self.writeUnreadable(in: data)
    var rows = world.items.filter { $0.split == "test" }
    for (place, name) in [(1, "x.heic"), (4, "cut.png"), (5, "cut.jpg"), (8, "none.png")] {
      #expect(name == "none.png" || names.contains(name))
      rows[place].image = name
    }
    let file = data.appending(path: "new.jsonl")
    try RunWorld.write(rows, to: file)
    return (file, [1, 4, 5, 8])
  }

  @Test func `a finished run's student is asked about no row whose picture can't be read, which is told by its line`()
    async throws
  {
    try await withRunWorld { world in
      try await world.run().run()
      let (file, bad) = try newRows(world)
      let predictions = try await world.run().predict(file, rationales: false)
      #expect(predictions.count == RunWorld.test)
      for (number, prediction) in predictions.enumerated() {
        #expect((prediction.error != nil) == bad.contains(number), "\(number): \(prediction)")
        guard let error = prediction.error else { continue }
        // Lines count from 1.
        #expect(error.hasPrefix("\(file.path):\(number + 1): item '\(prediction.itemID)', field 'image'"), "\(error)")
      }
      #expect(predictions[1].error?.contains("found HEIC") == true)
      #expect(predictions[4].error?.contains("ends before its image does") == true)
      let strict = world.with { $0.strict = true }
      await #expect {
        _ = try await strict.run().predict(file, rationales: false)
      } throws: { "\($0)".contains("new.jsonl:") && "\($0)".contains("field 'image'") }
    }
  }

  @Test func `another labelled file is scored without the rows whose picture can't be read, nobody asked about them`()
    async throws
  {
    try await withRunWorld { world in
      try await world.run().run()
      let (file, bad) = try newRows(world)
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      var asking = world
      asking.plugins.teachers = [teacher]
      let scored = try await asking.run().evaluate(file)
      #expect(teacher.calls == RunWorld.test - bad.count)
      #expect(scored.testItems == RunWorld.test - bad.count)
      #expect(scored.setAside?.count == bad.count)
      for line in bad.map({ $0 + 1 }) {
        #expect(scored.setAside?.contains { $0.hasPrefix("\(file.path):\(line): item") } == true, "line \(line)")
      }
      // As the sound rows alone are scored.
      let rows = world.items.filter { $0.split == "test" }.enumerated().filter { !bad.contains($0.offset) }
      let sound = world.folder.appending(path: "data/sound.jsonl")
      try RunWorld.write(rows.map(\.element), to: sound)
      #expect(
        try await world.run().evaluate(sound).results["two_stage"]?.accuracy
          == world.run().evaluate(file).results["two_stage"]?.accuracy)
      let strict = world.with { $0.strict = true }
      await #expect(throws: TeacherProtocolError.self) { try await strict.run().evaluate(file) }
      // Nothing is left.
      try RunWorld.write(
        [rows[0].element].map { row in
          var row = row
          row.image = "cut.png"
          return row
        }, to: file)
      await #expect {
        _ = try await world.run().evaluate(file)
      } throws: { "\($0)".contains("ends before its image does") }
    }
  }

  @Test func `rows that are read as they are asked about lose those whose picture can't be read, too`() async throws {
    try await withRunWorld { world in
      let teacher = CountingTeacher("c") { _, _ in "pristine" }
      let spoiled = try spoiled(world, teacher)
      let world = spoiled.world.with { c in
        c.data.fields.split = nil
        c.evaluation.results = .init([.stage1])
      }
      _ = try await world.run().annotate(.whole, rows: 7)
      #expect(teacher.calls == world.items.count - spoiled.bad)
    }
  }

  @Test func `a replaced picture has the steps carried out again, and the same bytes written anew have not`()
    async throws
  {
    try await withRunWorld { world in
      _ = try await start(world)
      let before = try world.results()
      let file = world.folder.appending(path: "data/train0.png")
      let bytes = try Data(contentsOf: file)
      try bytes.write(to: file)
      #expect(try await start(world).contains(StepTests.all))
      try Data(RGBImage(width: 16, height: 16, pixels: [UInt8](repeating: 9, count: 768)).pngData()).write(to: file)
      let text = try await start(world)
      for step in ["annotate", "evaluate"] {
        #expect(text.contains("\(step) is carried out again, as these have changed: the images"), "\(text)")
      }
      let name = "stage1/adapter_model.safetensors"
      #expect(try world.results()[name] != before[name])
      // As a run has it that never saw the first picture.
      try await world.run("other").run()
      #expect(try world.bytes(name) == world.bytes(name, of: "other"))
      try bytes.write(to: file)
      _ = try await start(world)
      #expect(try world.results()[name] == before[name])
    }
  }

  @Test func `a picture that was damaged and is mended takes part from then on`() async throws {
    try await withRunWorld { world in
      let file = world.folder.appending(path: "data/train0.png")
      let bytes = try Data(contentsOf: file)
      try bytes.prefix(bytes.count / 2).write(to: file)
      #expect(try await start(world).contains("can't be used:\n"))
      try bytes.write(to: file)
      #expect(try await !start(world).contains("can't be used"))
      try await world.run("other").run()
      let name = "stage1/adapter_model.safetensors"
      #expect(try world.bytes(name) == world.bytes(name, of: "other"))
    }
  }

  @Test func `a run of an earlier version, whose rules don't count pictures, stays finished`() async throws {
    try await withRunWorld { world in
      let folder = world.folder.appending(path: "run")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let rules = """
        {"adapter_tokenizer": "adapter", "cut_replies": "label", "label_scoring": "ended", "prompt_beginning": "folder", \
        "reply_ids": "plain", "row_order": "id"}
        """
      try Data(rules.utf8).write(to: folder.appending(path: "rules.json"))
      _ = try await start(world)
      #expect(try !String(decoding: world.bytes("rules.json"), as: UTF8.self).contains("images"))
      try Data(RGBImage(width: 16, height: 16, pixels: [UInt8](repeating: 9, count: 768)).pngData())
        .write(to: world.folder.appending(path: "data/train0.png"))
      #expect(try await start(world).contains(StepTests.all))
    }
  }

  @Test func `what was found is remembered by size, time and number, and a damaged memory is passed over`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "a.png")
      try Data(RGBImage(width: 16, height: 16, pixels: [UInt8](repeating: 7, count: 768)).pngData()).write(to: file)
      let digest = try FileDigests(cache: nil).digest(of: file)
      let cache = folder.appending(path: "cache")
      func look() -> (sight: ImageFiles.Sight?, decoded: Int) {
        var files = ImageFiles(cache: cache)
        var decoded = 0
        let sights = files.look(at: [file.path, file.path]) { _, all in decoded = all }
        return (sights[file.path], decoded)
      }
      #expect(look() == (.sound(digest: digest), 1))
      #expect(look() == (.sound(digest: digest), 0))
      let memory = cache.appending(path: "digests/images.txt")
      let kept = try Data(contentsOf: memory)
      try kept.dropLast(3).write(to: memory)
      #expect(look() == (.sound(digest: digest), 1))
      try Data("not a picture".utf8).write(to: file)
      #expect(look().decoded == 1)
      // What can't be read is not remembered: another build may read it.
      let (sight, decoded) = look()
      #expect(decoded == 1)
      guard case .unreadable(let reason)? = sight else {
        Issue.record("\(String(describing: sight))")
        return
      }
      #expect(reason.hasPrefix("expected a PNG, JPEG, WebP or GIF file, found"), "\(reason)")
    }
  }
}
