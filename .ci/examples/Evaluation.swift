private let evaluation: EvaluationFile = standIn()
#if PACKAGE
  private nonisolated(unsafe) var generator = SystemRandomNumberGenerator()
  private let split: TestSplit = standIn()
  private let gemini: [Prediction] = standIn()
  private let student: [Prediction] = standIn()
  private let run: URL = standIn()
  private let stated: [Double] = standIn()
  private let wasRight: [Bool] = standIn()
  private let calibration: StudentCalibration = standIn()
  private let answers: [StudentCalibration.Answer] = standIn()
#endif
