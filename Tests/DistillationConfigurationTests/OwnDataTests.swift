#if Run
  import ConfigurationFiles
  import DistillationConfiguration
  import Testing

  /// Configurations of data as people have it: parts by shares, no label, no student yet.
  @Suite struct OwnDataTests {
    private typealias Fixture = ConfigurationFixture

    @Test(arguments: [
      ("{train: 0.67, test: 0.33}", [0.67, 0, 0.33]), ("{train: 80, test: 20}", [0.8, 0, 0.2]),
      ("{train: 70%, dev: 15 %, test: 15%}", [0.7, 0.15, 0.15]), ("{train: 99, test: 1}", [0.99, 0, 0.01]),
      ("{train: 1}", [1, 0, 0]), ("{train: 0.7, dev: 0.2, test: 0.1}", [0.7, 0.2, 0.1]),
    ])
    func `shares are fractions or per cent, and one that is left out is none`(text: String, shares: [Double]) throws {
      let splits = try SplitConfiguration(text: text, format: .yaml)
      #expect(splits.fractions?.map(\.fraction) == shares)
      #expect(splits.fractions?.map(\.name) == ["train", "dev", "test"])
      #expect(try SplitConfiguration(text: splits.yaml, format: .yaml) == splits)
    }

    @Test(arguments: [
      ("{train: 150, test: 50}", "expected a name, a list of names, a fraction from 0 to 1, or per cent (80 or 80%)"),
      ("{train: 0.8, test: 20}", "expected fractions from 0 to 1, or whole numbers that are per cent, found a mixture"),
      ("{train: 90, test: 20}", "expected at most 100 per cent together, found 110"),
      ("{train: 120%, test: 20%}", "expected a name, a list of names, a fraction"),
    ])
    func `shares that can't be meant are refused`(text: String, problem: String) {
      let problems = Fixture.problems(SplitConfiguration.self, text, .yaml)
      #expect(problems.count == 1 && problems[0].contains(problem), "\(problems)")
    }

    @Test(arguments: ["", ", positive: null", ", positive: ham"])
    func `a task of two labels of one's own needs no positive one`(positive: String) throws {
      let text = "{labels: [{name: ham, answer: Ham}, {name: spam, answer: Spam}]\(positive)}"
      let task = try DualCheckerTaskConfiguration(text: text, format: .yaml)
      #expect(throws: Never.self) { try task.task() }
      #expect(task.labels.map(\.name) == ["ham", "spam"])
    }

    @Test func `annotating takes items, labels, a prompt and teachers alone`() throws {
      let run = try RunConfiguration(
        text: """
          data: {file: texts.csv, fields: {image: null, label: null}}
          labels: [{name: ham, answer: Ham}, {name: spam, answer: Spam}]
          prompt: "{text} Spam or ham?"
          teachers: [{name: a, kind: recorded, file: a.csv}, {name: b, kind: model, model: b}]
          """, format: .yaml)
      #expect(
        run.student == .blank && run.stage2.reference == nil && run.positive == nil && run.data.fields.label == nil)
      #expect(try RunConfiguration(text: run.yaml, format: .yaml) == run)
    }
  }
#endif
