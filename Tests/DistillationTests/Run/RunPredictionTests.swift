import Distillation
import Foundation
import ImageDecoding
import TeacherProtocol
import Testing

/// A finished run on files that it did not see.
@Suite(.serialized) struct RunUseTests {
  @Test func `a finished run answers the items of another file`() async throws {
    try await withRunWorld { world in
      try await world.run().run()
      let file = world.folder.appending(path: "data/new.csv")
      try Data("id,image,text\nx1,train0.png,Caption i1\nx2,test1.png,A new caption\nx3,none.png,Lost\n".utf8).write(
        to: file)
      let run = try world.run()
      let predictions = try await run.predict(file)
      #expect(predictions.map(\.itemID) == ["x1", "x2", "x3"])
      #expect(predictions[2].error?.contains("there is no such file") == true)
      for prediction in predictions.prefix(2) {
        #expect(prediction.label.map(["pristine", "falsified"].contains) ?? true)
        #expect(abs(prediction.probabilities.values.reduce(0, +) - 1) < 1e-9 && prediction.rationale != nil)
      }
      #expect(try await run.predict(file) == predictions)
    }
  }

  @Test func `predictions on the test items are those that were scored`() async throws {
    try await withRunWorld { world in
      try await world.run().run()
      let file = world.folder.appending(path: "data/test.jsonl")
      try RunWorld.write(world.items.filter { $0.split == "test" }, to: file)
      let again = try await world.run().predict(file)
      let scored = try String(decoding: world.bytes("predictions/two_stage.jsonl"), as: UTF8.self)
        .split(separator: "\n").map { try JSONDecoder().decode(Prediction.self, from: Data($0.utf8)) }
      #expect(scored.map(\.itemID) == again.map(\.itemID) && scored.map(\.label) == again.map(\.label))
      for (a, b) in zip(scored, again) {
        for (label, p) in a.probabilities { #expect(abs(p - (b.probabilities[label] ?? 2)) < 1e-5) }
      }
    }
  }

  @Test func `another labelled file is scored, teachers of the run beside the student`() async throws {
    try await withRunWorld { world in
      try await world.run().run()
      let data = world.folder.appending(path: "data/items.jsonl")
      let whole = try await world.run().evaluate(data)
      #expect(whole.testItems == world.items.count)
      #expect(Set(whole.results.keys) == ["teacher:a", "teacher:b", "two_stage"])
      let right = world.items.count { $0.votes["a"] == $0.label }
      #expect(whole.results["teacher:a"]?.accuracy == Double(right) / Double(world.items.count))
      let test = try await world.run().evaluate(data, split: "test")
      #expect(test.testItems == RunWorld.test)
      #expect(test.results["two_stage"]?.accuracy == (try world.run().evaluation?.results["two_stage"]?.accuracy))
      await #expect(throws: RunError.self) { try await world.run().evaluate(data, split: "none") }
    }
  }

  @Test func `recorded teachers are not scored on other items that have ids of the run's own`() async throws {
    try await withRunWorld { world in
      try await world.run().run()
      let data = world.folder.appending(path: "data")
      let (fresh, copy) = (data.appending(path: "fresh.jsonl"), world.folder.appending(path: "copy"))
      let rows = Array(world.items.prefix(6))
      func evaluated(_ change: (String) -> String) async throws -> (results: Set<String>, said: String) {
        try RunWorld.write(rows, to: fresh)
        try Data(change(String(contentsOf: fresh, encoding: .utf8)).utf8).write(to: fresh)
        let said = Said()
        let run = try DistillationRun(
          world.configuration, folder: world.folder.appending(path: "run"), reporter: said.reporter)
        return (Set(try await run.evaluate(fresh).results.keys), said.text)
      }
      let all: Set = ["teacher:a", "teacher:b", "two_stage"]
      // The same items, in other words for the same: white space, another path, a copy of the image.
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: data.appending(path: rows[0].image), to: copy.appending(path: "again.png"))
      let same = try await evaluated {
        $0.replacing("Caption i1", with: "Caption  i1 ").replacing(
          "\"id\":\"i0\",\"image\":\"\(rows[0].image)\"", with: "\"id\":\"i0\",\"image\":\"../copy/again.png\"")
      }
      #expect(same.results == all && !same.said.contains("other items"), "\(same.said)")
      // Ids that the run does not have are nothing to it.
      let new = try await evaluated { $0.replacing("\"id\":\"i0\"", with: "\"id\":\"new\"") }
      #expect(new.results == all && !new.said.contains("other items"))
      let text = try await evaluated { $0.replacing("Caption i1", with: "Quite another") }
      #expect(text.results == ["two_stage"])
      #expect(
        text.said.contains("1 of 6 ids in \(fresh.path) stands for other items in the run's data ('i1')"),
        "\(text.said)")
      #expect(text.said.contains("teacher:a, teacher:b are not scored"))
      let image = try await evaluated {
        $0.replacing("\"image\":\"\(rows[0].image)\"", with: "\"image\":\"test0.png\"")
      }
      #expect(image.results == ["two_stage"] && image.said.contains("'i0', 'i1'"), "\(image.said)")
      try FileManager.default.moveItem(at: data.appending(path: "items.jsonl"), to: data.appending(path: "gone.jsonl"))
      let gone = try await evaluated { $0 }
      #expect(gone.results == all && gone.said.contains("can't be checked"), "\(gone.said)")
    }
  }

  @Test func `recorded teachers are scored without a store`() async throws {
    try await withRunWorld { world in
      try await world.run().run()
      let data = world.folder.appending(path: "data/items.jsonl")
      let expected = try await world.run().evaluate(data)
      // A place where no store can be made or locked, as on a read-only medium.
      let archived = world.with { $0.store = data.appending(path: "store").path }
      #expect(try await archived.run().evaluate(data) == expected)
    }
  }

  @Test func `a folder with somebody's own files is no place for a run`() async throws {
    try await withRunWorld { world in
      let folder = world.folder.appending(path: "run")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let notes = Data("# mine\n".utf8)
      for name in ["config.yaml", "replies.jsonl", "notes.txt"] { try notes.write(to: folder.appending(path: name)) }
      do {
        try await world.run().run(through: .agree)
        Issue.record("ran")
      } catch RunError.foreignFolder(let path, let why) {
        #expect(path == folder.path)
        #expect(
          why.contains("no run was begun there, and it has config.yaml, replies.jsonl, which a run would replace"))
      }
      for name in ["config.yaml", "replies.jsonl"] {
        #expect(try Data(contentsOf: folder.appending(path: name)) == notes)
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      // What a run leaves alone is in nobody's way, such as a base that was made before, and a run that was begun goes on.
      try FileManager.default.createDirectory(at: folder.appending(path: "base"), withIntermediateDirectories: true)
      try await world.run().run(through: .annotate)
      try await world.run().run(through: .agree)
      // The folder of the other method's run is none of this one's either.
      let record = Data("method: dualchecker\n".utf8)
      try record.write(to: folder.appending(path: "config.yaml"))
      await #expect(throws: RunError.self) { try await world.run().run(through: .agree) }
      #expect(try Data(contentsOf: folder.appending(path: "config.yaml")) == record)
    }
  }

  @Test func `a run about photos alone asks, trains and is asked without a text, and says nothing of one`() async throws
  {
    try await withRunWorld { world in
      let items = world.folder.appending(path: "data/items.jsonl")
      let rows = try String(contentsOf: items, encoding: .utf8).replacing(/"text":"[^"]*",/, with: "")
      try Data(rows.utf8).write(to: items)
      let photos = world.with {
        $0.data.fields.text = nil
        $0.prompt = "Is this photo falsified?"
      }
      try photos.configuration.validate()
      let read = try RunConfiguration(text: photos.configuration.yaml, format: .yaml, file: "run.yaml")
      #expect(read == photos.configuration && read.data.fields.text == nil)
      let text = try await start(photos)
      #expect(!text.contains("data.fields.text"), "\(text)")
      #expect(try photos.run().evaluation?.testItems == RunWorld.test)
      let predicted = try await photos.run().predict(items)
      #expect(predicted.count == world.items.count && predicted.allSatisfy { $0.label != nil })
    }
  }

  @Test func `a run without a student yet says so`() async throws {
    try await withRunWorld { world in
      try await world.run().run(through: .stage1)
      do {
        _ = try await world.run().predict(world.folder.appending(path: "data/items.jsonl"))
        Issue.record("predicted")
      } catch RunError.unfinished(let path, let lacks) {
        #expect(path.contains("run") && lacks.contains("stage2"))
      }
    }
  }

  @Test func `one whose base is to be made says so before its base is missed`() async throws {
    try await withRunWorld { world in
      let fresh = world.with { ($0.student.model, $0.student.fresh) = (nil, FreshStudentConfiguration()) }
      try await fresh.run().run(through: .agree)
      let items = world.folder.appending(path: "data/items.jsonl")
      let asks: [(DistillationRun) async throws -> Void] = [
        { _ = try await $0.predict(items) }, { _ = try await $0.evaluate(items, split: "test") },
        { _ = try await $0.threshold(precision: 0.5, certainty: 0.5, data: items) }, { _ = try $0.trainedStudent() },
        { _ = try $0.servedStudent() },
      ]
      for ask in asks {
        let error = await #expect(throws: RunError.self) { try await ask(fresh.run()) }
        #expect("\(try #require(error))".contains("this run is not finished"))
      }
    }
  }

  @Test func `what is wrong with a run's folder is said as it is, with what to do`() async throws {
    try await withRunWorld { world in
      let run = world.folder.appending(path: "run")
      func fault(_ body: () async throws -> Void) async throws -> String {
        let error = await #expect(throws: (any Error).self) { try await body() }
        let text = "\(try #require(error))"
        #expect(text.hasPrefix(run.path), "\(text)")
        return text
      }
      let items = world.folder.appending(path: "data/items.jsonl")
      func predict() async throws { _ = try await DistillationRun.opening(run).predict(items) }
      #expect(try await fault(predict).contains("not a run's folder: there is no such folder; give the folder"))
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      #expect(try await fault(predict).contains("not a run's folder: it has no config.yaml; give the folder"))
      try await world.run().run(through: .agree)
      // It is one, and lacks something.
      var texts = [try await fault(predict), try await fault { _ = try world.run().learnedQuestion() }]
      for text in texts { #expect(text.contains("this run is not finished") && text.contains("with distill run")) }
      let rules = run.appending(path: "rules.json")
      let before = try Data(contentsOf: rules)
      try Data("{".utf8).write(to: rules)
      texts.append(try await fault { _ = try await world.run().run() })
      #expect(texts[2].hasPrefix("\(rules.path): it is damaged, or of a later version; restore it"))
      try before.write(to: rules)
      let record = run.appending(path: "config.yaml")
      try Data("method: dualchecker\n".utf8).write(to: record)
      texts.append(try await fault { _ = try await world.run().run() })
      #expect(texts[3].contains("no place for this run: it has one of the method dualchecker"))
      for text in texts { #expect(!text.contains("not a run's folder"), "\(text)") }
    }
  }

  @Test func `another split can be scored, whole groups are limited, rows are chosen by a column`() async throws {
    try await withRunWorld { world in
      let dev = world.with { $0.evaluation.split = .dev }
      try await dev.run("dev").run()
      #expect(try dev.run("dev").evaluation?.testItems == RunWorld.dev)
      #expect(try dev.bytes("predictions/two_stage.jsonl", of: "dev").split(separator: 10).count == RunWorld.dev)
      // Groups have two items: three would cut one apart.
      let limited = world.with { $0.data.limit.test = 3 }
      try await limited.run("limited").run()
      #expect(try limited.run("limited").evaluation?.testItems == 2)
      let chosen = world.with { $0.data.rowsWhere = ["kind": ["x"]] }
      try await chosen.run("chosen").run()
      #expect(try chosen.run("chosen").evaluation?.testItems == RunWorld.test / 3)
    }
  }

  @Test func `slices are scored apart, and intervals can be left out`() async throws {
    try await withRunWorld { world in
      let own = world.with {
        // A column that is named twice is one column.
        $0.data.fields.slices = ["kind", "kind"]
        $0.evaluation.bootstrap = 0
      }
      try await own.run().run()
      let file = try #require(try own.run().evaluation)
      #expect(file.slices?.keys.sorted() == ["x", "y"])
      #expect(file.slices?["x"]?.testItems == RunWorld.test / 3)
      let result = try #require(file.results["two_stage"])
      #expect(result.interval.low == result.accuracy && result.interval.high == result.accuracy)
    }
  }

  @Test func `an item whose picture is damaged or whose text is too long is set aside, or stops a strict run`()
    async throws
  {
    try await withRunWorld { world in
      let data = world.folder.appending(path: "data")
      try world.spoilImages()
      var text = try String(contentsOf: data.appending(path: "items.jsonl"), encoding: .utf8)
      text = text.replacing("Caption i8\"", with: "Caption " + String(repeating: "z", count: 400) + "\"")
      try Data(text.utf8).write(to: data.appending(path: "items.jsonl"))
      try await world.run().run()
      let page = try String(decoding: world.bytes("report.html"), as: UTF8.self)
      for name in ["bad.png", "none.png", "i8"] { #expect(page.contains(name), "\(name) is not listed") }
      let strict = world.with { $0.strict = true }
      await #expect(throws: (any Error).self) { try await strict.run("strict").run() }
    }
  }
}
