import Annotations
import TeacherProtocol
import Testing

@Suite struct TeacherCalibrationsTests {
  /// A teacher that says 0.9 and is right 6 times of 10, and one that says what it is worth.
  static var replies: [Annotation] {
    (0..<200).flatMap { number in
      let isRight = number / 2 % 10 < 6
      return [
        annotation(
          "a\(number)", item: "\(number)", teacher: "boaster", label: isRight ? "falsified" : "pristine",
          confidence: 0.9),
        annotation(
          "b\(number)", item: "\(number)", teacher: "honest", label: isRight ? "falsified" : "pristine",
          confidence: 0.6),
      ]
    }
  }

  static let truth = Dictionary(uniqueKeysWithValues: (0..<200).map { ("\($0)", "falsified") })

  @Test(arguments: TeacherCalibrations.Method.allCases)
  func `each teacher's numbers become shares of right answers`(_ method: TeacherCalibrations.Method) throws {
    let calibrations = TeacherCalibrations(Self.replies, truth: Self.truth, method: method, precision: 0.5)
    #expect(calibrations.rows.map(\.teacher) == ["boaster", "honest"])
    let boaster = calibrations.rows[0]
    #expect((boaster.answers, boaster.source) == (200, .verbalised))
    #expect(abs(boaster.accuracy - 0.6) < 1e-9)
    #expect(abs(boaster.errorBefore - 0.3) < 1e-9)
    // Which answers are in which half is drawn: of 100 answers of a share of 0.6 the deviation is 0.05.
    #expect(boaster.errorAfter < 0.1)
    #expect(calibrations.rows[1].errorBefore < 1e-9)
    #expect(boaster.threshold?.confidence == 0.9)
    let calibrated = try #require(calibrations.calibrated(Self.replies[0]))
    #expect(abs(calibrated.value - 0.6) < 0.01)
    #expect(calibrated.source == .verbalised)
  }

  @Test func `where too little is known nothing changes`() {
    let calibrations = TeacherCalibrations(Array(Self.replies.prefix(20)), truth: Self.truth)
    #expect(calibrations.rows.isEmpty)
    #expect(calibrations.calibrated(Self.replies[0]) == Confidence(0.9, source: .verbalised))
    #expect(calibrations.calibrated(annotation("x")) == nil)
  }
}
