#if Run
  import Distillation
  import StudentServer

  extension TrainedQuestion {
    /// What a run's student learned, as servers and exported folders ask it.
    init(_ learned: LearnedQuestion) {
      self.init(
        name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
        decoder: learned.decoder, calibration: learned.calibration?.summary
      ) { learned.calibration?.calibrated($0) ?? $0 }
    }
  }

  extension LearnedQuestion {
    /// The one temperature that corrects the student's probabilities; 1 where nothing does.
    ///
    /// - Throws: ``FolderProblem`` where something else does.
    func temperature() throws -> Double {
      switch calibration?.mapping {
      case nil, .identity: return 1
      case .temperature(let temperature): return temperature
      case .vector, .isotonic:
        let method = calibration?.method.rawValue ?? ""
        throw FolderProblem(
          "the run's calibration is \(method), and decision.json holds temperatures alone: probabilities would be others. Serve the "
            + "run itself (distill serve --run), or calibrate it by a temperature")
      }
    }
  }

  extension StudentCalibration {
    /// What it is, in words.
    var summary: String {
      switch mapping {
      case .temperature(let temperature): "temperature \(temperature), from \(answers) answers (\(source))"
      case .identity: "identity" + (reason.map { ": \($0)" } ?? "")
      case .vector, .isotonic: "\(method.rawValue), from \(answers) answers (\(source))"
      }
    }
  }
#endif
