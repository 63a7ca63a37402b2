import ConfigurationFiles
import DistillationConfiguration
import Foundation
import Layers
import Testing
import TwoStage

@Suite struct RunConfigurationTests {
  private typealias Fixture = ConfigurationFixture

  @Test func `keys that are absent have the defaults of the method`() throws {
    let run = try RunConfiguration(text: Fixture.minimalJSON, format: .json)
    #expect(run == Fixture.built)
    #expect(run.labels.map(\.name) == ["pristine", "falsified"])
    #expect(run.labels.map { $0.answer.prefix(4) } == ["No, ", "Yes,"])
    #expect(run.agreement.rule == .unanimous)
    #expect(run.review.budget == .fraction(0.1))
    #expect(run.review.order == .disagreement)
    #expect(run.stage1.conflicts == .exclude)
    #expect(run.stage1.training.learningRate == 1e-4)
    #expect(run.stage2.training.learningRate == 1e-5)
    #expect(run.stage2.beta == 0.1)
    #expect(run.stage2.sftWeight == 1)
    #expect(run.stage2.whenAllWrong == .template)
    #expect(run.student.lora.rank == 16)
    #expect(run.student.lora.alpha == 32)
    #expect(run.student.lora.vision == false)
    #expect(run.stage1.training.schedule == .cosine)
    #expect(run.evaluation.results.names == [.teachers, .majority, .agreementPlusLabels, .stage1, .twoStage])
  }

