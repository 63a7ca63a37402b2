#if Run
  import Distillation
  import StudentServer
  import Wording

  extension TrainedQuestion {
    /// What a run's student learned, as servers and exported folders ask it.
    init(_ learned: LearnedQuestion) {
      self.init(
        name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
        decoder: learned.decoder, calibration: learned.calibration?.summary
      ) { learned.calibration?.calibrated($0) ?? $0 }
      (fixed, wholeAnswers) = (learned.fixed, learned.wholeAnswers)
    }
  }

  extension LearnedQuestion {
    /// The one temperature that corrects the student's probabilities; 1 where nothing does.
    ///
    /// - Parameter fit: finds the nearest where something else corrects them; nil refuses that.
    /// - Throws: ``FolderProblem`` where something else does.
    func temperature(fittedBy fit: (() throws -> OneTemperature?)?) throws -> Double {
      switch calibration?.mapping {
      case nil, .identity: return 1
      case .temperature(let temperature): return temperature
      case .vector, .isotonic:
        let method = calibration?.method.rawValue ?? ""
        guard let fit, let found = try fit() else {
          throw FolderProblem(
            "the run's calibration is \(method), and decision.json holds temperatures alone: probabilities would be others. Serve "
              + "the run itself (distill serve --run), or write the nearest temperature with --fit-temperature, which says what that loses"
          )
        }
        Output.error(found.sentence(insteadOf: method, source: calibration?.source ?? ""))
        return found.temperature
      }
    }
  }

  extension OneTemperature {
    /// What it loses, in a sentence.
    fileprivate func sentence(insteadOf method: String, source: String) -> String {
      func number(_ value: Double) -> String { NumberText.fixed(value, digits: 4) }
      return "one temperature, \(number(temperature)), in place of the run's \(method) calibration: log loss on the "
        + "\(StudentCalibration.evidence(answers, source: source, agreed: agreed)) that it was learned from is \(number(exact)) by the calibration, "
        + "\(number(fitted)) by the temperature, and \(number(stated)) without either"
    }
  }

  extension StudentCalibration {
    /// What it is, in words.
    var summary: String {
      switch mapping {
      case .temperature(let temperature): "temperature \(temperature), from \(evidence)"
      case .identity: "identity" + (reason.map { ": \($0)" } ?? "")
      case .vector, .isotonic: "\(method.rawValue), from \(evidence)"
      }
    }
  }
#endif
