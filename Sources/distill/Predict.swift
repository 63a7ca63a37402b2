#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import TeacherProtocol

  struct Predict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a run's student judge new items.",
      discussion: """
        One JSON object a line, one for each row of the file and in its order: id, label, the probability of each label, \
        and the student's rationale. A row that can't be used has 'error' in place of an answer, and is named on standard \
        error. No labels are needed in the file; its columns are named as in the run. JSON Lines and CSV of any \
        length are read and answered part by part.

        With --shard i/n only the rows of one part are answered, in the file's order; the lines of all n parts together are \
        those of the whole.

        Examples:

          distill predict --run runs/news --data new.jsonl --out answers.jsonl
          distill predict --run runs/news --data new.jsonl --shard 3/8 --out answers-3.jsonl

        A line of it:

          {"id":"7","label":"spam","probabilities":{"ham":0.1,"spam":0.9},"rationale":"..."}
          {"error":"new.jsonl:3: item '8', field 'caption': expected a text, found null","id":"8"}

        Where the largest probabilities are exactly equal a line has no label, and "tied": true in its place.

        Of a run with 'ordered: true' a line has the expected level too, where the lowest label is level 0:

          {"id":"7","label":"good","probabilities":{"bad":0.1,"fair":0.3,"good":0.6},"score":1.5}

        With --format decisions a line is a decision row: state, question and answer in System One's form, which the fields \
        of a data file are read from again.

          {"id": "7", "state": {"text": "Win now!"}, "questions": {"label": {"type": "choice", "instructions": \
        "Mail: {text}", "criteria": {"ham": null, "spam": null}}}, "answers": {"label": {"type": "choice", "choice": \
        "spam", "confidence": 0.8, "probabilities": {"ham": 0.1, "spam": 0.9}}}}

        Of a run with 'method: dualchecker' a line has the label and the probabilities, or the spans:

          {"id":"7","spans":[{"end":18,"label":"cause","start":0,"text":"A lighter housing"}]}

        An encoder reads a text up to its limit in tokens. A line about a longer text has "cut":true, and their number is said \
        on standard error.

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

    /// What a line is.
    enum Format: String, ExpressibleByArgument, CaseIterable { case predictions, decisions }

    @Option(help: "What a line is: a prediction, or a decision row.")
    var format = Format.predictions

    @Flag(help: "Labels and probabilities alone: no rationale is written, which takes most of the time.")
    var labelsOnly = false

    @OptionGroup var shard: ShardOptions

    @OptionGroup var set: SetOptions

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
      var used = UsedFiles([data])
      used.add(run: URL(filePath: runFolder), setting: (try? set.settings()) ?? [])
      try Output.refuse(out, over: used)
    }

    func run() async throws {
      let (folder, shard, file) = (URL(filePath: runFolder), try shard.chosen(), URL(filePath: data))
      let result = try ResultFile(out)
      var (rows, errors) = (0, Listing())
      func take(_ predictions: [Prediction], _ lines: Data) throws {
        try result.write(lines)
        for row in predictions {
          rows += 1
          // What is wrong with a row names its place; what the student can't take has only a reason.
          guard let reason = row.error else { continue }
          let isPlaced = reason.hasPrefix("\(file.relativePath):")
          let place = shard.isWhole ? "row \(rows): " : ""
          errors.add(isPlaced ? reason : "\(file.relativePath): \(place)item '\(row.itemID)': \(reason)")
        }
      }
      if DistillationMethod.named(in: folder.appending(path: "config.yaml")) == .dualChecker {
        let run = try DualCheckerRun.opening(folder, setting: set.settings(), reporter: progress.reporter)
        if format == .decisions { try run.refuseSpans() }
        try await run.predict(file, shard: shard) { predictions, part in
          let lines =
            format == .decisions
            ? try run.decisionRows(predictions, of: part) : try PredictionFile.jsonLines(predictions)
          try take(predictions, lines)
        }
      } else {
        let run = try DistillationRun.opening(
          folder, setting: set.settings(), reporter: progress.reporter, plugins: .command())
        try await run.predict(file, rationales: !labelsOnly && format == .predictions, shard: shard) {
          predictions, part in
          let lines =
            format == .decisions
            ? try run.decisionRows(predictions, of: part) : try PredictionFile.jsonLines(predictions)
          try take(predictions, lines)
        }
      }
      try result.finish()
      guard let first = errors.first else { return }
      // A part may well have no row but bad ones.
      guard errors.count < rows || !shard.isWhole else {
        throw RunError.nothingPredicted(data, rows: errors.count, first: first)
      }
      Output.error(
        listing: errors, as: "\(errors.count) of \(rows) rows \(errors.count == 1 ? "has" : "have") no answer")
    }
  }
#endif