  @Test func `what stands in for required keys never gets into a list`() throws {
    let text = Fixture.minimalJSON.replacing(
      "\"stage2\"",
      with: #""labels": [{"name": "a", "answer": "A"}, {"name": "b", "answer": "B"}], "positive": "b", "stage2""#)
    let run = try RunConfiguration(text: text, format: .json)
    #expect(run.labels == [LabelConfiguration(name: "a", answer: "A"), LabelConfiguration(name: "b", answer: "B")])
    #expect(run.data.fields.split == nil)
  }

  @Test func `a label without an answer is stated by its name`() throws {
    let labels = #""labels": [{"name": "Wrong Item"}, {"name": "b", "answer": "B"}], "stage2""#
    let run = try RunConfiguration(text: Fixture.minimalJSON.replacing("\"stage2\"", with: labels), format: .json)
    #expect(run.labels.map(\.answer) == ["Wrong Item", "B"])
    // What a run writes down of it is what was given, and reads back alike.
    let written = ConfigurationYAMLWriter.text(of: try #require(run.configurationNode))
    #expect(try RunConfiguration(text: written, format: .yaml).labels == run.labels)
  }

  @Test func `relations between keys are checked in code as in files`() {
    func expect(_ message: String, _ change: (inout RunConfiguration) -> Void, line: Int = #line) {
      #expect(Fixture.problems(change: change) == [message], "line \(line)")
    }
    expect("teachers: expected at least one teacher, two to find conflicts, found none") { $0.teachers.removeAll() }
    #expect(Fixture.problems { $0.teachers.removeLast() }.isEmpty)
    expect("teachers[1].name: expected a name of its own for every teacher, found the text 'a' again") {
      $0.teachers[1].name = "a"
    }
    for name in ["a/b", " ", "all", ".."] {
      expect("teachers[0].name: expected text, not empty, without / and other than 'all', found the text '\(name)'") {
        $0.teachers[0].name = name
      }
    }
    expect("labels: expected at least two labels, found 1") { $0.labels.removeFirst() }
    expect("labels[1].name: expected names and aliases that mean one label alone, found the text 'pristine' again") {
      $0.labels[1].name = "pristine"
      $0.positive = "pristine"
    }
    expect("labels[1].aliases: expected names and aliases that mean one label alone, found the text 'pristine' again") {
      $0.labels[1].aliases = ["pristine"]
    }
    expect("labels[1].answer: expected an answer of its own for every label, found the text 'No.' again") {
      $0.labels[0].answer = "No."
      $0.labels[1].answer = "No."
    }
    expect(
      "positive: expected the name of a label (pristine, falsified), found the text 'falsfied'; did you mean 'falsified'?"
    ) {
      $0.positive = "falsfied"
    }
    expect("agreement.margin: expected at most the number of teachers, 2, found the number 3") {
      $0.agreement.margin = 3
    }
    expect(
      "student.image_cache: expected false, since lora.vision trains the tower whose features would be kept, found true"
    ) {
      $0.student.lora.vision = true
    }
    expect("student.lora.init: expected standard or gaussian, since use_dora is true, found the text 'pissa'") {
      $0.student.lora.initialization = .pissa
      $0.student.lora.usesDoRA = true
    }
    expect("student.lora.init: expected standard or gaussian, since lora_bias is true, found the text 'pissa'") {
      $0.student.lora.initialization = .pissa
      $0.student.lora.hasBias = true
    }
    expect("student.lora.lora_bias: expected false, since use_dora is true, found true") {
      $0.student.lora.usesDoRA = true
      $0.student.lora.hasBias = true
    }
    expect(
      "student.lora.layers_to_transform: expected nothing where targets has patterns: a pattern can name the layers itself, found [1]"
    ) {
      $0.student.lora.targets = [".*q_proj"]
      $0.student.lora.layers = [1]
    }
    for tokens in [
      TrainedTokens.ofTable([]), .ofTable([3, -1]), .ofTable([3, 3]), .byName([:]), .byName(["lm_head": []]),
    ] {
      let found = tokens.configurationNode?.found ?? ""
      expect(
        "student.lora.trainable_token_indices: expected \(TrainedTokens.configurationForm), at least one, each from 0 on and once, found \(found)"
      ) { $0.student.lora.trainedTokens = tokens }
    }
    expect("student.lora.layers_pattern: expected nothing without layers_to_transform, found [\"blocks\"]") {
      $0.student.lora.layersPattern = ["blocks"]
    }
    expect(
      "student.lora.rank_pattern: expected a map of names, each with a whole number, from 1 to 65536, found a map of keys"
    ) {
      $0.student.lora.rankPattern = ["q_proj": 0]
    }
    expect("student.model: expected either model or fresh, found both") {
      $0.student.fresh = FreshStudentConfiguration()
    }
    expect("review.budget: expected a fraction above 0 and below 1, or a whole number of labels, found the number 0") {
      $0.review.budget = .count(0)
    }
    expect("budgets[0]: expected a fraction above 0 and below 1, or a whole number of labels, found the number 1.0") {
      $0.budgets = [.fraction(1)]
    }
    expect("stage2.beta: expected a number, above 0 and at most 1000000, found the number nan") {
      $0.stage2.beta = .nan
    }
    expect("evaluation.results: expected every result once, found one twice") {
      $0.evaluation.results = .init([.stage1, .stage1])
    }
    expect("evaluation.calibration: expected budget, since the scored split is dev itself, found the text 'dev'") {
      $0.evaluation.split = .dev
      $0.evaluation.calibration = .dev
    }
    expect("stage2.choose: expected budget, since the scored split is dev itself, found the text 'dev'") {
      $0.evaluation.split = .dev
      $0.stage2.choose = .dev
    }
    expect(
      "stage2.choose: expected dev, since a later round goes on from what has learned the labels of those before, found the text 'budget'"
    ) {
      $0.rounds = 2
      $0.stage2.choose = .budget
    }
    expect("stage2.choose: expected nothing, since stage2.adapter is taken as it is, found the text 'budget'") {
      $0.stage1.adapter = "a"
      $0.stage2.adapter = "b"
      $0.stage2.choose = .budget
    }
    // What leaves the stage as it is goes with all of them.
    #expect(
      Fixture.problems {
        $0.stage1.adapter = "a"
        $0.stage2.adapter = "b"
        $0.stage2.choose = .asConfigured
      }.isEmpty)
    expect("evaluation.dev_for_threshold: expected false, since the scored split is dev itself, found true") {
      $0.evaluation.split = .dev
      $0.evaluation.choosesThresholdOnDev = true
    }
  }

  @Test func `what Stage 2 ends with is chosen by the budget unless the configuration or its rounds say otherwise`() {
    var run = Fixture.built
    #expect(run.stage2Choice == .budget)
    run.rounds = 2
    #expect(run.stage2Choice == nil)
    run.stage2.choose = .dev
    #expect(run.stage2Choice == .dev)
    (run.rounds, run.stage2.choose) = (1, .asConfigured)
    #expect(run.stage2Choice == nil)
    (run.stage2.choose, run.stage2.adapter) = (nil, "trained")
    #expect(run.stage2Choice == nil)
  }

  @Test func `splits must be told apart`() {
    func problems(_ data: DataConfiguration) -> [String] { Fixture.problems { $0.data = data } }
    var data = DataConfiguration(file: "f")
    #expect(problems(data).isEmpty)
    data.splits.dev = .names(["valid"])
    #expect(problems(data).map { $0.prefix(40) } == ["data.splits: expected fractions such as "])
    data.splits = SplitConfiguration()
    data.fields.split = "split"
    #expect(problems(data).isEmpty)
    data.splits.dev = .names(["train"])
    #expect(problems(data) == ["data.splits.train: expected every name in one split alone, found 'train' twice"])
    data.splits.dev = .names([])
    #expect(problems(data).isEmpty)
    data.splits.test = .names([])
    #expect(problems(data).isEmpty)
    data.splits.train = .names([])
    #expect(problems(data) == ["data.splits.train: expected at least one name, found none"])
    data.splits = SplitConfiguration(train: 0.7, dev: 0.2, test: 0.1)
    #expect(
      problems(data) == [
        "data.splits: expected names of splits, since data.fields.split names a column with them, found fractions"
      ])
    data.fields.split = nil
    #expect(problems(data).isEmpty)
    data.splits = SplitConfiguration(train: 0.9, dev: 0, test: 0.2)
    #expect(problems(data) == ["data.splits.train: expected fractions of at most 1 together, found 1.1"])
    data.splits = SplitConfiguration(train: 0, dev: 0.5, test: 0)
    #expect(problems(data) == ["data.splits.train: expected a share above 0, found none"])
    data.splits.dev = .names(["valid"])
    #expect(
      problems(data).contains(
        "data.splits.train: expected shares for all splits or for none, found a mixture: dev has names"))

