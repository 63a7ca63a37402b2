#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  internal import Wording

  struct Threshold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Find the confidence from which on a student's labels need no person.",
      discussion: """
        Asks the finished student about labelled items that it was not trained on, and finds the smallest confidence from \
        which on the wanted share of its labels is right, with the wanted certainty: by a one-sided exact bound, and with \
        all confidences that are tried taken into account. The labels are those of the run's development items, or of --data.

        It is written into the run as threshold.json. 'distill predict' then marks each row below it with "review": true, and \
        those are what a person should look at. The labels of a run whose probabilities were calibrated on 'dev' are used a \
        second time; --data with others makes the bound exact.

        Examples:

          distill threshold --run runs/news --precision 0.95
          distill threshold --run runs/news --precision 0.99 --certainty 0.9 --data more.jsonl

        Of a run with 'method: dualchecker' the development records are those of data.files.dev or of the split of that name, or, \
        where the run is calibrated on 'dev', the part behind the one that is scored; spans have no threshold.

        Where no confidence has that precision with that certainty the exit code is 2, nothing is written, and the message says how \
        many labels it would take.
        """)

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The folder of a finished run.", valueName: "folder"),
      completion: .directory)
    var runFolder: String

    @Option(help: "The wanted share of right labels, above 0 and below 1.")
    var precision: Double

    @Option(help: "The wanted certainty, above 0 and below 1.")
    var certainty = 0.95

    @Option(
      help: ArgumentHelp(
        "A labelled file, its columns named as in the run. (default: the run's development items)", valueName: "file"),
      completion: .file())
    var data: String?

    @Option(help: ArgumentHelp("With --data: the rows of this split alone.", valueName: "name"))
    var split: String?

    @OptionGroup var set: SetOptions

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
      for (name, value) in [("--precision", precision), ("--certainty", certainty)] where !(value > 0 && value < 1) {
        throw ValidationError("\(name) must be above 0 and below 1, not \(value).")
      }
      if split != nil, data == nil { throw ValidationError("--split belongs to --data.") }
    }

    func run() async throws {
      let folder = URL(filePath: runFolder)
      let labelled = data.map { URL(filePath: $0) }
      let file: ThresholdFile
      if DistillationMethod.named(in: folder.appending(path: "config.yaml")) == .dualChecker {
        let run = try DualCheckerRun.opening(folder, setting: set.settings(), reporter: progress.reporter)
        file = try await run.threshold(precision: precision, certainty: certainty, data: labelled, split: split)
      } else {
        let run = try DistillationRun.opening(
          folder, setting: set.settings(), reporter: progress.reporter, plugins: .command())
        file = try await run.threshold(precision: precision, certainty: certainty, data: labelled, split: split)
      }
      let found = file.threshold
      try Output.write(
        AlignedText.rows([
          ["confidence", NumberText.fixed(found.confidence, digits: 4)],
          ["share of items from there on", NumberText.fixed(found.share * 100, digits: 1) + " %"],
          ["right among them", "\(NumberText.grouped(found.right)) of \(NumberText.grouped(found.accepted))"],
          ["lower bound of the share right", NumberText.fixed(found.bound * 100, digits: 2) + " %"],
          ["labels read", "\(NumberText.grouped(found.answers)) (\(file.source))"],
        ]))
      if file.readsLabelsAgain {
        try Output.write(
          "the calibration was learned from the same labels and changes the order of confidences, so the bound is not exact: give "
            + "other labels by --data\n")
      }
    }
  }
#endif
