import DualChecker
import Distillation
import Foundation
import GreenWorld

/// The three tasks of the example as configurations of the method `dualchecker`.
enum GreenTasks {
  /// A task with the file of its records.
  struct Named {
    var name: String
    var configuration: DualCheckerConfiguration
  }

  /// - Parameters:
  ///   - data: the folder with the records.
  ///   - fold: which fifth of the records is scored.
  static func all(data: URL, seed: Int, fold: Int) -> [Named] {
    [binary(data), paths(data), causes(data)].map { task in
      var task = task
      task.configuration.seed = seed
      task.configuration.data.fold = fold
      task.configuration.title = "DualChecker on written inventions: \(task.name)"
      return task
    }
  }

  private static func base(_ file: URL) -> DualCheckerConfiguration {
    var run = DualCheckerConfiguration(data: DualCheckerDataConfiguration(file: file.path))
    run.aligner.shots = 8
    run.teacherCheck.followUps = 2
    run.student.learningRate = 1e-3
    run.student.epochs = 24
    run.student.fresh.vocabularySize = 1_200
    run.evaluation.every = 20
    return run
  }

  private static func binary(_ data: URL) -> Named {
    Named(name: "green or not", configuration: base(data.appending(path: "cls.json")))
  }

  private static func paths(_ data: URL) -> Named {
    var run = base(data.appending(path: "path.json"))
    run.task.kind = .multiclass
    run.task.labels = GreenWorld.paths.enumerated().map { place, path in
      LabelConfiguration(name: path.name, answer: path.name, meaning: path.meaning, aliases: ["\(place)"])
    }
    run.task.instructions = ["By which path does the invention spare the environment?"]
    return Named(name: "impact path", configuration: run)
  }

  private static func causes(_ data: URL) -> Named {
    var run = base(data.appending(path: "ce.json"))
    run.task.kind = .spans
    run.task.labels = [
      LabelConfiguration(name: "cause", answer: "cause", meaning: "What is done."),
      LabelConfiguration(name: "effect", answer: "effect", meaning: "What comes of it."),
    ]
    run.task.instructions = ["Which words of the text say what is done, and which say what comes of it?"]
    return Named(name: "cause and effect", configuration: run)
  }
}