    data = DataConfiguration(files: SplitFiles(train: "a", test: "b"))
    #expect(problems(data).isEmpty)
    data.file = "f"
    data.fields.split = "split"
    #expect(
      problems(data) == [
        "data.file: expected either file or files, found both",
        "data.fields.split: expected no split column, since data.files names a file a split, found split",
      ])
    data.fields.evidence = ["text": "x", "a b": "y"]
    #expect(problems(data).count { $0.hasPrefix("data.fields.evidence: expected slot names of letters") } == 2)
  }

  @Test func `sizes of a fresh student must fit together`() {
    func problems(_ change: (inout FreshStudentConfiguration) -> Void) -> [String] {
      var fresh = FreshStudentConfiguration()
      change(&fresh)
      return Fixture.problems { $0.student = StudentConfiguration(fresh: fresh) }
    }
    #expect(problems { _ in }.isEmpty)
    #expect(
      problems {
        $0.text.heads = 3; $0.text.keyValueHeads = 1
      } == [
        "student.fresh.text_config.hidden_size: expected a multiple of 2 x num_attention_heads = 6, found 128"
      ])
    #expect(
      problems { $0.text.keyValueHeads = 3 } == [
        "student.fresh.text_config.num_key_value_heads: expected a divisor of num_attention_heads = 4, found 3"
      ])
    #expect(
      problems { $0.vision.heads = 5 } == [
        "student.fresh.vision_config.hidden_size: expected a multiple of num_attention_heads = 5, found 96"
      ])
    #expect(
      problems { $0.vision.imageSize = 60 } == [
        "student.fresh.vision_config.image_size: expected a multiple of patch_size = 8, found 60",
        "student.fresh.scale_factor: expected a divisor of image_size / patch_size = 7, found 2",
      ])
    #expect(
      problems {
        $0.vision.patchSize = 0; $0.text.heads = .max; $0.scaleFactor = 0
      }.count == 3)
  }

  @Test func `a key in the configuration is refused without being shown`() {
    var service = OpenAITeacherConfiguration(baseURL: "https://example.org/v1", model: "m")
    for secret in ["sk-proj-123", "sk_live_123", "a b"] {
      service.keyVariable = secret
      let problems = Fixture.problems { $0.teachers[0].source = .openAI(service) }
      #expect(problems.count == 1)
      #expect(problems[0].hasPrefix("teachers[0].key_env: expected the name of an environment variable"))
      #expect(!problems[0].contains(secret))
    }
    service.keyVariable = nil
    service.addresses = ServiceAddresses(["example.org"])
    #expect(
      Fixture.problems { $0.teachers[0].source = .openAI(service) } == [
        "teachers[0].base_url: expected an address or a list of addresses, beginning with http:// or https://, each once, found the "
          + "text 'example.org'"
      ])
  }

  @Test func `a service has one key and two prices or none`() {
    var service = OpenAITeacherConfiguration(baseURL: "https://example.org/v1", model: "m")
    service.keyVariable = "KEY"
    service.keyFile = "file"
    service.inputPrice = 1
    #expect(
      Fixture.problems { $0.teachers[0].source = .openAI(service) } == [
        "teachers[0].key_file: expected either key_env or key_file, found both",
        "teachers[0].output_price: expected both prices or neither, found one",
      ])
  }

  @Test func `keys of another kind of teacher are named as such`() {
    let text = Fixture.minimalJSON.replacing(
      #"{"name": "b", "kind": "recorded", "file": "replies.jsonl"}"#,
      with: #"{"name": "b", "kind": "model", "model": "m", "file": "f", "base_url": "u"}"#)
    #expect(
      Fixture.problems(text) == [
        "teachers[1].file (line 5): this key belongs to kind: recorded; remove it or change that",
        "teachers[1].base_url (line 5): this key belongs to kind: openai or kind: decision; remove it or change that",
      ])
  }

  @Test func `a budget is never exceeded`() {
    #expect(LabelBudget.fraction(0.1).labels(ofItems: 2_009) == 200)
    #expect(LabelBudget.fraction(0.29).labels(ofItems: 100) == 29)
    #expect(LabelBudget.fraction(0.5).labels(ofItems: 1) == 0)
    #expect(LabelBudget.count(50).labels(ofItems: 30) == 30)
    #expect(LabelBudget.count(50).labels(ofItems: 300) == 50)
  }

  @Test func `teachers tell their kind and prompt`() {
    #expect(
      [TeacherConfiguration.example].map(\.kind) + TeacherConfiguration.alternatives.map(\.kind) == [
        .recorded, .model, .trained, .openAI, .decision,
      ])
    var model = ModelTeacherConfiguration(model: "m")
    model.prompt = "P"
    #expect(TeacherConfiguration(name: "t", source: .model(model)).prompt == "P")
    #expect(TeacherConfiguration.example.prompt == nil)
    #expect(TeacherConfiguration.alternatives[1].prompt == nil)
  }

  @Test func `Codable is as strict as the file`() throws {
    let data = try JSONEncoder().encode(Fixture.built)
    #expect(try JSONDecoder().decode(RunConfiguration.self, from: data) == Fixture.built)
    #expect(throws: ConfigurationError.self) {
      try JSONDecoder().decode(RunConfiguration.self, from: Data(#"{"sed": 1}"#.utf8))
    }
    #expect(throws: ConfigurationError.self) {
      try JSONDecoder().decode(AdapterConfiguration.self, from: Data(#"{"rank": 0}"#.utf8))
    }
    #expect(try JSONDecoder().decode(AdapterConfiguration.self, from: Data("{}".utf8)) == AdapterConfiguration())
  }

  @Test func `JSON for hashing has sorted keys and no space`() throws {
    #expect(AgreementConfiguration().json == #"{"margin":1,"minimum_votes":2,"rule":"unanimous"}"#)
    var report = ReportConfiguration()
    report.title = "a\"b\\\n\u{1}é\u{2028}"
    #expect(report.json == #"{"gallery":24,"title":"a\"b\\\n\u0001é\u2028"}"#)
    #expect(try ReportConfiguration(text: report.json, format: .json) == report)
    var limit = LimitConfiguration()
    #expect(limit.json == "{}")
    limit.test = 3
    #expect(limit.json == #"{"test":3}"#)
    #expect(Fixture.built.json == Fixture.built.json)
  }
}
