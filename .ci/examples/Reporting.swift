import Evaluation

#if PACKAGE
  private let run: URL = standIn()
  private let checkpoint: (step: Int, loss: Float) = standIn()
#endif
