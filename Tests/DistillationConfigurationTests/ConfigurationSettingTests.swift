#if Run
  import ConfigurationFiles
  import DistillationConfiguration
  import Foundation
  import Testing

  /// Keys that the command line sets in place of what a file says.
  @Suite struct ConfigurationSettingTests {
    private func run(_ settings: [String], of text: String = ConfigurationFixture.minimal) throws -> RunConfiguration {
      var node = try ConfigurationNode(text: text, format: .yaml)
      for setting in settings {
        node = try ConfigurationSetting(setting).applied(
          to: node, outline: RunConfiguration.configurationOutline(of: nil), folder: URL(fileURLWithPath: "/work"))
      }
      return try RunConfiguration(node: node, file: nil)
    }

    @Test func `values are those of a file: numbers, words, lists, maps, null and texts with signs`() throws {
      let run = try run([
        "seed=3", "stage2.beta=2.5e-1", "data.fields.label=null", "data.fields.slices=[kind, 'a, b']",
        "data.where={kind: [x]}", "prompt={text} Is it so: yes or no?", "labels[1].answer=true", "stage1.betas[0]=0.5",
        "data.fields.group=1", "stage2.reference=base",
        "spending.max_cost=5",
      ])
      #expect(run.seed == 3 && run.stage2.beta == 0.25 && run.data.fields.label == nil && run.spending.cost == 5)
      #expect(run.data.fields.slices == ["kind", "a, b"] && run.data.rowsWhere == ["kind": ["x"]])
      #expect(run.prompt == "{text} Is it so: yes or no?" && run.data.fields.group == "1")
      #expect(run.stage2.reference == .base && run.labels.map(\.answer).last == "true" && run.labels.count == 2)
      #expect(run.stage1.training.betas == [0.5, 0.999])
    }

    @Test func `paths are relative to the working directory, and nothing else is a path`() throws {
      let run = try run([
        "student.model=m", "data.file=d/i.csv", "store=/s", "cache=~/c", "stage2.reference={adapter: old}",
        "teachers.b={name: b, kind: recorded, file: r.csv}", "stage1.answers=a",
      ])
      #expect(run.student.model == "/work/m" && run.data.file == "/work/d/i.csv" && run.store == "/s")
      #expect(run.cache == NSHomeDirectory() + "/c" && run.stage2.reference == .adapter("/work/old"))
      guard case .recorded(let teacher) = run.teachers[1].source else {
        Issue.record("not recorded")
        return
      }
      #expect(teacher.file == "/work/r.csv")
      let text = ConfigurationFixture.minimal.replacing(
        "{name: b, kind: recorded, file: replies.jsonl}",
        with: "{name: b, kind: openai, base_url: 'http://h', model: m}")
      guard case .openAI(let service) = try self.run(["teachers.b.model=other"], of: text).teachers[1].source else {
        Issue.record("no service")
        return
      }
      #expect(service.model == "other")
      guard
        case .openAI(let cluster) = try self.run(["teachers.b.base_url=[http://h:1/v1, http://h:2/v1]"], of: text)
          .teachers[1].source
      else {
        Issue.record("no service")
        return
      }
      #expect(cluster.addresses.all == ["http://h:1/v1", "http://h:2/v1"])
    }

    @Test(arguments: ["", "=1", "seed", "a..b=1", "labels[x].name=a", "labels[-1].name=a", "seed=[1"])
    func `what is no setting is refused`(text: String) {
      #expect(throws: ConfigurationError.self) { try ConfigurationSetting(text) }
    }

    @Test(arguments: [
      // The value itself, over a key that the file has and over one that it has not.
      (["seed=many"], "run.yaml with --set seed=many: seed: expected ", 1),
      (
        ["evaluation.calibration=isotonic"],
        "run.yaml with --set evaluation.calibration=isotonic: evaluation.calibration: ", 1
      ),
      (["student.lora={rank: 4, alhpa: 1}"], "unknown key 'alhpa' in student.lora; did you mean 'alpha'?", 1),
      // What shows at a key of the file.
      (["teachers.a.kind=openai"], "--set teachers.a.kind=openai", 1),
      (["seed=many", "stage1.epochs=x"], "stage1.epochs (--set stage1.epochs=x): expected ", 2),
    ])
    func `what a setting is to blame for is said of it, and not of a line of the file`(
      settings: [String], text: String, problems: Int
    ) throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appending(path: "run.yaml")
      try Data(("seed: 3\n" + ConfigurationFixture.minimal).utf8).write(to: file)
      let error = #expect(throws: ConfigurationError.self) {
        try RunConfiguration(contentsOf: file, setting: settings.map { try ConfigurationSetting($0) })
      }
      let said = try #require(error).description
      #expect(said.contains(text) && !said.contains("line "), "\(said)")
      #expect(error?.problems.count ?? 0 >= problems)
      // A fault of the file keeps its line, whatever is set beside it.
      try Data(("seed: many\n" + ConfigurationFixture.minimal).utf8).write(to: file)
      let own = #expect(throws: ConfigurationError.self) {
        try RunConfiguration(contentsOf: file, setting: [try ConfigurationSetting("stage1.epochs=1")])
      }
      #expect(own?.description.contains("run.yaml: seed (line 1): expected ") == true, "\(own as Any)")
    }

    @Test(arguments: ["seed.x=1", "teachers.c.file=x", "teachers[2].file=x"])
    func `a path that leads nowhere is refused`(text: String) {
      #expect(throws: ConfigurationError.self) { try run([text]) }
    }
  }
#endif
