#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  /// The main job on a world of its own: no network, no key, no download.
  @main
  struct OutOfContextNews: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "OutOfContextNews",
      abstract: "Distil three teachers into a small student that spots news photos used out of context.",
      discussion: """
        Draws a world of news photos with captions, trains a base student and three teachers on it (one colour-blind, one \
        short-sighted, one taught in haste), and runs the two-stage method on what the teachers say: photos and \
        models from nothing, in minutes on two cores. Everything stays in the run's folder; report.html shows it.
        """)

    @Option(help: "Folder of the run, made if it is missing.")
    var out = "runs/demo"

    @Option(help: "Seed of the world, the models and the run.")
    var seed = 1

    @Flag(help: "A few updates of everything: shows that the parts fit together, not what the method can do.")
    var quick = false

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
      if seed < 0 { throw ValidationError("--seed is 0 or more.") }
    }

    func run() async throws {
      let folder = URL(filePath: out).absoluteURL
      let reporter = ProgressReporter(style: quiet ? .warnings : .automatic())
      let evaluation = try await Demonstration(folder: folder, seed: seed, isQuick: quick, reporter: reporter).run()
      if let evaluation { print(EvaluationTable(evaluation)) }
      print("\nserved, and asked about one photo:\n\(try await ServedDecision(folder: folder).ask())")
      print("\nreport: \(folder.appending(path: "report.html").path)")
    }
  }
#else
  /// Without the trait `Run` there is no reader for arguments; the library parts of the example build all the same.
  @main
  enum OutOfContextNews {
    static func main() { print("built without the trait Run") }
  }
#endif
