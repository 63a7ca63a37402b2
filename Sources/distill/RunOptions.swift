#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import Layers
  import Tensor

  /// Whether progress is shown.
  struct ProgressOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show no progress; warnings of what was lost or left out are still shown.")
    var quiet = false

    var reporter: ProgressReporter { ProgressReporter(style: quiet ? .warnings : .automatic()) }
  }

  /// Keys of the configuration given on the command line.
  struct SetOptions: ParsableArguments {
    @Option(
      name: .customLong("set"),
      help: ArgumentHelp(
        "A key of the configuration, or with --run of the run's, in place of what the file says; may come several times: stage1.epochs=5, "
          + "teachers.NAME.model=m, evaluation.results=[stage1, two_stage]. Paths are relative to the working directory.",
        valueName: "key=value"))
    var texts: [String] = []

    func settings() throws -> [ConfigurationSetting] { try texts.map { try ConfigurationSetting($0) } }
  }

  /// What `run` and its steps have in common.
  struct RunOptions: ParsableArguments {
    @Argument(help: "The configuration, YAML or JSON.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String

    @Option(
      help: ArgumentHelp(
        "Folder that the configuration's data paths are relative to. (default: the configuration's own)",
        valueName: "folder"), completion: .directory)
    var data: String?

    @Option(
      help: ArgumentHelp(
        "Seed in place of the configuration's; without --out the run's folder gets -seedN to its name.", valueName: "n")
    )
    var seed: Int?

    @Option(
      help: ArgumentHelp(
        "The run's folder. (default: 'out' of the configuration, or runs/NAME for NAME.yaml)", valueName: "run"),
      completion: .directory)
    var out: String?

    @OptionGroup var set: SetOptions

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
      if let seed, seed < 0 { throw ValidationError("--seed must be 0 or more, not \(seed).") }
    }

    /// The options as plain values.
    var request: RunRequest {
      RunRequest(config: config, data: data, seed: seed, out: out, set: set, progress: progress)
    }
  }

  /// What commands take beside the configuration of a run if they carry out its steps among other things.
  struct StepOptions: ParsableArguments {
    @Option(help: ArgumentHelp("With <config>: seed in place of the configuration's.", valueName: "n"))
    var seed: Int?

    @Option(help: ArgumentHelp("With <config>: the run's folder.", valueName: "run"))
    var out: String?

    @OptionGroup var set: SetOptions

    @OptionGroup var estimate: EstimateOptions

    @OptionGroup var progress: ProgressOptions

    func request(_ config: String, data: String?) -> RunRequest {
      RunRequest(config: config, data: data, seed: seed, out: out, set: set, progress: progress)
    }
  }

  /// Whether to look at the cost alone.
  struct EstimateOptions: ParsableArguments {
    @Flag(help: "Ask no question: print the questions to teachers behind services and their approximate cost.")
    var dryRun = false
  }

  /// Which run is meant, whichever command asks.
  struct RunRequest {
    var config: String
    var data: String?
    var seed: Int?
    var out: String?
    var set: SetOptions
    var progress: ProgressOptions

    /// Runs the steps up to the last one; gives back the run and its folder.
    func run(through last: RunStep) async throws -> (run: DistillationRun, folder: URL) {
      let (run, folder) = try prepared()
      Interruption.sayHowToGoOn()
      try await run.run(through: last)
      return (run, folder)
    }

    /// Prints what asking would take.
    func showEstimate() async throws {
      let run = try prepared().run
      try Output.write(await run.spendingEstimate().text(limit: run.configuration.spending.asLimit))
    }

    /// The run, of which nothing is done yet.
    func prepared() throws -> (run: DistillationRun, folder: URL) {
      // First, so that one alone says what is wrong.
      let ranks = try RankedProcess.begin()
      let file = URL(filePath: config)
      var configuration = try RunConfiguration(
        contentsOf: file, dataFolder: data.map { URL(filePath: $0) }, setting: set.settings())
      let folder = RunFolder.url(
        for: configuration, configurationFile: file, given: out.map { URL(filePath: $0) }, seed: seed)
      configuration.seed = seed ?? configuration.seed
      if let threads = configuration.threads { Tensor.Compute.threads = threads }
      let plugins = RunPlugins.command(cache: configuration.cache)
      var run = try DistillationRun(
        configuration, folder: RankedProcess.place(of: folder, ranks),
        reporter: ranks.isFirst ? progress.reporter : ProgressReporter(style: .silent), plugins: plugins)
      run.ranks = ranks
      return (run, folder)
    }

    /// A run of the method `dualchecker`, whole, or an estimate of what it asks.
    func runChecked(dryRun: Bool) async throws {
      let ranks = try RankedProcess.begin()
      let file = URL(filePath: config)
      var configuration = try DualCheckerConfiguration(
        contentsOf: file, dataFolder: data.map { URL(filePath: $0) }, setting: set.settings())
      let folder = RunFolder.url(
        out: configuration.out, ownSeed: configuration.seed, configurationFile: file,
        given: out.map { URL(filePath: $0) }, seed: seed)
      configuration.seed = seed ?? configuration.seed
      var run = try DualCheckerRun(
        configuration, folder: RankedProcess.place(of: folder, ranks),
        reporter: ranks.isFirst ? progress.reporter : ProgressReporter(style: .silent),
        makeTeacher: RunPlugins.command().makeTeacher)
      run.ranks = ranks
      if dryRun { return try Output.write(run.requestsAtMost()) }
      Interruption.sayHowToGoOn()
      guard ranks.isFirst else { return try await run.assist() }
      try Output.write(await run.run().table)
      if !progress.quiet { Output.error("in \(folder.appending(path: "report.html").path)") }
    }
  }

  /// What is said when a person stops a run.
  enum Interruption {
    /// On control-C a word that nothing is lost, in place of a bare end.
    static func sayHowToGoOn() {
      signal(SIGINT) { _ in
        // Only what is safe in a signal handler: no allocation.
        let words: StaticString = "\nstopped; the same command goes on from here\n"
        _ = write(STDERR_FILENO, words.utf8Start, words.utf8CodeUnitCount)
        _exit(130)
      }
    }
  }

#endif
