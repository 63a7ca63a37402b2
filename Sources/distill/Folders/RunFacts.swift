#if Run
  import Distillation
  import Foundation
  import StudentModels
  import StudentServer
  import TeacherProtocol

  /// What the folder of a run holds.
  enum RunFacts {
    static func facts(of folder: URL) throws -> [Fact] {
      if DistillationMethod.named(in: folder.appending(path: "config.yaml")) == .dualChecker {
        return try checked(DualCheckerRun.opening(folder))
      }
      let run = try DistillationRun.opening(folder, plugins: .command())
      let base = try? run.basePath()
      var facts = [
        Fact("run", "method multi-teacher"), Fact("base", base?.path ?? "a student of code"),
        Fact("adapter", (try? run.lastAdapter().lastPathComponent) ?? "none yet"),
      ]
      do { facts += try self.facts(of: run.learnedQuestion()) } catch RunError.unfinished {
        facts.append(Fact("question", "none is answered yet: carry the run out first, with distill run"))
      }
      if let base, ImageTextMatcher.isFolder(base) {
        facts.append(Fact("other questions", "none: a student that compares answers what it learned"))
      }
      return facts
    }

    /// What a run of the method dualchecker holds.
    private static func checked(_ run: DualCheckerRun) throws -> [Fact] {
      let student = run.configuration.student
      let isDecoder = student.kind == .decoder
      var facts = [
        Fact("run", "method dualchecker"),
        Fact("base", student.model ?? "an encoder from nothing"),
        Fact(
          "student",
          isDecoder
            ? "a language model with an adapter"
            : (try? run.refuseSpans()) == nil ? "an encoder that marks spans" : "an encoder that classifies"),
      ]
      do {
        facts += try self.facts(of: run.learnedQuestion())
        if !isDecoder { facts.append(Fact("other questions", "none: an encoder answers what it learned")) }
      } catch is NoLabelProbabilities {
        facts.append(Fact("question", "none that is served: its student marks spans, see distill predict"))
      }
      return facts
    }

    /// What a student learned to answer.
    private static func facts(of learned: LearnedQuestion) -> [Fact] {
      let question = TrainedQuestion(learned)
      var facts = [Fact("question", "\(question.name) (\(question.types.joined(separator: ", ")))")]
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
