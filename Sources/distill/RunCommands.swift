#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import TeacherProtocol

  /// The whole, or up to a step.
  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Carry a run out, or go on with one.",
      discussion: """
        Goes through annotate, agree, review, stage1, stage2, evaluate and report, and prints the table of results. \
        Steps whose inputs are unchanged are skipped. A run that was stopped, in whatever way, goes on where it was \
        and ends with the same bytes.

        Example:

          distill run news.yaml --data ~/news --seed 1 --out runs/news
          distill run news.yaml --dry-run    what teachers behind services would cost

        In the folder afterwards: stage1/ and stage2/ (PEFT adapters), evaluation.json, report.html (open it in a \
        browser), metrics.jsonl and TensorBoard events, replies.jsonl (replies used), rules.json (ways of this version that \
        the run keeps under later ones). Human labels stand where review.source says: review-answers.jsonl (page), \
        review.jsonl (oracle), or your own file; --truth of other commands takes the folder and finds them.

        With 'method: dualchecker' teacher and student improve each other while the records are being labelled, and there \
        are no steps to stop after. In the folder afterwards: loop.json (every reply with its template, and the template's \
        versions), student/ (a model folder that transformers loads), evaluation.json, report.html.
        """)

    @OptionGroup var options: RunOptions

    @Option(help: ArgumentHelp("Stop after this step.", valueName: "step"))
    var through: RunStep = .report

    @OptionGroup var estimate: EstimateOptions

    func run() async throws {
      if DistillationMethod.named(in: URL(filePath: options.config)) == .dualChecker {
        return try await options.request.runChecked(dryRun: estimate.dryRun)
      }
      try await runSteps(options, estimate, through: through)
    }
  }

  struct Annotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Step 1: ask every teacher about every item.",
      discussion: """
        Replies are kept in the store that all runs share ('store' in the configuration), and no question is asked \
        twice, whichever run asks it, also where several run at once: each claims a few questions ahead, and waits for \
        the replies to those that another has claimed. This is the step that may cost money: 'spending' in the configuration limits it, \
        and --dry-run says about how much it would be.

        With --shard i/n the items of one part alone are asked about, by teachers behind services and models in this process, \
        and what they say goes into a file of the part's own beside the store, so that an array of jobs may share the work. \
        When all parts are done, 'distill replies merge' puts them into the store, and 'distill run' goes on from there.

        Examples:

          distill annotate news.yaml --dry-run
          distill annotate news.yaml
          distill annotate news.yaml --shard 3/8
        """)
    @OptionGroup var options: RunOptions
    @OptionGroup var shard: ShardOptions
    @OptionGroup var estimate: EstimateOptions

    func run() async throws {
      let part = try shard.chosen()
      guard !part.isWhole else { return try await runSteps(options, estimate, through: .annotate) }
      guard DistillationMethod.named(in: URL(filePath: options.config)) != .dualChecker else {
        throw ValidationError("--shard: the questions of the method dualchecker depend on the answers before; use run.")
      }
      let run = try options.request.prepared().run
      guard !estimate.dryRun else {
        return try Output.write(await run.spendingEstimate(part).text(limit: run.configuration.spending.asLimit))
      }
      Interruption.sayHowToGoOn()
      let file = try await run.annotate(part)
      guard !options.progress.quiet else { return }
      guard let file else { return Output.error("the replies of shard \(part) are in the store") }
      let folder = file.deletingLastPathComponent()
      Output.error(
        "the replies of shard \(part) are in \(file.path); when all \(part.count) are done: distill replies merge "
          + "'\(folder.path)'/annotations.*-of-\(part.count).sqlite --into '\(folder.appending(path: "annotations.sqlite").path)'"
      )
    }
  }

  struct Stage1: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "stage1",
      abstract: "Step 4: train the student on what the teachers agree on.",
      discussion: """
        LoRA fine-tuning on labels and rationales. A base made from nothing is pre-trained first. The adapter is \
        written to stage1/ of the run's folder.

        Example:  distill stage1 news.yaml
        """)
    @OptionGroup var options: RunOptions
    @OptionGroup var estimate: EstimateOptions
    func run() async throws { try await runSteps(options, estimate, through: .stage1) }
  }

  struct Stage2: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "stage2",
      abstract: "Step 5: train on the labelled conflicts, with preferences.",
      discussion: """
        Fine-tuning and DPO: the teachers' answers with the human label are chosen, the others rejected. It goes on \
        from Stage 1's adapter, and stage2/ of the run's folder loads alone on the base.

        Example:  distill stage2 news.yaml
        """)
    @OptionGroup var options: RunOptions
    @OptionGroup var estimate: EstimateOptions
    func run() async throws { try await runSteps(options, estimate, through: .stage2) }
  }

  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Step 7: write the page report.html.",
      discussion: """
        One file that opens in any browser from disk: what was done, curves, agreement, accuracy per label, and \
        conflicts with photo, answers and human label. Steps before it are done if they are not.

        Example:  distill report news.yaml
        """)
    @OptionGroup var options: RunOptions
    @OptionGroup var estimate: EstimateOptions
    func run() async throws { try await runSteps(options, estimate, through: .report) }
  }

  /// Runs the steps up to the last one, then shows the table of results if there is one and where things are; or says what
  /// asking the teachers would take.
  func runSteps(_ options: RunOptions, _ estimate: EstimateOptions, through last: RunStep) async throws {
    guard !estimate.dryRun else { return try await options.request.showEstimate() }
    let (run, folder) = try await options.request.run(through: last)
    if last == .evaluate || last == .report, let evaluation = try run.evaluation {
      try Output.write(EvaluationTable(evaluation).description)
    }
    let page = folder.appending(path: "report.html")
    let isThere = last == .report && FileManager.default.fileExists(atPath: page.path)
    if !options.progress.quiet { Output.error("in \(isThere ? page.path : folder.path)") }
  }
#endif
