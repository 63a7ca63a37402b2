import ConfigurationFiles
import DistillationConfiguration
import DualChecker
import Testing

@Suite struct DualCheckerLabelNoiseTests {
  @Test
  func `an encoder learns posteriors, and a decoder labels as they are given, where nothing is said`() {
    var student = DualCheckerStudentConfiguration()
    #expect(student.defaultLabelNoise == .posterior)
    student.kind = .decoder
    #expect(student.defaultLabelNoise == .none)
  }

  @Test func `posteriors of decoders are refused with what to write`() throws {
    func fault(_ rest: String) throws -> String {
      do {
        _ = try DualCheckerConfiguration(text: #"{"data": {"file": "a.json"}, \#(rest)}"#, format: .json)
        return ""
      } catch let error as ConfigurationError { return "\(error)" }
    }
    #expect(try fault(#""student": {"label_noise": "posterior"}"#) == "")
    let decoder = try fault(#""student": {"kind": "decoder", "model": "m", "label_noise": "posterior"}"#)
    #expect(decoder.contains("student.label_noise") && decoder.contains("expected none"), "\(decoder)")
    let spans = try fault(
      #""task": {"kind": "spans", "labels": [{"name": "x", "answer": "x"}]}, "student": {"label_noise": "posterior"}"#)
    #expect(spans == "")
  }
}
