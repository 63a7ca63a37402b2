#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Step 6: score teachers, baselines and student; or a finished run on any labelled file.",
      discussion: """
        Accuracy over all items and over those of each label, macro F1, 95 % intervals that resample groups, and the human \
        labels that each result cost. An abstention, a tie or an unreadable answer counts as wrong. Rows that can't be \
        used, or have no known label, are not scored: they are counted, named on standard error, and listed as set_aside in \
        the JSON. An item that the student can't take (a damaged image, a text too long) counts as wrong. Rows that are set \
        aside are no error unless the run is 'strict'; it is an error if no row is left.

        Examples:

          distill evaluate news.yaml
              the step of a run, with all before it
          distill evaluate --run runs/news --data fresh.jsonl
              a finished run, its teachers too, on other labelled items
          distill evaluate --run runs/news --data all.csv --split test --json
          distill evaluate --run runs/news --data all.csv --shard 3/8

        Of a run with 'method: dualchecker' --run scores the student: F1 of each class or span type.
        """)

    @Argument(
      help: "The configuration of a run. Give either this or --run.",
      completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String?

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The folder of a finished run.", valueName: "folder"),
      completion: .directory)
    var runFolder: String?

    @Option(
      help: ArgumentHelp(
        "With --run: the labelled file, its columns named as in the run. With <config>: folder of the data paths.",
        valueName: "path"))
    var data: String?

    @Option(help: ArgumentHelp("With --run: score the rows of this split alone.", valueName: "name"))
    var split: String?

    @OptionGroup var shard: ShardOptions

    @Flag(help: "Print evaluation.json in place of the table.")
    var json = false

    @OptionGroup var step: StepOptions

    func validate() throws {
      if (config == nil) == (runFolder == nil) {
        throw ValidationError("Give either the configuration of a run, or --run RUN with --data FILE.")
      }
      if runFolder != nil, data == nil { throw ValidationError("--run needs --data with a labelled file.") }
      if config != nil, split != nil {
        throw ValidationError("--split belongs to --run; for a run's own step set evaluation.split.")
      }
      if config != nil, shard.shard != nil {
        throw ValidationError("--shard belongs to --run: a run's own step scores all its items.")
      }
    }

    func run() async throws {
      if let runFolder,
        DistillationMethod.named(in: URL(filePath: runFolder).appending(path: "config.yaml")) == .dualChecker
      {
        return try await evaluateChecked(URL(filePath: runFolder))
      }
      let evaluation: EvaluationFile?
      if let config {
        let request = step.request(config, data: data)
        guard !step.estimate.dryRun else { return try await request.showEstimate() }
        evaluation = try await request.run(through: .evaluate).run.evaluation
      } else {
        let part = try shard.chosen()
        let opened = try DistillationRun.opening(
          URL(filePath: runFolder ?? ""), setting: step.set.settings(), reporter: step.progress.reporter,
          plugins: .command())
        if step.estimate.dryRun {
          let estimate = try await opened.evaluationEstimate(
            URL(filePath: data ?? ""), split: split, shard: part)
          return try Output.write(estimate.text(limit: opened.configuration.spending.asLimit))
        }
        evaluation = try await opened.evaluate(URL(filePath: data ?? ""), split: split, shard: part)
      }
      guard let evaluation else { return }
      if runFolder != nil, let setAside = evaluation.setAside {
        let count = setAside.count == 1 ? "1 row was" : "\(setAside.count) rows were"
        Output.error(listing: setAside, as: "\(count) set aside")
      }
      if runFolder != nil, let notTaken = evaluation.notTaken {
        let count = notTaken.count == 1 ? "1 item counts" : "\(notTaken.count) items count"
        Output.error(listing: notTaken, as: "\(count) as wrong, since the student can't take them")
      }
      if json {
        try Output.write(evaluation.jsonData(), to: nil)
      } else {
        try Output.write(EvaluationTable(evaluation).description)
      }
    }

    private func evaluateChecked(_ folder: URL) async throws {
      guard split == nil else {
        throw ValidationError("--split: a run of the method dualchecker scores the whole file; leave it out.")
      }
      if step.estimate.dryRun {
        return try Output.write("A run of the method dualchecker scores its student: no teacher is asked.\n")
      }
      let run = try DualCheckerRun.opening(folder, setting: step.set.settings(), reporter: step.progress.reporter)
      let score = try await run.evaluate(URL(filePath: data ?? ""), shard: shard.chosen())
      guard !json else {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try Output.write(encoder.encode(score) + Data("\n".utf8), to: nil)
      }
      try Output.write(score.table)
    }
  }
#endif
