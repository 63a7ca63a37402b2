#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  struct Predict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a run's student judge new items.",
      discussion: """
        One JSON object a line, one for each row of the file and in its order: id, label, the probability of each label, \
        and the student's rationale. A row that can't be used has 'error' in place of an answer, and is named on standard \
        error. No labels are needed in the file; its columns are named as in the run.

        Example:

          distill predict --run runs/news --data new.jsonl --out answers.jsonl

        A line of it:

          {"id":"7","label":"spam","probabilities":{"ham":0.1,"spam":0.9},"rationale":"..."}
          {"error":"new.jsonl:3: item '8', field 'caption': expected a text, found null","id":"8"}

        Of a run with 'method: dualchecker' a line has the label and the probabilities, or the spans:

          {"id":"7","spans":[{"end":18,"label":"cause","start":0,"text":"A lighter housing"}]}

        The exit code is 0 where at least one row has an answer. A run with 'strict' stops at the first row that can't be \
        used.
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

    @Flag(help: "Labels and probabilities alone: no rationale is written, which takes most of the time.")
    var labelsOnly = false

    @OptionGroup var set: SetOptions

    @OptionGroup var progress: ProgressOptions

    func validate() throws { try Output.refuse(out, over: data) }

    func run() async throws {
      let folder = URL(filePath: runFolder)
      guard DistillationMethod.named(in: folder.appending(path: "config.yaml")) != .dualChecker else {
        let run = try DualCheckerRun.opening(folder, setting: set.settings(), reporter: progress.reporter)
        let predictions = try await run.predict(URL(filePath: data))
        return try write(predictions)
      }
      let run = try DistillationRun.opening(
        folder, setting: set.settings(), reporter: progress.reporter, plugins: .command())
      let predictions = try await run.predict(URL(filePath: data), rationales: !labelsOnly)
      try write(predictions)
    }

    /// Writes every line, and names the rows without an answer.
    private func write(_ predictions: [Prediction]) throws {
      try Output.write(PredictionFile.jsonLines(predictions), to: out)
      let file = URL(filePath: data).relativePath
      let errors = predictions.enumerated().compactMap { number, row -> String? in
        // What is wrong with a row names its place; what the student can't take has only a reason.
        row.error.map { reason in
          reason.hasPrefix("\(file):") ? reason : "\(file): row \(number + 1): item '\(row.itemID)': \(reason)"
        }
      }
      guard let first = errors.first else { return }
      guard errors.count < predictions.count else {
        throw RunError.nothingPredicted(data, rows: errors.count, first: first)
      }
      let have = errors.count == 1 ? "has" : "have"
      Output.error(listing: errors, as: "\(errors.count) of \(predictions.count) rows \(have) no answer")
    }
  }
#endif
