#if Run
  import ArgumentParser
  import Distillation
  import DualChecker
  import Foundation
  import GreenWorld

  /// Runs DualChecker on records that were written for this project, and compares it with fixed demonstrations.
  @main
  struct GreenInnovation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "DualChecker on records about inventions, without network, key or download.",
      discussion: """
        Writes records (they are made up, not collected), then for each of three tasks - green innovation or not, impact \
        path, cause and effect - labels them with a teacher that learns from the demonstrations in its prompt, trains a \
        student from nothing, and prints the table. Gold labels of one tenth of the training records are read. The students of \
        the first two tasks are then served, and asked about a record that is in none of the files.
        """)

    @Option(help: "Where everything is written.")
    var out = "runs/green"
    @Option(help: "Seed of pool, order and weights.")
    var seed = 1
    @Option(help: "Which fifth of the records is scored, 0 to 4.")
    var fold = 0
    @Option(help: "Records to write.")
    var records = 1_000
    @Option(help: "Seed of the records: another one writes others.")
    var world = 1
    @Option(help: "The task: 0, 1 or 2. (default: all)")
    var task: Int?
    @Option(help: "Draws of fixed demonstrations for which a student is trained too.")
    var studentDraws = 1
    @Option(help: "Calibrate the students of the first two tasks: dev or pool.")
    var calibration: DualCheckerEvaluationConfiguration.Calibration?
    @Flag(help: "Leave each part out in turn instead.")
    var ablation = false
    @Flag(help: "Write the records alone.")
    var write = false

    func validate() throws {
      guard (0...4).contains(fold), records >= 50, task.map({ (0...2).contains($0) }) ?? true, seed >= 0, world >= 0
      else {
        throw ValidationError("--fold is 0 to 4, --task 0 to 2, --records at least 50, --seed and --world 0 or more.")
      }
    }

    func run() async throws {
      let folder = URL(filePath: out)
      let data = folder.appending(path: "data")
      try GreenWorld.write(GreenWorld.records(count: records, seed: UInt64(world)), to: data)
      if write { return print("records in \(data.path)") }
      let tasks = GreenTasks.all(data: data, seed: seed, fold: fold)
      for (place, named) in tasks.enumerated() where task == nil || task == place {
        var configuration = named.configuration
        configuration.evaluation.studentDraws = studentDraws
        if configuration.task.kind != .spans { configuration.evaluation.calibration = calibration }
        let place = folder.appending(path: "task\(place)-seed\(seed)-fold\(fold)")
        print("== \(named.name)")
        if ablation {
          try await ablate(configuration, in: place)
        } else {
          let began = Date()
          let run = try DualCheckerRun(configuration, folder: place, reporter: ProgressReporter(style: .automatic()))
          print(try await run.run().table, terminator: "")
          print("\(Int(Date().timeIntervalSince(began))) s; \(place.appending(path: "report.html").path)\n")
          guard configuration.task.kind != .spans else { continue }
          let asked = try await ServedDecision(run: run, record: fresh).ask()
          print("served, and asked about a fresh record:\n\(asked)\n")
        }
      }
    }

    /// A record that is in no file.
    private var fresh: GreenRecord {
      // Green ones have an impact path, which the second task asks for.
      let others = GreenWorld.records(count: 20, seed: UInt64(world) + 1_000_000)
      return others.first(where: \.isGreen) ?? others[0]
    }

    private func ablate(_ configuration: DualCheckerConfiguration, in folder: URL) async throws {
      print("                            teacher  labels  student (macro F1)  ECE before/after")
      for (name, change) in Ablations.all {
        let run = try DualCheckerRun(
          Ablations.configuration(configuration, change),
          folder: folder.appending(path: "ablation/" + name.replacing(" ", with: "-").replacing(":", with: "")))
        let found = try await run.run()
        func percent(_ result: String) -> String { String(format: "%6.1f", 100 * (found[result]?.macroF1 ?? 0)) }
        let title = name.padding(toLength: 26, withPad: " ", startingAt: 0)
        let errors = [found.calibrationErrorBefore, found.calibrationErrorAfter].map { String(format: "%.3f", $0 ?? 0) }
        print(
          "\(title)  \(percent("teacher"))  \(percent("labels"))   \(percent("student"))             \(errors.joined(separator: " / "))"
        )
      }
    }
  }
  extension DualCheckerEvaluationConfiguration.Calibration: ExpressibleByArgument {}
#else
  import Foundation

  @main
  enum GreenInnovation {
    static func main() {
      FileHandle.standardError.write(Data("Built without the trait Run: swift build --product GreenInnovation\n".utf8))
      exit(1)
    }
  }
#endif
