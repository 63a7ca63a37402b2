import TeacherProtocol
import Testing

@Suite struct ReliabilityTests {
  @Test func `bins are open below and closed above, zero falls into the first and one into the last`() {
    let table = Reliability(
      confidences: [0, 0.1, 0.100001, 0.5, 1], correct: [false, false, true, true, true])
    #expect(table.bins.map(\.items) == [2, 1, 0, 0, 1, 0, 0, 0, 0, 1])
    #expect(table.bins[0].low == 0 && table.bins[9].high == 1)
    #expect(table.items == 5)
  }

  @Test func `the expected error weighs each bin by its items`() {
    // Bin (0.8, 0.9]: 0.85 and 0.9, one of two right: |0.5 - 0.875| = 0.375. Bin (0.5, 0.6]: 0.6, right: 0.4.
    let table = Reliability(confidences: [0.85, 0.9, 0.6], correct: [true, false, true])
    #expect(abs(table.expectedCalibrationError - (2 * 0.375 + 1 * 0.4) / 3) < 1e-12)
  }

  @Test func `no answers have no error`() {
    #expect(Reliability(confidences: [], correct: []).expectedCalibrationError == 0)
  }
}
