#if Run
  import Distillation
  import Foundation
  import StudentServer
  import TeacherProtocol

  /// What the folder of a run holds.
  enum RunFacts {
    static func facts(of folder: URL) throws -> [Fact] {
      guard DistillationMethod.named(in: folder.appending(path: "config.yaml")) != .dualChecker else {
        return [
          Fact("run", "method dualchecker"),
          Fact("question", "none that is served: its student answers distill predict"),
        ]
      }
      let run = try DistillationRun.opening(folder, plugins: .command())
      let learned = try run.learnedQuestion()
      let question = TrainedQuestion(learned)
      var facts = [Fact("run", "method multi-teacher")]
      facts.append(Fact("base", (try? run.basePath().path) ?? "a student of code"))
      facts.append(Fact("adapter", (try? run.lastAdapter().lastPathComponent) ?? "none yet"))
      facts.append(Fact("question", "\(question.name) (\(question.types.joined(separator: ", ")))"))
      for label in learned.labels.labels {
        let meaning = label.meaning.isEmpty ? "" : ": \(label.meaning)"
        let mark = label.name == learned.labels.positive ? ", looked for" : ""
        facts.append(Fact("option", "\(label.name) (answered '\(label.answer)'\(mark))\(meaning)"))
      }
      facts.append(Fact("state", question.fields.isEmpty ? "no text" : question.fields.joined(separator: ", ")))
      if !question.images.isEmpty { facts.append(Fact("images", question.images.joined(separator: ", "))) }
      facts.append(Fact("calibration", learned.calibration?.summary ?? "none"))
      return facts
    }
  }
#endif
