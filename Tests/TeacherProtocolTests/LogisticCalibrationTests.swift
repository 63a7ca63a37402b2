import TeacherProtocol
import Testing

@Suite struct LogisticCalibrationTests {
  @Test func `a shift mends what a temperature cannot`() {
    // 0.5 is stated and 9 of 10 are right: no temperature moves 0.5.
    let confidences = [Double](repeating: 0.5, count: 100) + [Double](repeating: 0.8, count: 100)
    let correct = (0..<100).map { $0 % 10 != 0 } + (0..<100).map { $0 % 20 != 0 }
    let logistic = LogisticCalibration(confidences: confidences, correct: correct)
    #expect(abs(logistic.calibrated(0.5) - 0.9) < 0.03)
    #expect(abs(logistic.calibrated(0.8) - 0.95) < 0.03)
    #expect(abs(TemperatureCalibration(confidences: confidences, correct: correct).calibrated(0.5) - 0.5) < 1e-9)
  }

  @Test func `it never turns the order round and few answers do not become certainty`() {
    let turned = LogisticCalibration(confidences: [0.9, 0.9, 0.2, 0.2], correct: [false, false, true, true])
    #expect(turned.slope == 0 && abs(turned.calibrated(0.9) - 0.5) < 1e-9)
    let few = LogisticCalibration(confidences: [0.9, 0.8, 0.7], correct: [true, true, true])
    #expect((0.6..<0.99).contains(few.calibrated(0.9)))
    let none = LogisticCalibration(confidences: [], correct: [])
    #expect(abs(none.calibrated(0.7) - 0.7) < 1e-9)
    for value in [0, 0.5, 1] { #expect((0...1).contains(few.calibrated(value))) }
  }

  @Test(arguments: [0.9, 0.99, 0.999])
  func `a teacher that is far surer than right is brought down all the way`(stated: Double) {
    // A whole step of Newton's would lead from 0.9 to 0.1 and back again without end.
    let calibration = LogisticCalibration(
      confidences: [Double](repeating: stated, count: 400), correct: (0..<400).map { $0 % 2 == 0 })
    #expect(abs(calibration.calibrated(stated) - 0.5) < 0.01)
  }
}
