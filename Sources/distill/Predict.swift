#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Predict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a run's student judge new items.",
      discussion: """
        One JSON object a line, in the order of the items: id, label, the probability of each label, and the student's \
        rationale. No labels are needed in the file; its columns are named as in the run.

        Example:

          distill predict --run runs/news --data new.jsonl --out answers.jsonl

        A line of it:

          {"id":"7","label":"spam","probabilities":{"ham":0.1,"spam":0.9},"rationale":"..."}

        Of a run with 'method: dualchecker' a line has the label and the probabilities, or the spans:

          {"id":"7","spans":[{"end":18,"label":"cause","start":0,"text":"A lighter housing"}]}
        """)

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The folder of a finished run.", valueName: "folder"),
      completion: .directory)
    var runFolder: String

    @Option(help: ArgumentHelp("The items: JSON Lines, JSON or CSV.", valueName: "file"), completion: .file())
    var data: String

    @Option(
      name: .shortAndLong, help: ArgumentHelp("The file to write. (default: standard output)", valueName: "file"))
    var out: String?

    @OptionGroup var progress: ProgressOptions

    func run() async throws {
      let folder = URL(filePath: runFolder)
      guard DistillationMethod.named(in: folder.appending(path: "config.yaml")) != .dualChecker else {
        let run = try CheckedRun.opening(folder, reporter: progress.reporter)
        return try await Output.write(PredictionFile.jsonLines(run.predict(URL(filePath: data))), to: out)
      }
      let run = try DistillationRun.opening(folder, reporter: progress.reporter, plugins: .command())
      let predictions = try await run.predict(URL(filePath: data))
      try Output.write(PredictionFile.jsonLines(predictions), to: out)
    }
  }
#endif
