#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  /// Both stages' training for a trainer elsewhere.
  struct ExportTraining: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export-training",
      abstract: "Write what both stages train on, and a script that trains it elsewhere.",
      discussion: """
        For a student that no CPU should train. The steps before training are carried out where they are not; then a folder is \
        written with the rows of each stage, their images, the adapter that training begins with, the order of items, a script \
        for TRL \(DistillationRun.trlVersion) with the run's own settings, and a README that states the reference model. TRL is needed there and never here.

        The adapters that come back are named in the configuration, and 'distill run' goes on from them.

        Example:

          distill export-training --for trl news.yaml --out training
          (on the cluster)  python training/train.py stage1 && python training/train.py stage2
          distill run news.yaml --set stage1.adapter=training/stage1/adapter --set stage2.adapter=training/stage2/adapter

        Without the human labels stage1 alone is written; the same command adds stage2 once they are there, and leaves what was \
        trained in the folder.
        """)

    @Option(name: .customLong("for"), help: ArgumentHelp("The trainer: trl.", valueName: "trainer"))
    var trainer: TrainingFormat

    @Argument(help: "The configuration, YAML or JSON.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String

    @Option(
      help: ArgumentHelp("The folder to write, new, empty, or written by this command.", valueName: "folder"),
      completion: .directory)
    var out: String

    @Option(
      help: ArgumentHelp("Folder that the configuration's data paths are relative to.", valueName: "folder"),
      completion: .directory)
    var data: String?

    @Option(help: ArgumentHelp("Seed in place of the configuration's.", valueName: "n"))
    var seed: Int?

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The run's folder. (default: as for run)", valueName: "run"),
      completion: .directory)
    var runFolder: String?

    @OptionGroup var set: SetOptions

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
      if let seed, seed < 0 { throw ValidationError("--seed must be 0 or more, not \(seed).") }
      try Output.refuse(out, over: UsedFiles())
    }

    func run() async throws {
      guard DistillationMethod.named(in: URL(filePath: config)) != .dualChecker else {
        throw ValidationError("the method dualchecker trains while it labels, and has no rows to write beforehand.")
      }
      let request = RunRequest(config: config, data: data, seed: seed, out: runFolder, set: set, progress: progress)
      let prepared = try request.prepared().run
      Interruption.sayHowToGoOn()
      let lines = try await prepared.exportTraining(to: URL(filePath: out))
      try Output.write(lines.joined(separator: "\n"))
      if !progress.quiet { Output.error("in \(URL(filePath: out).path); how to train and come back: README.md there") }
    }
  }

  /// The trainers that training can be written for.
  enum TrainingFormat: String, ExpressibleByArgument, CaseIterable {
    case trl

  }
#endif
