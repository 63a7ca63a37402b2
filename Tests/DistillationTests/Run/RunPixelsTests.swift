import Distillation
import Foundation
import ImageDecoding
import TeacherProtocol
import Testing

/// What a run sees of its image files, and how items may name them.
@Suite(.serialized) struct RunPixelsTests {
  /// Gives the world a photo that lies and one with hidden colours.
  private func add(to world: RunWorld) throws {
    let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../ImageDecodingTests/Corpus")
    for (name, file) in [("train0.png", "exif6.jpg"), ("train1.png", "rgba8.png"), ("test0.png", "transparent.gif")] {
      try Data(contentsOf: corpus.appending(path: file)).write(to: world.folder.appending(path: "data/\(name)"))
    }
  }

  private func record(of world: RunWorld, _ name: String) throws -> String {
    try String(decoding: world.bytes("config.yaml", of: name), as: UTF8.self)
  }

  @Test func `a new run records that images are upright and over white`() async throws {
    try await withRunWorld { world in
      try await world.run().run(through: .agree)
      let record = try record(of: world, "run")
      #expect(record.contains("    orientation: applied\n    transparency: white\n    sixteen_bits: clipped\n"))
      let scaled = world.with {
        $0.data.pixels = .init()
        $0.data.pixels?.sixteenBits = .scaled
      }
      try await scaled.run("scaled").run(through: .agree)
      // What is not said goes on as the run began.
      #expect(try world.run("scaled").configuration.data.pixels?.sixteenBits == .scaled)
      #expect(try DistillationRun.opening(world.folder.appending(path: "scaled")).configuration.data.pixels != nil)
    }
  }

  /// The version before the key wrote no `pixels`, gave models the pixels as they are stored, and knew its steps by keys
  /// without it.
  @Test func `a run that an earlier version made goes on with the pixels that it had`() async throws {
    try await withRunWorld { world in
      try add(to: world)
      let earlier = world.with { $0.data.pixels = .stored }
      try await earlier.run("earlier").run()
      let key = try earlier.bytes("steps/stage1.json", of: "earlier")
      let results = try earlier.results(of: "earlier")
      let file = world.folder.appending(path: "earlier/config.yaml")
      let record = try record(of: world, "earlier")
      let said = "  pixels:\n    orientation: ignored\n    transparency: dropped\n    sixteen_bits: clipped\n"
      #expect(record.contains(said))
      try Data(record.replacing(said, with: "").utf8).write(to: file)

      try await world.run("earlier").run()
      #expect(try world.results(of: "earlier") == results)
      #expect(try world.bytes("steps/stage1.json", of: "earlier") == key, "nothing was trained again")
      #expect(try self.record(of: world, "earlier").contains(said))

      // The same configuration in a folder of its own sees the photos as people do.
      try await world.run("new").run()
      let adapter = "stage1/adapter_model.safetensors"
      #expect(try world.bytes(adapter, of: "new") != results[adapter])
    }
  }

  /// Names are resolved in one place: what `check` finds sound, `run`, `predict`, `evaluate` and the report find, too.
  @Test func `items may name images by absolute paths, URLs of files and names with percent signs`() async throws {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      let photos = world.folder.appending(path: "100% photos")
      try FileManager.default.createDirectory(at: photos, withIntermediateDirectories: true)
      for name in Set(world.items.map(\.image)) {
        try FileManager.default.copyItem(at: data.appending(path: name), to: photos.appending(path: "a%20" + name))
      }
      let encoded = photos.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? ""
      let ways: [(String, (String) -> String)] = [
        ("plain", { $0 }), ("absolute", { "\(data.path)/\($0)" }), ("url", { "file://\(encoded)/a%2520\($0)" }),
        ("percent", { "../100% photos/a%20\($0)" }),
      ]
      var adapters: Set<Data> = []
      for (name, way) in ways {
        let items = world.items.map { item in
          var item = item
          item.image = way(item.image)
          return item
        }
        let file = data.appending(path: "\(name).jsonl")
        try RunWorld.write(items, to: file)
        let own = world.with { $0.data.file = file.path }
        let check = RunCheck(own.configuration, runFolder: world.folder.appending(path: name))
        #expect(check.texts(.ok, "data.images").count == 1, "\(check.text())")
        try await own.run(name).run()
        adapters.insert(try own.bytes("stage2/adapter_model.safetensors", of: name))
        #expect(try await own.run(name).predict(file).count == world.items.count)
        #expect(try await own.run(name).evaluate(file).testItems == world.items.count)
        #expect(try String(decoding: own.bytes("report.html", of: name), as: UTF8.self).contains("data:image/jpeg"))
      }
      #expect(adapters.count == 1)
    }
  }

  @Test func `files of splits in different folders have their images beside them`() async throws {
    try await withRunWorld { world in
      try await world.run("one").run(through: .stage1)
      var files = SplitFiles(train: "", test: "")
      for split in ["train", "test"] {
        let folder = world.folder.appending(path: split)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let items = world.items.filter { $0.split == split }
        for name in Set(items.map(\.image)) {
          let from = world.folder.appending(path: "data/\(name)")
          try FileManager.default.copyItem(at: from, to: folder.appending(path: name))
        }
        let file = folder.appending(path: "items.jsonl")
        try RunWorld.write(items, to: file)
        if split == "train" { files.train = file.path } else { files.test = file.path }
      }
      let own = world.with {
        $0.data = .init(files: files)
        $0.data.fields.group = "group"
      }
      try await own.run("two").run(through: .stage1)
      let adapter = "stage1/adapter_model.safetensors"
      #expect(try own.bytes(adapter, of: "two") == world.bytes(adapter, of: "one"))
    }
  }
}
