internal import Wording

#if Run
  import Annotations
  import ArgumentParser
  import Distillation
  import Foundation
  import TeacherProtocol

  extension Replies {
    struct Calibrate: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Say what the teachers' confidences are worth.",
        discussion: """
          For every teacher and source of confidence: how often its answers are right, how far its confidences lie from \
          that (expected calibration error, ECE), how far after calibration (each half of the answers by the other), and \
          from which stated confidence on answers have the wanted precision.

          Example:  distill replies calibrate annotations.sqlite --truth runs/news --precision 0.95
          """)

      @Argument(help: "The store.", completion: .file())
      var store: String

      @Option(
        help: ArgumentHelp(
          "What is right: a run's folder, for the labels that people gave there, or a file with columns item and label.",
          valueName: "place"), completion: .file())
      var truth: String

      @Option(help: "How confidences are mapped.")
      var method: TeacherCalibrations.Method = .temperature

      @Option(help: "The wanted share of right answers, from 0 to 1.")
      var precision = 0.95

      func validate() throws {
        guard (0...1).contains(precision) else { throw ValidationError("--precision must be from 0 to 1.") }
      }

      func run() async throws {
        let annotations = try await Replies.existing(store).all()
        let truths = try await Replies.truths(truth, of: annotations, labels: nil)
        let rows = TeacherCalibrations(annotations, truth: truths, method: method, precision: precision).rows
        guard !rows.isEmpty else {
          throw CheckingError.noReplies(
            store, reason: "no teacher has 20 answers with a confidence on items of \(truth)")
        }
        let head = ["", "source", "answers", "right", "ECE", "ECE after", "threshold", "of answers"]
        let table = rows.map { row in
          [
            row.teacher, row.source.rawValue, NumberText.grouped(row.answers),
            NumberText.fixed(row.accuracy, digits: 3),
            NumberText.fixed(row.errorBefore, digits: 3), NumberText.fixed(row.errorAfter, digits: 3),
            row.threshold.map { NumberText.fixed($0.confidence, digits: 3) } ?? "none",
            row.threshold.map { NumberText.fixed($0.share, digits: 3) } ?? "",
          ]
        }
        try Output.write(AlignedText.rows([head] + table))
      }
    }
  }
#endif
