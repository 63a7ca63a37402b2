import Evaluation
import TeacherProtocol
import Testing

@Suite struct PredictionReliabilityTests {
  @Test func `only predictions with a confidence for an item of the split count`() {
    let table = Reliability(
      of: [
        Prediction(itemID: "1", label: "pristine", probabilities: ["pristine": 0.9, "falsified": 0.1]),
        Prediction(itemID: "2", label: "falsified"),
        Prediction(itemID: "3", label: nil, probabilities: ["pristine": 0.5]),
        Prediction(itemID: "99", label: "pristine", probabilities: ["pristine": 0.9]),
      ], on: EvaluationSample.split(), bins: 1)
    #expect(table.bins == Reliability(confidences: [0.9], correct: [true], bins: 1).bins)
    #expect(abs(table.expectedCalibrationError - 0.1) < 1e-12)
  }
}
