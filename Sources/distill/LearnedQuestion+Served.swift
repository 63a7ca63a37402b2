#if Run
  import Distillation
  import StudentServer

  extension TrainedQuestion {
    /// What a run's student learned, as servers and exported folders ask it.
    init(_ learned: LearnedQuestion) {
      self.init(
        name: learned.name, prompt: learned.prompt, labels: learned.labels, mapping: learned.mapping,
        decoder: learned.decoder)
    }
  }
#endif
