import DistillationConfiguration
import DualChecker
import TextStudents
import Testing
import Training

@Suite struct DualCheckerTargetsTests {
  @Test func `spans are learned softly by an encoder, and everything else hard, unless something else is said`() {
    var student = DualCheckerStudentConfiguration()
    func learned(_ kind: LabellingTask.Kind) -> LabelTargets { student.encoderOptions(for: kind).targets }
    #expect(learned(.spans) == .soft && learned(.binary) == .hard && learned(.multiclass) == .hard)
    student.kind = .decoder
    #expect(student.targets(for: .spans) == .hard && student.decoderOptions.targets == .hard)
    student.targets = .soft
    #expect(learned(.binary) == .soft && student.decoderOptions.targets == .soft)
    (student.kind, student.targets) = (.encoder, .hard)
    #expect(learned(.spans) == .hard)
  }

  @Test func `every rule of acceptance can be written, and the pool is none`() {
    for rule in AcceptanceRule.allCases {
      var check = TeacherCheckConfiguration()
      check.acceptance = .init(rawValue: rule.rawValue) ?? .pool
      #expect(check.rule == rule)
    }
    #expect(TeacherCheckConfiguration().rule == nil)
  }
}
