#if Run
  import ConfigurationFiles
  import DistillationConfiguration
  import DualChecker
  import TeacherProtocol
  import Testing
  import TwoStage

  @Suite struct ConfigurationOptionTests {
    @Test func `every key sets its own property`() throws {
      let read = try RunConfiguration(text: EveryKey.text, format: .yaml)
      #expect(read.data == EveryKey.data)
      #expect(read.teachers == EveryKey.teachers)
      #expect(read.student == EveryKey.student)
      #expect(read.pretrain == EveryKey.run.pretrain)
      #expect(read.stage1 == EveryKey.run.stage1)
      #expect(read.stage2 == EveryKey.stage2)
      #expect(read == EveryKey.run)
    }

    @Test func `the text above has every key of the reference`() throws {
      var paths: Set<String> = []
      func visit(_ node: ConfigurationNode, _ path: String) {
        switch node.content {
        case .map(let entries):
          for entry in entries {
            let inner = path.isEmpty ? entry.key : path + "." + entry.key
            paths.insert(inner)
            visit(entry.value, inner)
          }
        case .list(let elements): for element in elements { visit(element, path + "[]") }
        case .null, .boolean, .number, .text: break
        }
      }
      visit(try ConfigurationNode(text: EveryKey.text, format: .yaml), "")
      // These exclude keys that the text has; the tests below set them.
      let elsewhere: Set = [
        "data.file", "data.fields.split", "student.model", "student.thinking", "student.precision",
        "student.gradient_checkpointing", "agreement.lead", "agreement.probability",
        "agreement.distance", "review.opinions", "stage2.choose",
      ]
      for (path, _) in ConfigurationReference.entries(for: .multiTeacher) where !elsewhere.contains(path) {
        let path = path.hasSuffix("[]") ? String(path.dropLast(2)) : path
        #expect(paths.contains(path), "no test sets \(path)")
      }
    }

    @Test func `the other ways to name items and base are read`() throws {
      let text = """
        data: {file: all.jsonl, fields: {split: part}}
        teachers: [{name: a, kind: model, model: x}, {name: b, kind: model, model: y}]
        student: {model: base, thinking: false, precision: bfloat16, gradient_checkpointing: true}
        stage2: {reference: base, choose: budget}
        evaluation: {results: [two_stage, teachers], dev_for_threshold: true}
        review: {source: page, opinions: 2}
        """
      let run = try RunConfiguration(text: text, format: .yaml)
      #expect(run.data.file == "all.jsonl")
      #expect(run.review.opinions == 2)
      #expect(run.data.fields.split == "part")
      #expect(run.student.model == "base" && run.student.thinking == false)
      #expect(run.student.precision == .bfloat16 && run.student.gradientCheckpointing)
      #expect(run.stage2.reference == .base && run.stage2.choose == .budget)
      #expect(run.evaluation.results.names == [.twoStage, .teachers])
      #expect(run.evaluation.choosesThresholdOnDev)
    }

    @Test func `each agreement rule has its own keys`() throws {
      func read(_ agreement: String) throws -> AgreementConfiguration {
        try RunConfiguration(
          text: """
            data: {file: all.jsonl, fields: {split: part}}
            teachers: [{name: a, kind: model, model: x}, {name: b, kind: model, model: y}]
            student: {model: base}
            stage2: {reference: base}
            agreement: {\(agreement)}
            """, format: .yaml
        ).agreement
      }
      let weighted = try read("rule: confidence_weighted, lead: 0.25")
      #expect(weighted.rule == .confidenceWeighted)
      #expect(weighted.lead == 0.25)
      let estimated = try read("rule: dawid_skene, probability: 0.8")
      #expect(estimated.rule == .dawidSkene)
      #expect(estimated.probability == 0.8)
      #expect(throws: (any Error).self) { try read("rule: majority, probability: 0.8") }
      #expect(throws: (any Error).self) { try read("rule: dawid_skene, probability: 1.5") }
    }

    @Test func `levels have a distance within which votes agree, and labels without an order have none`() throws {
      func read(_ more: String) throws -> RunConfiguration {
        try RunConfiguration(
          text: """
            data: {file: all.jsonl, fields: {split: part}}
            labels: [{name: "1"}, {name: "2"}, {name: "3"}]
            teachers: [{name: a, kind: model, model: x}, {name: b, kind: model, model: y}]
            student: {model: base}
            stage2: {reference: base}
            \(more)
            """, format: .yaml)
      }
      let run = try read("ordered: true\nagreement: {distance: 1}")
      #expect(run.agreement.distance == 1 && run.agreement.rule == .unanimous)
      #expect(run.levels == ["1", "2", "3"])
      #expect(try run.labelSet().isOrdered)
      #expect(try RunConfiguration(text: run.yaml, format: .yaml) == run)
      let plain = try read("")
      #expect(try plain.levels == nil && !plain.labelSet().isOrdered)
      // What was written before there were levels has the same keys of steps.
      #expect(!plain.json.contains("ordered") && !plain.json.contains("distance"))
      #expect(try read("ordered: false").levels == nil)
      for (more, message) in [
        ("agreement: {distance: 1}", "labels that are levels, by ordered: true"),
        ("ordered: true\nagreement: {distance: 2}", "distance between the lowest and the highest level, 2"),
        ("ordered: true\nagreement: {distance: -1}", "0"),
        ("ordered: true\nagreement: {rule: majority, distance: 1}", "rule: unanimous"),
      ] {
        let error = #expect(throws: ConfigurationError.self) { try read(more) }
        #expect(error.map { "\($0)" }?.contains(message) == true, "\(more): \(error.map { "\($0)" } ?? "")")
      }
    }

    @Test func `classes of DualChecker are levels only where there are many`() throws {
      let labels = "labels: [{name: low}, {name: mid}, {name: high}]"
      let task = try DualCheckerTaskConfiguration(text: "{kind: multiclass, ordered: true, \(labels)}", format: .yaml)
      #expect(try task.task().labels.levels == ["low", "mid", "high"])
      let plain = try DualCheckerTaskConfiguration(text: "{kind: multiclass, \(labels)}", format: .yaml)
      #expect(try plain.task().labels.levels == nil)
      let error = #expect(throws: ConfigurationError.self) {
        try DualCheckerTaskConfiguration(text: "{kind: spans, ordered: true, \(labels)}", format: .yaml)
      }
      #expect(error.map { "\($0)" }?.contains("task.kind: multiclass") == true)
    }

    @Test(arguments: [
      ("stage1_adapter", ReferenceConfiguration.stage1Adapter), ("base", .base), ("none", .none),
      ("{adapter: some/folder}", .adapter("some/folder")),
    ])
    func `the reference of stage 2 is one of four`(text: String, reference: ReferenceConfiguration) throws {
      let stage = try Stage2Configuration(text: "reference: \(text)", format: .yaml)
      #expect(stage.reference == reference)
    }

    @Test(arguments: [
      ("exclude", TwoStageOptions.Conflicts.exclude), ("both", .all), ("majority", .majority),
    ])
    func `conflicts in stage 1 have three options`(text: String, conflicts: TwoStageOptions.Conflicts) throws {
      #expect(try Stage1Configuration(text: "conflicts: \(text)", format: .yaml).conflicts == conflicts)
    }

    @Test(arguments: [
      ("disagreement", ReviewConfiguration.Order.disagreement), ("random", .random),
      ("student_uncertainty", .studentUncertainty),
    ])
    func `conflicts are labelled in one of three orders`(text: String, order: ReviewConfiguration.Order) throws {
      #expect(try ReviewConfiguration(text: "order: \(text)", format: .yaml).order == order)
    }

    @Test(arguments: [
      ("all", TwoStageOptions.Answers.all), ("r", .teacher("r")),
    ])
    func `answers are every teacher's or one`(text: String, answers: TwoStageOptions.Answers) throws {
      #expect(try Stage1Configuration(text: "answers: \(text)", format: .yaml).answers == answers)
    }

    @Test func `equal files in both languages give equal configurations`() throws {
      let yaml = try RunConfiguration(text: EveryKey.text, format: .yaml)
      #expect(try RunConfiguration(text: yaml.json, format: .json) == yaml)
      // Every JSON text is a YAML text too.
      #expect(try RunConfiguration(text: yaml.json, format: .yaml) == yaml)
      #expect(
        try RunConfiguration(text: ConfigurationFixture.minimal, format: .yaml)
          == RunConfiguration(text: ConfigurationFixture.minimalJSON, format: .json))
    }

    @Test func `canonical text reads back and is a fixed point`() throws {
      for run in [EveryKey.run, ConfigurationFixture.built, .example] {
        let read = try RunConfiguration(text: run.yaml, format: .yaml)
        #expect(read == run)
        #expect(read.yaml == run.yaml)
      }
    }
  }
#endif
